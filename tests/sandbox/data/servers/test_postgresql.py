"""Tables on PostgreSQL, read and written by a sandbox."""

import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from tests.sandbox.data.servers.conftest import Server

ALL = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN short AS numeric(4,1);
CREATE TABLE "We""ird %" (
  id bigserial PRIMARY KEY, i int NOT NULL CHECK (i < 100), n numeric, n2 numeric(30,4), f float8, b bool,
  t text, v varchar(3), d date, ts timestamp, tz timestamptz, ti time, iv interval, u uuid, by bytea, j json,
  jb jsonb, ia int[], ta text[], na numeric[], m mood, s short, ip inet,
  g int GENERATED ALWAYS AS (i * 2) STORED,
  ma mood[], ba bytea[], a int GENERATED ALWAYS AS IDENTITY
);
INSERT INTO "We""ird %"
  (i, n, n2, f, b, t, v, d, ts, tz, ti, iv, u, by, j, jb, ia, ta, na, m, s, ip, ma, ba)
VALUES (1, 12345678901234567890.123, '12345678901234567890.1234', 'nan', true, 'é%s', 'abc', '2026-01-02',
  '2026-01-02 03:04:05.6', '2026-01-02 03:04:05+02', '01:02:03', '1 day 2 hours',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff', '{"a": 1.10}', '[1, {"b": null}, 1e400]',
  '{{1,NULL},{3,4}}',
  '{"a,b","c\\"d"}', '{1.5,NaN}', 'ok', 3.25, '10.0.0.1', '{sad}', '{"\\\\x01"}');
"""
ROW: Row = {
    "id": 1,
    "i": 1,
    "n": "12345678901234567890.123",
    "n2": "12345678901234567890.1234",
    "f": "NaN",
    "b": True,
    "t": "é%s",
    "v": "abc",
    "d": "2026-01-02",
    "ts": "2026-01-02T03:04:05.6",
    "tz": "2026-01-02T01:04:05Z",
    "ti": "01:02:03",
    "iv": "1 day 02:00:00",
    "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "by": "AP8=",
    "j": {"a": 1.1},
    "ia": [[1, None], [3, 4]],
    "ta": ["a,b", 'c"d'],
    "na": [1.5, "NaN"],
    "m": "ok",
    "s": 3.3,
    "ip": "10.0.0.1",
    "g": 2,
    "ma": "{sad}",
    "ba": ["AQ=="],
    "a": 1,
}
NAME = 'public.We"ird %'
PLAIN = (
    "CREATE TABLE plain (a int, b text, c float8, j json);"
    " INSERT INTO plain (a, b, c) VALUES (1, 'x', 0.1), (2, NULL, NULL), (2, NULL, NULL)"
)


def test_values_of_every_type_survive_a_round_trip(pg: Server) -> None:
    pg.sql(ALL)
    table = pg.table(NAME)
    ((_, row),) = pg.tables.read(table)
    (id_,) = pg.tables.insert(
        table, [{name: value for name, value in row.items() if name not in ("id", "g", "a")}]
    )
    (copy,) = pg.tables.pick(table, [id_]).values()

    assert {name: row[name] for name in ROW} == ROW
    assert row["jb"][:2] == [1, {"b": None}]
    assert {name for name in row if row[name] != copy[name]} == {"id", "a"}
    assert pg.tables.count(table) == 2


def test_a_table_is_described_as_the_server_knows_it(pg: Server) -> None:
    pg.sql(ALL)
    pg.sql(PLAIN)
    pg.sql("CREATE VIEW seen AS SELECT a, b FROM plain")
    table = pg.table(NAME.upper())

    assert [(each.name, each.kind) for each in pg.tables.list(pg.key)] == [
        (NAME, "table"),
        ("public.plain", "table"),
        ("public.seen", "view"),
    ]
    assert table.key == "id"
    assert {column.name for column in table.columns if column.required} == {"i"}
    assert {column.name for column in table.columns if column.is_filled_in} == {"g", "a"}
    mood = table.column("m")
    assert mood is not None
    assert [choice.value for choice in mood.values] == ["sad", "ok"]
    kinds = {column.name: column.sql_type for column in table.columns}
    assert (kinds["n"], kinds["n2"], kinds["s"], kinds["na"]) == (
        "DECIMAL",
        "DECIMAL(30,4)",
        "DECIMAL(4,1)",
        "DECIMAL[]",
    )
    assert pg.tables.get(pg.key, "public.nope") is None
    assert pg.rows("public.seen")[0] == {"a": 1, "b": "x"}
    assert pg.tables.version(pg.table("public.seen")) == pg.tables.version(pg.table("public.seen"))


def test_refused_rows_are_reported_with_the_servers_message_and_nothing_is_written(pg: Server) -> None:
    pg.sql(ALL)
    table = pg.table(NAME)
    rows = [
        {"i": 1},
        {"i": 200},
        {"t": "x"},
        {"i": 5, "v": "long"},
        {"i": 2, "t": "\0"},
        {"i": 1, "by": "!"},
        {"id": 1, "i": 1},
    ]

    with pytest.raises(RefusedRowsError) as refused:
        pg.tables.insert(table, rows)

    assert [*refused.value.reasons] == [1, 2, 3, 4, 5, 6]
    assert (
        refused.value.reasons[1]
        == 'new row for relation "We"ird %" violates check constraint "We"ird %_i_check"'
    )
    assert refused.value.reasons[6].endswith("Key (id)=(1) already exists.")
    assert "6 records were refused" in refused.value.message
    assert pg.tables.count(table) == 1


def test_only_changed_values_are_updated_and_a_row_keeps_its_id_when_its_key_changes(pg: Server) -> None:
    pg.sql(ALL)
    table = pg.table(NAME)
    ((id_, row),) = pg.tables.read(table)
    before = pg.tables.version(table)
    pg.tables.update(table, {id_: row})
    same = pg.tables.version(table)
    pg.tables.update(table, {id_: {**row, "id": 7, "t": None, "g": 99}})
    (changed,) = pg.tables.pick(table, [id_]).values()

    assert same == before != pg.tables.version(table)
    assert (changed["id"], changed["t"], changed["g"]) == (7, None, 2)
    with pytest.raises(RefusedRowsError) as refused:
        pg.tables.update(table, {id_: {**changed, "i": 100}})
    assert [*refused.value.reasons] == [id_]
    pg.sql('DELETE FROM "We""ird %"')
    with pytest.raises(RefusedRowsError, match="no longer in the table"):
        pg.tables.update(table, {id_: {**changed, "i": 3}})
    pg.tables.delete(table, [id_])


def test_rows_without_a_key_are_identified_by_their_values(pg: Server) -> None:
    pg.sql(PLAIN)
    table = pg.table("public.plain")
    ids = {row["a"]: id_ for id_, row in pg.tables.read(table)}
    pg.tables.update(table, {ids[2]: {"a": 2, "b": "both", "c": 1.5, "j": None}})
    pg.tables.delete(table, [ids[1]])

    assert [(row["b"], row["c"]) for row in pg.rows("public.plain")] == [("both", 1.5)] * 2


def test_a_row_that_a_trigger_skips_is_refused(pg: Server) -> None:
    pg.sql(PLAIN)
    pg.sql("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    pg.sql(
        "CREATE TRIGGER no BEFORE INSERT OR UPDATE ON plain FOR EACH ROW WHEN (NEW.a > 5)"
        " EXECUTE FUNCTION no()"
    )
    table = pg.table("public.plain")

    with pytest.raises(RefusedRowsError, match="changed nothing") as refused:
        pg.tables.insert(table, [{"a": 4}, {"a": 9}])
    assert [*refused.value.reasons] == [1]
    with pytest.raises(RefusedRowsError, match="changed nothing") as refused:
        pg.tables.update(table, {id_: {**row, "a": 9} for id_, row in pg.tables.read(table)})
    with pytest.raises(RefusedRowsError, match="changed nothing") as refused:
        pg.tables.insert(table, [{"a": 9}, {"a": "no number"}])
    assert [*refused.value.reasons] == [1, 0]


def test_a_servers_writes_are_rolled_back_with_the_stores_transaction(pg: Server) -> None:
    pg.sql(PLAIN)
    table = pg.table("public.plain")

    with pytest.raises(KeyError), pg.workspace.store.transaction():  # noqa: PT012 - the block is the transaction
        pg.tables.insert(table, [{"a": 4}])
        pg.workspace.store.put("note", "n", {})
        assert (
            pg.tables.count(table),
            len(pg.rows("public.plain")),
            pg.sql("SELECT count(*) FROM plain"),
        ) == (4, 4, [(3,)])
        raise KeyError
    assert (pg.tables.count(table), pg.workspace.store.get("note", "n")) == (3, None)


def test_a_commit_that_the_server_refuses_rolls_back_both(pg: Server) -> None:
    pg.sql("CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")

    with pytest.raises(RefusalError, match="duplicate key"), pg.workspace.store.transaction():  # noqa: PT012 - the block is the transaction
        pg.workspace.store.put("note", "n", {})
        pg.tables.insert(pg.table("public.t"), [{"a": 1}, {"a": 1}])
    assert (pg.sql("SELECT count(*) FROM t"), pg.workspace.store.get("note", "n")) == ([(0,)], None)


def test_a_server_that_disconnects_in_a_transaction_refuses_it(pg: Server) -> None:
    pg.sql(PLAIN)
    table = pg.table("public.plain")
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'INSERT%'"

    with pytest.raises(RefusalError, match=r"PostgreSQL: "), pg.workspace.store.transaction():  # noqa: PT012 - the block is the transaction
        pg.tables.insert(table, [{"a": 1}])
        pg.sql(kill.replace("WHERE", "WHERE pid <> pg_backend_pid() AND state = 'idle in transaction' OR"))
        pg.tables.insert(table, [{"a": 2}])
    assert pg.sql("SELECT count(*) FROM plain") == [(3,)]


def test_a_table_is_created_widened_replaced_cleared_and_dropped(pg: Server) -> None:
    types = {
        "id": "VARCHAR", "n": "DECIMAL(10,2)", "j": "STRUCT(a INTEGER)", "a": "VARCHAR[]", "aa": "JSON[]",
        "tz": "TIMESTAMP WITH TIME ZONE", "ns": "TIMESTAMP_NS", "u": "UBIGINT", "x": "BIT", "e": "ENUM('a')",
    }  # fmt: skip
    columns = tuple(Column(name, "string", sql_type) for name, sql_type in types.items())
    made = Table(pg.key, "lake.made", "made", "table", columns, "id")
    row = {
        "id": "a",
        "n": 1.5,
        "j": {"a": 1},
        "a": ["p", None],
        "tz": "2026-01-01T00:00:00Z",
        "u": str(2**63),
    }
    pg.tables.create(made)
    wide = pg.tables.add_columns(made, [Column("more", "boolean", "BOOLEAN")])
    pg.tables.insert(wide, [row | {"more": False}])
    first = pg.rows("lake.made")
    pg.tables.clear(wide)
    pg.tables.insert(wide, [{"id": "b"}, {"id": "c"}])
    swapped = pg.rows("lake.made")
    pg.tables.clear(wide)

    assert {name: first[0][name] for name in (*row, "more")} == row | {"more": False}
    assert [each["id"] for each in swapped] == ["b", "c"]
    assert pg.tables.count(wide) == 0
    described = {column.name: column.sql_type for column in wide.columns}
    assert (described["j"], described["a"], described["aa"]) == ("JSON", "VARCHAR[]", "JSON[]")
    pg.tables.create(Table(pg.key, "lake.plain", "plain", "table", columns[:1]))
    pg.tables.drop(wide)
    with pytest.raises(RefusalError, match=r"no longer has a table lake\.made"):
        pg.tables.clear(wide)


def test_a_query_runs_on_the_server_with_its_own_types(pg: Server) -> None:
    pg.sql(ALL)
    found = pg.query(
        'SELECT i, i, s, m, n2, 1.50::numeric(5,2) AS q, 1.5 AS w FROM "We""ird %" WHERE t LIKE \'é%\'',
        "postgres",
    )

    assert [(column.name, column.sql_type) for column in found.columns] == [
        ("i", "INTEGER"),
        ("i_1", "INTEGER"),
        ("s", "DECIMAL(4,1)"),
        ("m", "VARCHAR"),
        ("n2", "DECIMAL(30,4)"),
        ("q", "DECIMAL(5,2)"),
        ("w", "DECIMAL"),
    ]
    assert found.rows == [(1, 1, 3.3, "ok", "12345678901234567890.1234", 1.5, 1.5)]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM plain", "start with SELECT or WITH"),
        ("WITH gone AS (DELETE FROM plain RETURNING 1) SELECT * FROM gone", "Only queries that read"),
        ("SELECT 1; SELECT 2", "this is 2 statements"),
        ("SELECT * INTO other FROM plain", "Only queries that read"),
        ("SELECT * FROM plain FOR UPDATE", "without FOR UPDATE"),
        ("SELECT pg_sleep(9)", "PG_SLEEP is not allowed"),
        ("SELECT pg_read_file('/etc/passwd')", "PG_READ_FILE is not allowed"),
        ("SELECT lo_import('/etc/passwd')", "LO_IMPORT is not allowed"),
        ("SELECT * FROM dblink('x', 'SELECT 1') AS t(a int)", "DBLINK is not allowed"),
        ("SELECT set_config('transaction_read_only', 'off', false)", "SET_CONFIG is not allowed"),
        ("SELECT query_to_xml('DELETE FROM plain', true, true, '')", "QUERY_TO_XML is not allowed"),
        ("SELECT emptied()", "read-only transaction"),
        ("SELECT * FROM nope", 'PostgreSQL: relation "nope" does not exist'),
        ("SELECT 1/0", "division by zero"),
        ("SELECT count(*) FROM generate_series(1, 100000000) a", "statement timeout"),
    ],
)
def test_a_query_that_writes_or_takes_too_long_is_refused(pg: Server, sql: str, reason: str) -> None:
    pg.sql(PLAIN)
    pg.sql("CREATE FUNCTION emptied() RETURNS int LANGUAGE sql AS 'DELETE FROM plain RETURNING 1'")

    with pytest.raises(QueryError, match=reason):
        pg.workspace.engine.query(pg.key, sql, dialect="postgres", seconds=0.3)
    assert pg.sql("SELECT count(*) FROM plain") == [(3,)]


def test_a_deleted_connection_leaves_nothing_behind(pg: Server) -> None:
    pg.sql(PLAIN)
    assert [*pg.tables.read(pg.table("public.plain"))]
    pg.tables.release(pg.key)

    with pg.workspace.store.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM places").fetchone() == (0,)


def test_rows_are_found_by_the_values_of_a_column(pg: Server) -> None:
    pg.sql(ALL)
    table = pg.table(NAME)
    named = {column.name: column for column in table.columns}

    for name in ("t", "i", "n", "tz", "u", "m"):
        (found,) = pg.tables.find(table, named[name], {ROW[name]}).values()
        assert found["id"] == 1
        assert pg.tables.can_find(table, named[name])
    assert pg.tables.find(table, named["u"], {"no uuid"}) == {}
    assert not any(pg.tables.can_find(table, named[name]) for name in ("b", "j", "by"))


def test_an_error_of_more_than_one_row_refuses_the_whole_call(pg: Server) -> None:
    pg.sql(PLAIN)
    pg.sql("CREATE VIEW fixed AS SELECT DISTINCT a FROM plain")
    pg.sql(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RAISE EXCEPTION USING ERRCODE = ''55000'', MESSAGE = ''out of order''; END'"
    )
    pg.sql("CREATE TRIGGER no BEFORE INSERT ON plain FOR EACH ROW WHEN (NEW.a = 9) EXECUTE FUNCTION no()")

    with pytest.raises(RefusalError, match="cannot insert into view"):
        pg.tables.insert(pg.table("public.fixed"), [{"a": 1}])
    with pytest.raises(RefusalError, match=r"PostgreSQL: out of order"):
        pg.tables.insert(pg.table("public.plain"), [{"a": "no number"}, {"a": 9}])


def test_the_sandboxs_own_tables_and_queries_are_unaffected(pg: Server) -> None:
    own = Table("snowflake", "public.own", "own", "table", (Column("a", "number", "INTEGER"),))
    staged = Table("snowflake", "public.own", "own", "table", own.columns, None, "aside/1/own")
    pg.tables.create(own)
    pg.tables.insert(staged, [{"a": 1}])
    pg.tables.replace_rows(own, staged)

    assert pg.workspace.engine.query("snowflake", "SELECT a FROM own", dialect="snowflake").rows == [(1,)]
