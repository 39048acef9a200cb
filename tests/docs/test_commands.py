"""Every command, program and configuration in README.md and docs/ works as printed.

Shell commands run line by line in an empty folder, beside a sandbox on port 9000's stand-in. ``STANDINS`` are
programs that are not installed here, or that would need the network.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polytomic_mcp.settings import Settings
from polytomic_mcp.testing import PolytomicSandbox

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GENERATED = {"tools.md", "sandbox-coverage.md"}
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        if page.name not in GENERATED:
            yield from (
                (f"{page.name}:{position}", block)
                for position, (name, block) in enumerate(_BLOCK.findall(page.read_text("utf-8")))
                if name == language
            )
