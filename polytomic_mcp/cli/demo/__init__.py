"""``polytomic-mcp demo``: the command, the run of a guide, its screen, and what a person does in between."""

from polytomic_mcp.cli.demo.command import run

__all__ = ["run"]
