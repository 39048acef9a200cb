"""The sample company's rows, which are inserted into a system's tables when the system is first used."""

import json
from dataclasses import replace
from functools import cache
from importlib.resources import as_file
from importlib.resources.abc import Traversable
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.files.imports import read_file
from polytomic_mcp.sandbox.data.systems.systems import described, sample_files
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from polytomic_mcp.sandbox.data.tables.tables import Tables

FILE: Final = "file"
"""The kind of an object that is a file in a bucket."""


def insert_sample_rows(tables: Tables, system_id: str) -> None:
    """Create the objects and files in a system's folders, with their rows; existing objects are unchanged."""
    for folder in described(system_id).folders:
        for table, rows in _objects(folder):
            alias = replace(table, system=system_id, source=None if folder == system_id else table.id)
            if tables.get(system_id, alias.name) is not None:
                continue
            is_first = not tables.version(alias)  # alias of these rows to be created
            tables.create(alias)
            if is_first:
                tables.insert(alias, rows)


@cache
def deleted_rows(system_id: str, name: str) -> tuple[Row, ...]:
    """Return an object's records that were deleted before the sandbox began; they are in no table."""
    found = (file for path, file in sample_files(system_id, "deleted") if path == f"{name}.json")
    return tuple(row for file in found for row in json.loads(file.read_text(encoding="utf-8")))


@cache
def _objects(folder: str) -> tuple[tuple[Table, tuple[Row, ...]], ...]:
    objects = sample_files(folder, "objects")
    files = sample_files(folder, "files")
    return (
        *(_object(folder, path.removesuffix(".json"), file) for path, file in objects),
        *(_file(folder, path, file) for path, file in files),
    )


def _object(folder: str, name: str, file: Traversable) -> tuple[Table, tuple[Row, ...]]:
    body: JsonObject = json.loads(file.read_text(encoding="utf-8"))
    columns = tuple(Column.of({"type": field_type(each["sql_type"]), **each}) for each in body["columns"])
    names = [column.name for column in columns]
    rows = tuple(dict(zip(names, row, strict=True)) for row in body["rows"])
    if described(folder).ignores_case:
        columns = tuple(_in_any_case(column, body["key"]) for column in columns)
    return Table(folder, name, body["label"], body["kind"], columns, body["key"]), rows


def _in_any_case(column: Column, key: str | None) -> Column:
    """Return a column that is looked up in any case if it holds texts; ids keep theirs."""
    is_id = column.name == key or column.refers_to is not None
    return replace(column, ignores_case=not is_id and column.type in ("string", "array"))


def _file(folder: str, path: str, file: Traversable) -> tuple[Table, tuple[Row, ...]]:
    with as_file(file) as real:
        content = read_file(real)
        names = [column.name for column in content.columns]
        rows = tuple(dict(zip(names, values, strict=True)) for values in content.rows)
    return Table(folder, path, path, FILE, content.columns), rows
