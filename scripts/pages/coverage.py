"""docs/sandbox-coverage.md: what the sandbox emulates and guesses, and which systems hold data."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.catalogue.groups import GROUPS, group_of
from polytomic_mcp.sandbox.data.sample_company.rows import insert_sample_rows
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.systems.systems import load_systems
from polytomic_mcp.sandbox.data.tables.tables import Tables
from polytomic_mcp.sandbox.gateway.emulation import load_emulation
from polytomic_mcp.sandbox.routes import ROUTES
from scripts.pages.markdown import table

_HEAD: Final = """# What the sandbox emulates

This page is generated from the sandbox by `scripts/docs`.

- **emulated**: behaves like the API, as far as it has been observed.
- **partial**: the note says what is missing.
- **refused**: answers with an error, usually 501, that names the operation.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_limits(), *_guesses(), *_systems(), *_operations()]).rstrip() + "\n"


def _limits() -> Iterator[str]:
    """Yield what is partial or refused, and the counts."""
    extents = _extents()
    counts = Counter(extents.values())
    yield (
        f"Of {len(extents)} operations, {counts['emulated']} are emulated, {counts['partial']} are partial "
        f"and {counts['refused']} are refused.\n"
    )
    emulation = load_emulation()
    for extent in ("partial", "refused"):
        yield f"## {extent.capitalize()}\n"
        rows = [(f"`{id_}`", emulation.note(id_)) for id_, each in extents.items() if each == extent]
        yield from table(("operation", "note"), rows)


def _guesses() -> Iterator[str]:
    yield "## Guesses\n"
    yield "Behavior of the API that has not been observed, the module that decides it, and the reason.\n"
    rows = [(f"`{each.where}`", each.guess, each.why) for each in load_emulation().guesses]
    yield from table(("module", "guess", "reason"), rows)


def _systems() -> Iterator[str]:
    yield "## Systems with sample data\n"
    yield (
        "Each is described by files in `polytomic_mcp/sandbox/data/sample_company/systems`; to add one, "
        "add a folder there. Connections of all other types can be created and tested, and report that they "
        "hold no data.\n"
    )
    tables = Tables(Store(), insert_sample_rows)
    rows: list[tuple[str, ...]] = []
    for id_, system in load_systems().items():
        objects = ", ".join(f"{each.name} ({tables.count(each)})" for each in tables.list(id_))
        language = system.query.name or "SQL" if system.query else ""
        rows.append((f"`{id_}`", system.about, language, objects))
    yield from table(("type", "description", "queries", "objects (rows)"), rows)


def _operations() -> Iterator[str]:
    extents = _extents()
    yield "## Emulated\n"
    for group in GROUPS:
        ids = [each.id for each in load_catalogue().values() if group_of(each) == group]
        emulated = ", ".join(f"`{id_}`" for id_ in ids if extents[id_] == "emulated")
        yield f"**{group.replace('_', ' ').capitalize()}**: {emulated}\n"


def _extents() -> dict[str, str]:
    emulation = load_emulation()
    return {id_: emulation.extent(id_, ROUTES) for id_ in load_catalogue()}
