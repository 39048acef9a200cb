"""Names of tables and columns: quoted for SQL, and told apart in any case."""

from collections.abc import Iterable


def distinct(names: Iterable[str]) -> list[str]:
    """Return the names: blank ones numbered, and those that came before marked ``_1``, ``_2``."""
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
    """Return the name as an SQL identifier, as SQLite and DuckDB take it."""
    return '"' + name.replace('"', '""') + '"'
