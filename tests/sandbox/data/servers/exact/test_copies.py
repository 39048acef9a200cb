"""Every value of the table of types arrives as it is, or its row is refused by name."""

import json
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import pytest

from tests.sandbox.data.servers.exact.conftest import Mover, Side
from tests.sandbox.data.servers.exact.kinds import Kind

pytestmark = pytest.mark.slow

Texts = dict[int, str | None]
PLAIN: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text in ("true", "1"),
    "character": lambda text: text.rstrip(" "),
    "float": lambda text: struct.pack("f", float(text) or 0.0),
    "inet": lambda text: text.removesuffix("/32" if "." in text else "/128"),
    "json": json.loads,
    "real": lambda text: struct.pack("f", float(text) or 0.0),
}
"""What a text says, for the types of which the products write it differently."""

WAREHOUSE = {"account": "acme-x", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}


async def copied(mover: Mover, source: Side, to: Side) -> dict[str, tuple[str, str]]:
    """Copy all tables to a schema of the destination; return each output's name and message."""
    source.fill()
    ends = await mover.connection(source), await mover.connection(to)
    names = [f"{source.schema}.t{number}" for number in range(len(source.kinds))]
    said = await mover.bulk(*ends, to.place, names)
    return {name: (name.replace(".", "_"), said[name]) for name in names}


def differences(source: Side, to: Side, outputs: dict[str, tuple[str, str]]) -> Iterator[tuple[Any, ...]]:
    """Yield what differs byte by byte: the type, the id, what was there and what arrived."""
    for number, (output, said) in enumerate(outputs.values()):
        there = source.read(source.bytes, source.schema, f"t{number}")
        arrived = to.read(to.bytes, to.place, output)
        for id_ in there.keys() | arrived.keys():
            if there.get(id_, "-") != arrived.get(id_, "-"):
                yield source.kinds[number].type, there.get(id_, "-"), arrived.get(id_, "-"), said


async def test_a_bulk_sync_between_two_postgresql_schemas_changes_no_byte(
    mover: Mover, pg_side: Side
) -> None:
    assert [*differences(pg_side, pg_side, await copied(mover, pg_side, pg_side))] == []


async def test_a_bulk_sync_between_two_mysql_databases_changes_no_byte(mover: Mover, my_side: Side) -> None:
    assert [*differences(my_side, my_side, await copied(mover, my_side, my_side))] == []


async def through_a_warehouse(mover: Mover, side: Side) -> list[tuple[Any, ...]]:
    """Copy all tables to a warehouse of the sandbox and back; return what differs."""
    side.fill()
    server = await mover.connection(side)
    warehouse: str = (await mover.connect("snowflake", **WAREHOUSE))["id"]
    names = [f"{side.schema}.t{number}" for number in range(len(side.kinds))]
    there = await mover.bulk(server, warehouse, "mid", names)
    outputs = {name: (f"mid_{name.replace('.', '_')}", there[name]) for name in names}
    await mover.bulk(warehouse, server, side.place, [f"mid.{name.replace('.', '_')}" for name in names])
    return [*differences(side, side, outputs)]


async def test_a_warehouse_between_two_postgresql_schemas_changes_no_byte(
    mover: Mover, pg_side: Side
) -> None:
    found = await through_a_warehouse(mover, pg_side)

    assert [(type_, there, arrived) for type_, there, arrived, _ in found] == [
        ("numeric(20,4)", "NaN", "-"),
        ("timestamp", "294276-12-31 23:59:59.999999", "-"),
        ("jsonb[]", '{"{\\"a\\": 1.10}",NULL}', '{"{\\"a\\": 1.1}",NULL}'),
    ]
    assert '"NaN" does not fit v, which is of type number (DECIMAL(20,4))' in found[0][3]


async def test_a_warehouse_between_two_mysql_databases_changes_no_byte(mover: Mover, my_side: Side) -> None:
    found = await through_a_warehouse(mover, my_side)

    assert {(type_, arrived) for type_, _, arrived, _ in found} == {("date", "-"), ("datetime(6)", "-")}
    assert all("0000-00-00" in said for *_, said in found)


def meaning(kind: Kind, text: str | None) -> Any:
    """Return what a server's text of a value says, in whichever product's form it is."""
    type_ = kind.type.partition("(")[0]
    if not text or type_ in PLAIN:
        return text and PLAIN[type_](text)
    if type_.startswith(("time", "date")):
        clock, _, fraction = text.removesuffix("+00").partition(".")
        return clock, fraction.rstrip("0")
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def changed(source: Side, to: Side, outputs: dict[str, tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    """Yield the type and the text of each value that arrived with another meaning."""
    for kind, (number, (output, _)) in zip(source.kinds, enumerate(outputs.values()), strict=True):
        is_other = kind.type.endswith("[]") or kind.type in ("bytea", "bit(1)", "bit(10)", "point")
        form = "CAST({} + 0e0 AS CHAR)" if kind.type == "real" else to.text
        whole = "CAST({} + 0e0 AS CHAR)" if kind.type == "float" else source.text
        there = source.read(source.bytes if is_other else whole, source.schema, f"t{number}")
        arrived = to.read(to.bytes if is_other else form, to.place, output)
        for id_, text in there.items():
            if id_ not in arrived:
                yield kind.type, text
            elif not (is_other or kind.values[0].startswith(("x'", "b'"))) and (
                meaning(kind, text) != meaning(kind, arrived[id_])
            ):
                yield kind.type, (text, arrived[id_])


async def test_a_bulk_sync_from_postgresql_to_mysql_refuses_only_what_mysql_lacks(
    mover: Mover, pg_side: Side, my_side: Side
) -> None:
    outputs = await copied(mover, pg_side, my_side)

    assert {*changed(pg_side, my_side, outputs)} == {
        ("numeric(20,4)", "NaN"),
        *(("numeric", text) for text in ("NaN", "Infinity", "-Infinity")),
        *(("real", text) for text in ("NaN", "Infinity", "-Infinity")),
        *(("double precision", text) for text in ("NaN", "Infinity", "-Infinity")),
        *(("date", text) for text in ("0044-03-15 BC", "10000-01-01", "infinity", "-infinity")),
        *(("timestamp", text) for text in ("0044-03-15 10:00:00 BC", "294276-12-31 23:59:59.999999")),
        *(("timestamp", text) for text in ("infinity", "-infinity")),
        ("timestamp with time zone", "0044-03-15 10:00:00+00 BC"),
        ("timestamp with time zone", "12026-01-01 00:00:00+00"),
        ("timestamp with time zone", "infinity"),
    }
    arrays = [number for number, kind in enumerate(pg_side.kinds) if kind.type in ("text[]", "integer[]")]
    for number in arrays:
        there = pg_side.read("to_json({})::text", "public", f"t{number}")
        arrived = my_side.read(my_side.text, my_side.place, f"public_t{number}")
        assert {id_: json.loads(text or "null") for id_, text in arrived.items()} == {
            id_: json.loads(text or "null") for id_, text in there.items()
        }


async def test_a_bulk_sync_from_mysql_to_postgresql_refuses_only_what_postgresql_lacks(
    mover: Mover, my_side: Side, pg_side: Side
) -> None:
    outputs = await copied(mover, my_side, pg_side)

    assert {*changed(my_side, pg_side, outputs)} == {
        ("longtext", "a\0b"),
        ("date", "0000-00-00"),
        ("date", "2026-00-00"),
        ("datetime(6)", "0000-00-00 00:00:00.000000"),
    }
    for number, kind in enumerate(my_side.kinds):
        if kind.type in ("binary(4)", "varbinary(9)", "blob", "bit(10)"):
            there = my_side.read(my_side.bytes, my_side.schema, f"t{number}")
            arrived = pg_side.read("upper(encode({}, 'hex'))", pg_side.place, f"{my_side.schema}_t{number}")
            assert {id_: text and text.zfill(4) for id_, text in there.items() if kind.type == "bit(10)"} == {
                id_: text for id_, text in arrived.items() if kind.type == "bit(10)"
            }
            assert kind.type == "bit(10)" or there == arrived


@pytest.mark.parametrize("is_query", [False, True])
@pytest.mark.parametrize("type_", ["postgresql", "mysql"])
async def test_a_model_sync_makes_a_table_that_holds_what_its_source_holds(
    mover: Mover, request: pytest.FixtureRequest, type_: str, *, is_query: bool
) -> None:
    side: Side = request.getfixturevalue("pg_side" if type_ == "postgresql" else "my_side")
    names = [f"v{number}" for number in range(len(side.kinds))]
    columns = ", ".join(f"{name} {kind.type} NULL" for name, kind in zip(names, side.kinds, strict=True))
    table = side.quoted(side.schema, "wide")
    side.sql(f"CREATE TABLE {table} (id int PRIMARY KEY, {columns})")
    for id_ in range(max(len(kind.values) for kind in side.kinds)):
        values = ", ".join((*kind.values, *["NULL"] * 9)[id_] for kind in side.kinds)
        side.sql(f"INSERT INTO {table} VALUES ({id_}, {values})")  # noqa: S608 - our own
    server = await mover.connection(side)
    query = f"SELECT * FROM {table} ORDER BY id"  # noqa: S608 - our own
    source = {"query": query} if is_query else {"table": f"{side.schema}.wide"}
    ended = await mover.sync(server, source, side.place, ["id", *names])

    assert (ended["status"], ended["counts"]["error"]) == ("completed", 0)
    for name, kind in zip(names, side.kinds, strict=True):
        # MariaDB describes these in a result as texts.
        form = side.text if is_query and kind.type in ("uuid", "inet6") else side.bytes
        there = side.read(form, side.schema, "wide", name)
        assert (kind.type, side.read(form, side.place, "values", name)) == (kind.type, there)
