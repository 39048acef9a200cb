"""The page docs/guides.md."""

import runpy
from pathlib import Path

from polytomic_mcp.guides import load_guides

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_guides_make() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "guides_page.py"))["page"]()

    assert (ROOT / "docs" / "guides.md").read_text(encoding="utf-8") == page
    assert all(f"\n## {name}\n" in page for name in load_guides())
