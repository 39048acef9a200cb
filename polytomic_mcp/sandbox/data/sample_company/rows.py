"""The sample company's rows, brought into the tables of a system when it is first looked at."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import as_file
from importlib.resources.abc import Traversable
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.data.files.imports import read_file
from polytomic_mcp.sandbox.data.systems.systems import described, listed
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from polytomic_mcp.sandbox.data.tables.tables import Tables

FILE: Final = "file"
"""The kind of an object that is a file of a bucket."""


def seed(tables: Tables, system_id: str) -> None:
    """Bring what the system's folders hold; objects that are there already stay as they are."""
    for folder in described(system_id).folders:
        for table, rows in _objects(folder):
            alias = replace(table, system=system_id, source=None if folder == system_id else table.id)
            if tables.get(system_id, alias.name) is not None:
                continue
            is_first = not tables.version(alias)  # of the aliases of these rows
            tables.create(alias)
            if is_first:
                tables.insert(alias, rows)


def _objects(folder: str) -> Iterator[tuple[Table, Iterator[Row]]]:
    for path, file in listed(folder, "objects"):
        yield _object(folder, path.removesuffix(".json"), file)
    for path, file in listed(folder, "files"):
        yield _file(folder, path, file)


def _object(folder: str, name: str, file: Traversable) -> tuple[Table, Iterator[Row]]:
    body: JsonObject = json.loads(file.read_text(encoding="utf-8"))
    columns = tuple(Column.of({"type": field_type(each["sql_type"]), **each}) for each in body["columns"])
    names = [column.name for column in columns]
    rows = (dict(zip(names, row, strict=True)) for row in body["rows"])
    return Table(folder, name, body["label"], body["kind"], columns, body["key"]), rows


def _file(folder: str, path: str, file: Traversable) -> tuple[Table, Iterator[Row]]:
    with as_file(file) as real:
        content = read_file(real)
    names = [column.name for column in content.columns]
    rows = (dict(zip(names, values, strict=True)) for values in content.rows)
    return Table(folder, path, path, FILE, content.columns), rows
