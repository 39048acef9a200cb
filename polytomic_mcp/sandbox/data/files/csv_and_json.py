"""Readers of CSV and JSON files, which keep numbers in the file's own digits."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from polytomic_mcp.sandbox.data.tables.names import distinct

_DELIMITERS: Final = ",;\t|"
_QUOTED: Final = re.compile(r'"[^"]*"')


class TableFileError(ValueError):
    """A file that cannot be imported as a table; the text says why, and what to do."""


class Number(str):
    """A number of a JSON file, as its text in the file."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns of a file by name, as lists of equal length.

    Values are None, strings, ``Number``, booleans, lists and dicts; ``is_text`` is true if all are strings or
    None, as in a CSV file.
    """

    columns: dict[str, list[Any]]
    is_text: bool


def read_csv(path: Path) -> Sheet:
    """Read a CSV file with a header; the delimiter is detected, and empty values are null."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=_delimiter(first), strict=True)
        try:
            header, *rows = [values for values in reader if values] or [[]]
        except csv.Error as error:
            raise TableFileError(f"Line {reader.line_num}: {error}.") from error
    names = distinct(header)
    for number, values in enumerate(rows, 1):
        if len(values) != len(names):
            raise TableFileError(f"Row {number} has {len(values)} values for {len(names)} columns.")
    columns = {name: [row[index] or None for row in rows] for index, name in enumerate(names)}
    return Sheet(columns, is_text=True)


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=_QUOTED.sub("", header).count)


def read_json(path: Path) -> Sheet:
    """Read JSON lines, an array of objects or one object; a column is null in rows that do not have it."""
    records = list(_records(path.read_text(encoding="utf-8-sig")))
    keys = dict.fromkeys(key for record in records for key in record)
    names = distinct(keys)
    columns = {name: [record.get(key) for record in records] for name, key in zip(names, keys, strict=True)}
    return Sheet(columns, is_text=False)


def _records(text: str) -> Iterator[dict[str, Any]]:
    try:
        whole = _parse(text)
    except json.JSONDecodeError:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield _record(_parse_line(line, number), f"Line {number}")
        return
    records = cast("list[Any]", whole if isinstance(whole, list) else [whole])
    for position, record in enumerate(records, 1):
        yield _record(record, f"Value {position}")


def _parse(text: str) -> Any:
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def _parse_line(line: str, number: int) -> Any:
    try:
        return _parse(line)
    except json.JSONDecodeError as error:
        raise TableFileError(
            f"Line {number} is not valid JSON: {error.msg} at column {error.colno}."
        ) from error


def _record(value: Any, position: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TableFileError(f"{position} is not a JSON object.")
    return cast("dict[str, Any]", value)
