"""Planting the sample company and the user's own files in a world."""

from collections.abc import Mapping
from pathlib import Path

from polytomic_mcp.sandbox.world import World


def plant(world: World, tables: Mapping[str, Path], contacts: str | None) -> None:
    """Bring the sample company, then the user's own tables, then the contacts they name."""
    del world, tables, contacts
