"""Imports of the user's own files as tables."""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.files.csv_and_json import Sheet, TableFileError, read_csv, read_json
from polytomic_mcp.sandbox.data.files.type_inference import infer
from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import SHARED, described, warehouses
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.names import distinct
from polytomic_mcp.sandbox.data.tables.sql_values import converted, converters, json_readers, reading_sql
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table, Tables

_MOST_COLUMNS: Final = 1_000
_NAME: Final = re.compile(
    r"(?:(?P<system>[a-z][a-z0-9_]*)\.)?(?P<name>[^\W\d][\w$ -]{0,127}(?:\.[^\W\d][\w$ -]{0,127})?)"
)


@dataclass(frozen=True, slots=True)
class Content:
    """A file's columns, and its rows as JSON values in their order."""

    columns: tuple[Column, ...]
    rows: Iterable[tuple[Any, ...]]


def import_tables(tables: Tables, files: Mapping[str, str | Path]) -> list[str]:
    """Import files as tables, by table name, and return a note for the user about each.

    A name is that of a warehouse table (``contacts`` or ``public.contacts``) or of an object of another
    system (``salesforce.Contact``). An existing table is replaced.

    Raises:
        TableFileError: A name is not valid, or a file cannot be read; the text names it.
    """
    return [_import(tables, name, Path(path)) for name, path in files.items()]


def _import(tables: Tables, written: str, path: Path) -> str:
    targets = _targets(written)
    try:
        content = read_file(path)
    except TableFileError as error:
        raise TableFileError(f"--table {written}={path}: {error}") from error
    with tables.locked():
        replaced = [found for target in targets if (found := tables.get(target.system, target.name))]
        aliases = [_alias(target, content, tables.get(target.system, target.name)) for target in targets]
        for table in replaced:
            tables.drop(table)
        for alias in aliases:
            tables.create(alias)
        names = [column.name for column in content.columns]
        rows: Iterator[Row] = (dict(zip(names, values, strict=True)) for values in content.rows)
        count = len(tables.insert(aliases[0], rows))
    note = ", which replaces the existing one" if replaced else ""
    return f"{path.name}: {count} rows in table {aliases[0].name}{note}"


def _alias(target: Table, content: Content, replaced: Table | None) -> Table:
    if replaced is None:
        return replace(target, columns=content.columns)
    keys = [column.name for column in content.columns if column.name == replaced.key]
    return replace(replaced, columns=content.columns, key=keys[0] if keys else None, source=target.source)


def _targets(written: str) -> list[Table]:
    match = _NAME.fullmatch(written)
    if match is None:
        raise TableFileError(
            f"--table {written}: Invalid table name. Use letters, digits and _, as in contacts."
        )
    type_id, name = match["system"], match["name"]
    if type_id in (None, "public"):
        full = name if "." in name else f"public.{name}"
        return in_every_warehouse(Table("", full, full, "table", ()))
    if type_id not in load_connection_types():
        message = unknown("connection type", type_id, load_connection_types())
        raise TableFileError(f"--table {written}: {message}")
    is_warehouse = described(type_id).is_warehouse
    full = f"public.{name}" if is_warehouse and "." not in name else name
    return [Table(type_id, full, full, "table" if is_warehouse else "object", ())]


def in_every_warehouse(table: Table) -> list[Table]:
    """Return the table in every warehouse, as aliases of the same rows."""
    return [replace(table, system=id_, source=f"{SHARED}.{table.name}") for id_ in warehouses()]


def read_file(path: Path) -> Content:
    """Read a CSV, JSON lines, JSON or Parquet file; ``TableFileError`` says why that fails."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise TableFileError(unknown("file type", path.suffix, _READERS))
    try:
        content = read(path)
    except UnicodeDecodeError as error:
        raise TableFileError(f"The file is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except OSError as error:
        raise TableFileError(f"The file cannot be read: {error.strerror}.") from error
    except (duckdb.Error, RecursionError) as error:
        raise TableFileError(f"The file cannot be read: {str(error).partition(chr(10))[0]}") from error
    if not content.columns:
        raise TableFileError("The file is empty.")
    if len(content.columns) > _MOST_COLUMNS:
        raise TableFileError(f"The file has {len(content.columns)} columns; the limit is {_MOST_COLUMNS}.")
    return content


def _typed(sheet: Sheet) -> Content:
    inferred = [infer(values, is_text=sheet.is_text) for values in sheet.columns.values()]
    columns = tuple(
        Column(name, field_type(sql_type), sql_type)
        for name, (sql_type, _) in zip(sheet.columns, inferred, strict=True)
    )
    return Content(columns, zip(*(values for _, values in inferred), strict=True))


def _read_parquet(path: Path) -> Content:
    path.open("rb").close()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        # A link, because DuckDB treats *, ? and [ in a path as a pattern.
        link = Path(folder, "table.parquet")
        link.symlink_to(path.resolve())
        connection.execute("SET TimeZone = 'UTC'")
        connection.read_parquet(str(link)).create_view("file")
        described = connection.execute("DESCRIBE file").fetchall()
        sql_types = [sql_type for _, sql_type, *_ in described]
        names = [f"c{index}" for index in range(len(described))]
        values = ", ".join(map(reading_sql, names, sql_types))
        select = f"SELECT {values} FROM file AS f({', '.join(names)})"  # noqa: S608 - names are our own
        rows = connection.execute(select).fetchall()
    columns = zip(distinct(name for name, *_ in described), sql_types, strict=True)
    convert = converters(sql_types) | json_readers(sql_types)
    return Content(
        tuple(Column(name, field_type(sql_type), sql_type) for name, sql_type in columns),
        (converted(row, convert) for row in rows),
    )


_READERS: Final[Mapping[str, Callable[[Path], Content]]] = {
    ".csv": lambda path: _typed(read_csv(path)),
    ".json": lambda path: _typed(read_json(path)),
    ".jsonl": lambda path: _typed(read_json(path)),
    ".ndjson": lambda path: _typed(read_json(path)),
    ".parquet": _read_parquet,
}
