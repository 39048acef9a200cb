"""The user's own files become tables, and nothing of them is lost."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from polytomic_mcp.sandbox.files import TableFileError
from polytomic_mcp.sandbox.imports import import_tables
from polytomic_mcp.sandbox.seed import plant
from polytomic_mcp.sandbox.store import Store
from polytomic_mcp.sandbox.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World(Store(), "key")
    yield world
    world.close()


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(world: World, name: str = "public.mine", system: str = "snowflake") -> list[dict[str, Any]]:
    table = world.tables.get(system, name)
    assert table is not None
    return [row for _, row in world.tables.read(table)]


def types(world: World, name: str = "public.mine", system: str = "snowflake") -> dict[str, str]:
    table = world.tables.get(system, name)
    assert table is not None
    return {column.name: column.sql_type for column in table.columns}


def asked(world: World, sql: str) -> list[tuple[Any, ...]]:
    return world.engine.query("snowflake", sql, dialect="snowflake").rows


def test_a_csv_file_becomes_a_table_of_every_warehouse(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "people.csv", "id,name\n1,Åsa\n2,\n")

    notes = import_tables(world.tables, {"mine": path})

    assert notes == ["people.csv: 2 rows in table public.mine"]
    for system in ("snowflake", "postgresql", "mssql", "bigquery"):
        assert read(world, system=system) == [{"id": 1, "name": "Åsa"}, {"id": 2, "name": None}]
    assert asked(world, "SELECT name FROM mine WHERE id = 1") == [("Åsa",)]


CELLS = {
    "BOOLEAN": (["true", "False"], [True, False]),
    "BIGINT": (["0", "-7", "9007199254740993"], [0, -7, 9007199254740993]),
    "HUGEINT": (["1", "170141183460469231731687303715884105727"], [1, 2**127 - 1]),
    "DOUBLE": (
        ["1", "-2.5", "1e-7", "NaN", "inf", "-Infinity", "0.30000000000000004"],
        [1.0, -2.5, 1e-7, "NaN", "Infinity", "-Infinity", 0.30000000000000004],
    ),
    "DECIMAL(38,11)": (["1234567890.12345678901", "-0.5"], ["1234567890.12345678901", -0.5]),
    "DATE": (["2024-02-29", "1999-12-31"], ["2024-02-29", "1999-12-31"]),
    "TIMESTAMP": (
        ["2024-02-29 10:30:00.5", "2024-02-29T10:30"],
        ["2024-02-29T10:30:00.5", "2024-02-29T10:30:00"],
    ),
    "TIMESTAMP WITH TIME ZONE": (
        ["2024-02-29 10:30:00+02", "2024-02-29T10:30:00.25Z", "2024-02-29T23:30:00-05:30"],
        ["2024-02-29T08:30:00Z", "2024-02-29T10:30:00.25Z", "2024-03-01T05:00:00Z"],
    ),
}


@pytest.mark.parametrize("sql_type", CELLS)
def test_a_columns_type_is_the_narrowest_that_loses_nothing(
    world: World, tmp_path: Path, sql_type: str
) -> None:
    cells, values = CELLS[sql_type]
    path = write(tmp_path / "mine.csv", "v,n\n" + "".join(f"{cell},1\n" for cell in [*cells, ""]))

    import_tables(world.tables, {"mine": path})

    assert types(world)["v"] == sql_type
    assert [row["v"] for row in read(world)] == [*values, None]
    assert [row[0] for row in asked(world, "SELECT v FROM mine")] == [*values, None]


@pytest.mark.parametrize(
    "cells",
    [
        ["00123", "7"],
        ["+5", "1"],
        ["1,5", "2"],
        ["2024-01-01", "31.02.2024", "2024-02-30"],
        ["2024-02-30"],
        ["01/02/2024"],
        ["2024-01-01 00:00:00.1234567"],
        ["true", "yes"],
        ["1e999"],
        ["NaN", "1234567890.12345678901"],
        ["1" * 30 + "." + "1" * 30],
        ["1" * 5000],
        ["1", "x"],
        [" 1"],
        ["9" * 39],
    ],
)
def test_a_column_that_no_type_holds_whole_stays_text(world: World, tmp_path: Path, cells: list[str]) -> None:
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["v", "n"], *([cell, "1"] for cell in cells)])

    import_tables(world.tables, {"mine": path})

    assert types(world)["v"] in ("VARCHAR", "DECIMAL(38,0)")
    assert [row["v"] for row in read(world)] == cells


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quotes_newlines_and_unicode_survive_with_any_delimiter(
    world: World, tmp_path: Path, delimiter: str, newline: str
) -> None:
    note = f"He said \"{delimiter}\"\n\n'ok'; DROP TABLE x --"
    path = tmp_path / "mine.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=newline)
        writer.writerows([["id", "naïve note"], ["1", note], ["2", "日本 😀 ̈"], ["2", "日本 😀 ̈"]])

    import_tables(world.tables, {"mine": path})

    assert read(world) == [
        {"id": 1, "naïve note": note},
        {"id": 2, "naïve note": "日本 😀 ̈"},
        {"id": 2, "naïve note": "日本 😀 ̈"},
    ]


def test_blank_and_repeated_headers_get_names_of_their_own(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.csv", "id,ID,,name, name ,id_1\n1,2,3,4,5,6\n\n")

    import_tables(world.tables, {"mine": path})

    assert list(types(world)) == ["id", "ID_1", "column_3", "name", "name_1", "id_1_1"]


def test_a_header_alone_makes_an_empty_table_of_texts(world: World, tmp_path: Path) -> None:
    import_tables(world.tables, {"mine": write(tmp_path / "mine.csv", "contact_id\n")})

    assert types(world) == {"contact_id": "VARCHAR"}
    assert read(world) == []


LINES = """\
{"id": 1, "big": 9007199254740993, "n": 1.5, "code": "007", "ok": true, "at": "2024-01-01T00:00:00+02:00"}
{"id": 2, "big": 18446744073709551616, "n": NaN, "tags": ["a", 1.5, 12345678901234567890123], "mixed": 1}

{"id": 3, "n": 12, "tags": null, "mixed": {"a": [true, 1e400]}, "code": "x"}
"""


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".json"])
def test_json_lines_keep_what_json_says(world: World, tmp_path: Path, suffix: str) -> None:
    import_tables(world.tables, {"mine": write(tmp_path / f"mine{suffix}", LINES)})

    assert types(world) == {
        "id": "BIGINT",
        "big": "HUGEINT",
        "n": "DOUBLE",
        "code": "VARCHAR",
        "ok": "BOOLEAN",
        "at": "TIMESTAMP WITH TIME ZONE",
        "tags": "JSON",
        "mixed": "JSON",
    }
    assert asked(world, "SELECT big, n, code, at FROM mine WHERE id < 3") == [
        (9007199254740993, 1.5, "007", "2023-12-31T22:00:00Z"),
        (18446744073709551616, "NaN", None, None),
    ]
    assert [row["mixed"] for row in read(world)] == [None, 1, {"a": [True, "1e400"]}]
    assert read(world)[1]["tags"] == ["a", 1.5, 12345678901234567890123]


@pytest.mark.parametrize("text", ['[{"a": 1}, {"a": 2, "b": null}]', '{"a": 1}\n{"a": 2, "b": null}'])
def test_a_json_array_reads_like_lines(world: World, tmp_path: Path, text: str) -> None:
    import_tables(world.tables, {"mine": write(tmp_path / "mine.json", text)})

    assert read(world) == [{"a": 1, "b": None}, {"a": 2, "b": None}]
    assert types(world) == {"a": "BIGINT", "b": "VARCHAR"}


def test_one_json_object_is_one_row(world: World, tmp_path: Path) -> None:
    import_tables(world.tables, {"mine": write(tmp_path / "mine.json", '{\n"a": "x"\n}')})

    assert read(world) == [{"a": "x"}]


def test_a_parquet_file_keeps_its_types(world: World, tmp_path: Path) -> None:
    path = tmp_path / "odd [1]*.parquet"
    plain = tmp_path / "plain.parquet"
    duckdb.execute(
        "COPY (SELECT 12345678901234567890.12345::DECIMAL(38,5) AS d, 'nan'::DOUBLE AS f, 2::UBIGINT AS u,"
        " TIMESTAMPTZ '2024-01-01 00:00:00.123456+02' AS t, '\\xAA\\x00'::BLOB AS b,"
        " {'a': [1.5::DOUBLE]} AS s,"
        f" 9007199254740993 AS i) TO '{plain}'"
    )
    plain.rename(path)

    import_tables(world.tables, {"mine": path})

    expected = {
        "d": "12345678901234567890.12345",
        "f": "NaN",
        "u": 2,
        "t": "2023-12-31T22:00:00.123456Z",
        "b": "qgA=",
        "s": {"a": [1.5]},
        "i": 9007199254740993,
    }
    assert read(world) == [expected]
    assert asked(world, "SELECT * FROM mine") == [tuple(expected.values())]
    assert types(world)["d"] == "DECIMAL(38,5)"


@pytest.mark.parametrize(
    ("name", "file", "content", "message"),
    [
        ("mine", "none.csv", None, "--table mine=.*none.csv: the file cannot be read: No such file"),
        ("mine", "a.xlsx", "x", "read from .csv, .json, .jsonl, .ndjson, .parquet; this is .xlsx"),
        ("mine", "a", "x", "this is none"),
        ("mine", "a.csv", "", "empty"),
        ("mine", "a.csv", "\n\n", "empty"),
        ("mine", "a.jsonl", "", "empty"),
        ("mine", "a.jsonl", "{}", "empty"),
        ("mine", "a.csv", b"id,name\n1,caf\xe9\n", "not UTF-8"),
        ("mine", "a.csv", "id,name\n1,a\n2\n", "row 2 has 1 values for 2 columns"),
        ("mine", "a.csv", "id,name\n1,a,b\n", "row 1 has 3 values"),
        ("mine", "a.csv", 'id,name\n1,"a\n', "line 2: unexpected end of data"),
        ("mine", "a.csv", ",".join("x" * 1001), "1001 columns"),
        ("mine", "a.csv", "x" * 200_000, "line 1: field larger than field limit"),
        ("mine", "a.csv", '"x', "line 1: unexpected end of data"),
        ("mine", "a.jsonl", '{"a": 1}\nnope\n', "line 2 is not JSON"),
        ("mine", "a.jsonl", '{"a": 1}\n[1]\n', "line 2 is not a JSON object"),
        ("mine", "a.json", "[1, 2]", "value 1 is not a JSON object"),
        ("mine", "a.json", "[" * 100_000, "cannot be read"),
        ("mine", "a.parquet", "nope", "cannot be read"),
        ("my table!", "a.csv", "id\n1\n", "--table my table!: a table's name"),
        ("../etc", "a.csv", "id\n1\n", "a table's name"),
        ("", "a.csv", "id\n1\n", "a table's name"),
        ("nosystem.Contact", "a.csv", "id\n1\n", "no connection type nosystem"),
    ],
)
def test_a_file_that_cannot_be_a_table_is_refused_in_a_sentence(
    world: World, tmp_path: Path, name: str, file: str, content: str | bytes | None, message: str
) -> None:
    path = tmp_path / file if content is None else write(tmp_path / file, content)

    with pytest.raises(TableFileError, match=message):
        import_tables(world.tables, {name: path})

    assert world.tables.list("snowflake") == []


def test_a_folder_is_no_table(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "folder.parquet"
    folder.mkdir()

    with pytest.raises(TableFileError, match="Is a directory"):
        import_tables(world.tables, {"mine": folder})


def test_a_name_may_say_its_system(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Id\n003A\n")
    names = ("salesforce.Extra", "mysql.orders", "mysql.shop.items", "public.mine")

    import_tables(world.tables, dict.fromkeys(names, path))

    assert read(world, "Extra", "salesforce") == [{"Id": "003A"}]
    assert [table.name for table in world.tables.list("mysql")] == [
        "public.orders",
        "shop.items",
        "public.mine",
    ]
    assert world.tables.get("snowflake", "public.orders") is None


def test_the_users_table_takes_the_place_of_the_seeded_one(world: World, tmp_path: Path) -> None:
    plant(world, {}, None)
    path = write(tmp_path / "c.csv", "Id,Email\n003A,a@b.example\n")
    other = write(tmp_path / "o.csv", "x\n1\n")

    notes = import_tables(
        world.tables, {"salesforce.Contact": path, "public.salesforce_contacts": path, "gong.people": other}
    )

    contact = world.tables.get("salesforce", "Contact")
    people = world.tables.get("gong", "people")
    assert notes[0] == "c.csv: 1 rows in table Contact, in place of the one that was there"
    assert contact is not None
    assert (contact.kind, contact.key, contact.label) == ("object", "Id", "Contact")
    assert people is not None
    assert people.key is None
    assert read(world, "public.salesforce_contacts", "redshift") == [{"Id": "003A", "Email": "a@b.example"}]


def test_a_table_given_again_after_a_restart_is_as_the_file_is_now(tmp_path: Path) -> None:
    def started(content: str) -> list[dict[str, Any]]:
        world = World(Store(tmp_path / "state.db"), "key")
        plant(world, {"mine": write(tmp_path / "mine.csv", content)}, None)
        rows = read(world)
        world.close()
        return rows

    assert started("id\n1\n2\n") == [{"id": 1}, {"id": 2}]
    assert started("id,name\n3,x\n") == [{"id": 3, "name": "x"}]


def test_a_hundred_thousand_rows_arrive_in_seconds_and_all(world: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "email", "note", "joined", "zip"])
        for number in range(100_000):
            joined = "31.02.2024" if number == 99_999 else "2024-01-01"
            writer.writerow(
                [number if number % 100 else "", f"zoë{number % 9000}@x.example", 'a "b"\nc', joined, "00123"]
            )
    started = time.monotonic()

    import_tables(world.tables, {"mine": path})
    (row,) = asked(
        world, "SELECT count(*), count(id), count(DISTINCT email), max(joined), min(zip) FROM mine"
    )

    assert row == (100_000, 99_000, 9_000, "31.02.2024", "00123")
    assert time.monotonic() - started < 20


def test_nested_json_values_can_be_asked_for(world: World, tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", json.dumps({"a": {"b": ["x"]}}) + "\n")

    import_tables(world.tables, {"mine": path})

    result = world.engine.query("postgresql", "SELECT a -> 'b' ->> 0 AS v FROM mine", dialect="postgres")
    assert result.rows == [("x",)]
