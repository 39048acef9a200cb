"""Names of tables and columns: quoted for SQL, and made distinct."""

from collections.abc import Iterable


def distinct(names: Iterable[str]) -> list[str]:
    """Return names that differ in any case: blank ones get a number, repeated ones ``_1``, ``_2``."""
    found: dict[str, str] = {}
    for position, name in enumerate(names, 1):
        plain = free = name.strip() or f"column_{position}"
        number = 0
        while free.casefold() in found:
            number += 1
            free = f"{plain}_{number}"
        found[free.casefold()] = free
    return list(found.values())


def quoted(name: str) -> str:
    """Return the name as a quoted identifier of SQLite and DuckDB."""
    return '"' + name.replace('"', '""') + '"'
