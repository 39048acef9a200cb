"""The user's own files are imported without loss, in each format."""

import csv
import json
from pathlib import Path

import duckdb
import pytest

from polytomic_mcp.sandbox.data.files.csv_and_json import TableFileError
from tests.sandbox.data.files.conftest import Importer


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quotes_newlines_and_unicode_survive_with_any_delimiter(
    importer: Importer, tmp_path: Path, delimiter: str, newline: str
) -> None:
    note = f"He said \"{delimiter}\"\n\n'ok'; DROP TABLE x --"
    path = tmp_path / "mine.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=newline)
        writer.writerows([["id", "naïve note"], ["1", note], ["2", "日本 😀 ̈"], ["2", "日本 😀 ̈"]])

    importer.take({"mine": path})

    assert importer.rows() == [
        {"id": 1, "naïve note": note},
        {"id": 2, "naïve note": "日本 😀 ̈"},
        {"id": 2, "naïve note": "日本 😀 ̈"},
    ]


def test_blank_and_repeated_headers_get_distinct_names(importer: Importer) -> None:
    path = importer.write("mine.csv", "id,ID,,name, name ,id_1\n1,2,3,4,5,6\n\n")

    importer.take({"mine": path})

    assert list(importer.types()) == ["id", "ID_1", "column_3", "name", "name_1", "id_1_1"]


def test_a_file_with_only_a_header_is_an_empty_table_of_texts(importer: Importer) -> None:
    importer.take({"mine": importer.write("mine.csv", "contact_id\n")})

    assert importer.types() == {"contact_id": "VARCHAR"}
    assert importer.rows() == []


LINES = """\
{"id": 1, "big": 9007199254740993, "n": 1.5, "code": "007", "ok": true, "at": "2024-01-01T00:00:00+02:00"}
{"id": 2, "big": 18446744073709551616, "n": NaN, "tags": ["a", 1.5, 12345678901234567890123], "mixed": 1}

{"id": 3, "n": 12, "tags": null, "mixed": {"a": [true, 1e400]}, "code": "x"}
"""


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json"])
def test_json_lines_keep_json_values(importer: Importer, suffix: str) -> None:
    importer.take({"mine": importer.write(f"mine{suffix}", LINES)})

    assert importer.types() == {
        "id": "BIGINT",
        "big": "HUGEINT",
        "n": "DOUBLE",
        "code": "VARCHAR",
        "ok": "BOOLEAN",
        "at": "TIMESTAMP WITH TIME ZONE",
        "tags": "JSON",
        "mixed": "JSON",
    }
    assert importer.ask("SELECT big, n, code, at FROM mine WHERE id < 3") == [
        (9007199254740993, 1.5, "007", "2023-12-31T22:00:00Z"),
        (18446744073709551616, "NaN", None, None),
    ]
    assert [row["mixed"] for row in importer.rows()] == [None, 1, {"a": [True, "1e400"]}]
    assert importer.rows()[1]["tags"] == ["a", 1.5, 12345678901234567890123]


@pytest.mark.parametrize("text", ['[{"a": 1}, {"a": 2, "b": null}]', '{"a": 1}\n{"a": 2, "b": null}'])
def test_a_json_array_is_read_like_json_lines(importer: Importer, text: str) -> None:
    importer.take({"mine": importer.write("mine.json", text)})

    assert importer.rows() == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    assert importer.types() == {"a": "BIGINT", "b": "VARCHAR"}


def test_one_json_object_is_one_row(importer: Importer) -> None:
    importer.take({"mine": importer.write("mine.json", '{\n"a": "x"\n}')})

    assert importer.rows() == [{"a": "x"}]


def test_a_parquet_file_keeps_its_types(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "odd [1]*.parquet"
    plain = tmp_path / "plain.parquet"
    duckdb.execute(
        "COPY (SELECT 12345678901234567890.12345::DECIMAL(38,5) AS d, 'nan'::DOUBLE AS f, 2::UBIGINT AS u,"
        " TIMESTAMPTZ '2024-01-01 00:00:00.123456+02' AS t, '\\xAA\\x00'::BLOB AS b,"
        " {'a': [1.5::DOUBLE]} AS s,"
        f" 9007199254740993 AS i) TO '{plain}'"
    )
    plain.rename(path)

    importer.take({"mine": path})

    expected = {
        "d": "12345678901234567890.12345",
        "f": "NaN",
        "u": 2,
        "t": "2023-12-31T22:00:00.123456Z",
        "b": "qgA=",
        "s": {"a": [1.5]},
        "i": 9007199254740993,
    }
    assert importer.rows() == [expected]
    assert importer.ask("SELECT * FROM mine") == [tuple(expected.values())]
    assert importer.types()["d"] == "DECIMAL(38,5)"


@pytest.mark.parametrize(
    ("name", "file", "content", "message"),
    [
        ("mine", "none.csv", None, "--table mine=.*none.csv: The file cannot be read: No such file"),
        ("mine", "a.xlsx", "x", "Unknown file type '.xlsx'.* Valid values: .*.ndjson, .parquet"),
        ("mine", "a", "x", "Unknown file type ''"),
        ("mine", "a.csv", "", "empty"),
        ("mine", "a.csv", "\n\n", "empty"),
        ("mine", "a.jsonl", "", "empty"),
        ("mine", "a.jsonl", "{}", "empty"),
        ("mine", "a.csv", b"id,name\n1,caf\xe9\n", "not UTF-8"),
        ("mine", "a.csv", "id,name\n1,a\n2\n", "Row 2 has 1 values for 2 columns"),
        ("mine", "a.csv", "id,name\n1,a,b\n", "Row 1 has 3 values"),
        ("mine", "a.csv", 'id,name\n1,"a\n', "Line 2: unexpected end of data"),
        ("mine", "a.csv", ",".join("x" * 1001), "1001 columns"),
        ("mine", "a.csv", "x" * 200_000, "Line 1: field larger than field limit"),
        ("mine", "a.csv", '"x', "Line 1: unexpected end of data"),
        ("mine", "a.jsonl", '{"a": 1}\nnope\n', "Line 2 is not valid JSON"),
        ("mine", "a.jsonl", '{"a": 1}\n[1]\n', "Line 2 is not a JSON object"),
        ("mine", "a.json", "[1, 2]", "Value 1 is not a JSON object"),
        ("mine", "a.json", "[" * 100_000, "cannot be read"),
        ("mine", "a.parquet", "nope", "cannot be read"),
        ("my table!", "a.csv", "id\n1\n", "--table my table!: Invalid table name"),
        ("../etc", "a.csv", "id\n1\n", "Invalid table name"),
        ("", "a.csv", "id\n1\n", "Invalid table name"),
        ("nosystem.Contact", "a.csv", "id\n1\n", "Unknown connection type 'nosystem'"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_with_the_reason(
    importer: Importer, tmp_path: Path, name: str, file: str, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / file if content is None else importer.write(file, content)

    with pytest.raises(TableFileError, match=message):
        importer.take({name: path})

    assert importer.workspace.tables.get("snowflake", "public.mine") is None


def test_a_folder_is_refused(importer: Importer, tmp_path: Path) -> None:
    folder = tmp_path / "folder.parquet"
    folder.mkdir()

    with pytest.raises(TableFileError, match="Is a directory"):
        importer.take({"mine": folder})


def test_nested_json_values_can_be_queried(importer: Importer) -> None:
    path = importer.write("mine.jsonl", json.dumps({"a": {"b": ["x"]}}) + "\n")

    importer.take({"mine": path})

    result = importer.workspace.engine.query(
        "postgresql", "SELECT a -> 'b' ->> 0 AS v FROM mine", dialect="postgres"
    )
    assert result.rows == [("x",)]
