"""Write docs/guides.md and SANDBOX.md: its systems, the operations it emulates, and what it guesses."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.catalogue.groups import GROUPS, group_of
from polytomic_mcp.sandbox.api.emulation import load_emulation
from polytomic_mcp.sandbox.data.sample_company.rows import seed
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.systems.systems import load_systems
from polytomic_mcp.sandbox.data.tables.tables import Tables
from polytomic_mcp.sandbox.routes import ROUTES

PAGE: Final = Path(__file__).parent.parent / "SANDBOX.md"
GUIDES_PAGE: Final = Path(__file__).parent.parent / "docs" / "guides.md"

_HEAD: Final = """# The sandbox

A Polytomic in this process: the API's operations over sample systems that hold real rows. Nothing here is
written by hand: `scripts/docs` makes this page from the sandbox itself, and a test holds it to that.

- **emulated**: does what the API does, as far as anybody has seen it do so.
- **partial**: does most of it; the note says what is missing.
- **refused**: answered with 501 or a reason, and the operation's name. The sandbox does not improvise.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([_HEAD, *_operations(), *_systems(), *_guesses()]).rstrip() + "\n"


def _operations() -> Iterator[str]:
    emulation, operations = load_emulation(), list(load_catalogue().values())
    extents = {each.id: emulation.extent(each.id, ROUTES) for each in operations}
    counts = {name: list(extents.values()).count(name) for name in ("emulated", "partial", "refused")}
    yield "## Operations\n"
    yield (
        f"Of {len(operations)} operations, " + ", ".join(f"{n} {name}" for name, n in counts.items()) + ".\n"
    )
    for group in GROUPS:
        rows = [
            (f"`{each.id}`", extents[each.id], emulation.note(each.id))
            for each in operations
            if group_of(each) == group
        ]
        yield f"### {group.replace('_', ' ').capitalize()}\n"
        yield from _table(("operation", "", "note"), rows)


def _systems() -> Iterator[str]:
    yield "## Systems that hold data\n"
    yield (
        "Each is described by files under `polytomic_mcp/sandbox/data/sample_company/systems`; "
        "a new one is a folder there. "
        "Connections of all other types can be created and tested, and say that they hold no data.\n"
    )
    tables = Tables(Store(), seed)
    rows: list[tuple[str, ...]] = []
    for id_, system in load_systems().items():
        objects = ", ".join(f"{each.name} ({tables.count(each)})" for each in tables.list(id_))
        language = system.query.name or "SQL" if system.query else ""
        rows.append((f"`{id_}`", system.about, language, objects))
    yield from _table(("type", "", "queries", "objects (rows)"), rows)


def _guesses() -> Iterator[str]:
    yield "## Guesses\n"
    yield "What nobody has seen of the API, where it is decided, and why so.\n"
    rows = [(f"`{each.where}`", each.guess, each.why) for each in load_emulation().guesses]
    yield from _table(("module", "guess", "reason"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def main(words: list[str]) -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(prog="scripts/docs", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if a page is not as it should be"
    )
    import guides_page  # noqa: PLC0415 - importable only when this file is run as a script

    pages = {PAGE: page(), GUIDES_PAGE: guides_page.page()}
    is_check = parser.parse_args(words).check
    for path, content in pages.items():
        if not is_check:
            path.write_text(content, encoding="utf-8")
        elif path.read_text(encoding="utf-8") != content:
            print(f"{path.name} is not what scripts/docs makes; run it.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
