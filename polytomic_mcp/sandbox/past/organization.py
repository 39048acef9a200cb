"""The data of the past: tables and objects, which refer to each other by name (``@Data warehouse``)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.common.times import read_duration
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.past.ids import derived

SYSTEM: Final = "postgresql"
"""The system that has the tables."""

FILES: Final = ("people", "connections", "models", "syncs", "bulk_syncs", "webhooks")

_DATA: Final = files("polytomic_mcp.sandbox.past") / "data"
_OWN: Final = ("operation", "about", "ago", "as", "consented", "runs")
_REFERENCE: Final = "@"


@dataclass(frozen=True, slots=True)
class PastObject:
    """An object: the operation that made it, how long ago, and how its runs went, if it is a sync.

    ``is_consented`` means that a person signed in. A value ``@name`` in ``arguments`` is the id of the object
    of that name.
    """

    name: str
    operation: str
    age: timedelta
    arguments: JsonObject
    is_consented: bool = False
    runs: Mapping[str, Any] | None = None
    about: str = ""

    @property
    def id(self) -> str:
        """The id that it gets in every sandbox."""
        return derived(self.operation, self.name)

    @property
    def change(self) -> JsonObject:
        """What changed in the course of its runs; empty if nothing did."""
        return (self.runs or {}).get("change") or {}

    @classmethod
    def of(cls, body: JsonObject) -> "PastObject":
        """Read an object of a file."""
        return cls(
            body.get("as") or body["name"],
            body["operation"],
            read_duration(body["ago"]),
            {key: value for key, value in body.items() if key not in _OWN},
            body.get("consented", False),
            body.get("runs"),
            body.get("about", ""),
        )


@cache
def load_objects(name: str) -> tuple[PastObject, ...]:
    """Read the objects of one of ``FILES``, once per process."""
    return tuple(map(PastObject.of, json.loads((_DATA / f"{name}.json").read_bytes())["objects"]))


def all_objects() -> tuple[PastObject, ...]:
    """Return the objects of all files, in the order in which they are made."""
    return tuple(each for name in FILES for each in load_objects(name))


@dataclass(frozen=True, slots=True)
class PastTable:
    """A table with its rows; ``changed`` has new values, by key, of rows that changed after the last runs."""

    table: Table
    rows: list[Row]
    changed: Mapping[str, Row]
    about: str


@cache
def load_tables() -> tuple[PastTable, ...]:
    """Read the tables, once per process."""
    folder = sorted((_DATA / "tables").iterdir(), key=lambda file: file.name)
    return tuple(_table(file.name.removesuffix(".json"), json.loads(file.read_bytes())) for file in folder)


def filled(value: Any, ids: Mapping[str, str]) -> Any:
    """Return a value with ids in place of references."""
    if isinstance(value, dict):
        return {key: filled(part, ids) for key, part in as_object(value).items()}
    if isinstance(value, list):
        return [filled(part, ids) for part in as_list(value)]
    if isinstance(value, str) and value.startswith(_REFERENCE):
        return ids[value.removeprefix(_REFERENCE)]
    return value


def _table(name: str, body: JsonObject) -> PastTable:
    columns = tuple(Column(each, field_type(type_), type_) for each, type_ in body["columns"].items())
    rows = [dict(zip(body["columns"], row, strict=True)) for row in body["rows"]]
    table = Table(SYSTEM, name, name, "table", columns, body["key"])
    return PastTable(table, rows, body.get("changed", {}), body["about"])
