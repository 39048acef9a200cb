"""Write the generated pages of docs/, or check them."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from scripts.pages import coverage, guides, past, tools

_FOLDER: Final = Path(__file__).parents[2] / "docs"
_PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "guides.md": guides.page,
    "sandbox-coverage.md": coverage.page,
    "sandbox-past.md": past.page,
    "tools.md": tools.page,
}


def main(words: list[str]) -> int:
    """Write the pages, or check them; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is out of date")
    is_check = parser.parse_args(words).check
    stale = False
    for name, page in _PAGES.items():
        path, text = _FOLDER / name, page()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if is_check:
            print(f"docs/{name} is out of date. Run scripts/docs.", file=sys.stderr)
            stale = True
        else:
            path.write_text(text, "utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
