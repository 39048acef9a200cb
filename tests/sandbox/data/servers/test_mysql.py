"""Tables on MySQL, read and written by a sandbox."""

from typing import Any

import pymysql.cursors
import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.drivers.mysql import MysqlSession
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from tests.sandbox.data.servers.conftest import Server

CREATE = """
CREATE TABLE `we``ird %` (
  id bigint unsigned AUTO_INCREMENT PRIMARY KEY, i int NOT NULL CHECK (i < 100),
  n decimal(65,30), w decimal(50,38),
  f double, b bool, t text, v varchar(3), d date, ts datetime(6), tz timestamp NULL, ti time, y year,
  vb varbinary(10), bl blob, j json, bt bit(1), e enum('a','it''s'), u int unsigned,
  g int GENERATED ALWAYS AS (i * 2) STORED
)
"""
INSERT = """
INSERT INTO `we``ird %` (i, n, w, f, b, t, v, d, ts, tz, ti, y, vb, bl, j, bt, e, u) VALUES (
  1, '12345678901234567890.123', 1, 1.5, true, 'é%s', 'abc', '2026-01-02', '2026-01-02 03:04:05.6',
  '2026-01-02 03:04:05', '101:02:03', 2026, x'00ff', x'01', '{"a": 1.10}', b'1', 'it''s', 5)
"""
ROW: Row = {
    "id": 1,
    "i": 1,
    "n": "12345678901234567890.123",
    "w": 1.0,
    "f": 1.5,
    "b": 1,
    "t": "é%s",
    "v": "abc",
    "d": "2026-01-02",
    "ts": "2026-01-02T03:04:05.6",
    "tz": "2026-01-02T03:04:05Z",
    "ti": "101:02:03",
    "y": 2026,
    "vb": "AP8=",
    "bl": "AQ==",
    "j": {"a": 1.1},
    "bt": True,
    "e": "it's",
    "u": 5,
    "g": 2,
}


@pytest.fixture
def weird(my: Server) -> Table:
    my.sql(CREATE)
    my.sql(INSERT)
    table: Table = my.table(f"{my.sql.configuration['dbname']}.we`ird %")
    return table


@pytest.fixture
def plain(my: Server) -> Table:
    my.sql("CREATE TABLE plain (a int, b text)")
    my.sql("INSERT INTO plain VALUES (1, 'x'), (2, NULL), (2, NULL)")
    table: Table = my.table(f"{my.sql.configuration['dbname']}.plain")
    return table


def test_values_of_every_type_survive_a_round_trip(my: Server, weird: Table) -> None:
    ((_, row),) = my.tables.read(weird)
    fresh = {name: value for name, value in row.items() if name not in ("id", "g")}
    (id_,) = my.tables.insert(weird, [fresh])
    given = my.tables.insert(weird, [{"id": 8, **fresh}, {"id": 9, **fresh}])

    assert row == ROW
    assert my.tables.pick(weird, [id_]) == {id_: ROW | {"id": 2}}
    assert [each["id"] for each in my.tables.pick(weird, given).values()] == [8, 9]
    assert my.tables.count(weird) == 4


def test_a_table_is_described_as_the_server_knows_it(my: Server, weird: Table) -> None:
    my.sql("CREATE VIEW seen AS SELECT i, t FROM `we``ird %`")
    database = my.sql.configuration["dbname"]

    assert [(each.name, each.kind) for each in my.tables.list(my.key)] == [
        (f"{database}.seen", "view"),
        (f"{database}.we`ird %", "table"),
    ]
    assert weird.key == "id"
    assert {column.name for column in weird.columns if column.required} == {"i"}
    assert {column.name for column in weird.columns if column.is_filled_in} == {"g"}
    kinds = {column.name: column.sql_type for column in weird.columns}
    assert (kinds["id"], kinds["n"], kinds["j"], kinds["tz"]) == (
        "UBIGINT",
        "DECIMAL(65,30)",
        "JSON",
        "TIMESTAMP WITH TIME ZONE",
    )
    assert my.tables.get(my.key, "nope.nope") is None


def test_refused_rows_are_reported_with_the_servers_message_and_nothing_is_written(
    my: Server, weird: Table
) -> None:
    rows = [
        {"i": 1},
        {"i": 200},
        {"t": "x"},
        {"i": 5, "v": "long"},
        {"id": 1, "i": 1},
        {"i": 2, "d": "no date"},
    ]

    with pytest.raises(RefusedRowsError) as refused:
        my.tables.insert(weird, rows)

    assert [*refused.value.reasons] == [1, 2, 3, 4, 5]
    assert refused.value.reasons[4] == "Duplicate entry '1' for key 'PRIMARY'"
    assert my.tables.count(weird) == 1


def test_rows_are_updated_and_deleted_with_and_without_a_key(my: Server, weird: Table, plain: Table) -> None:
    ((id_, row),) = my.tables.read(weird)
    before = my.tables.version(weird)
    my.tables.update(weird, {id_: {**row, "id": 7, "b": 0}})
    ids = {row["a"]: each for each, row in my.tables.read(plain)}
    my.tables.update(plain, {ids[2]: {"a": 2, "b": "both"}})
    my.tables.delete(plain, [ids[1]])

    assert my.tables.version(weird) != before
    assert my.tables.pick(weird, [id_])[id_] == row | {"id": 7, "b": 0}
    assert my.rows(plain.name) == [{"a": 2, "b": "both"}] * 2


def test_a_servers_writes_are_rolled_back_with_the_stores_transaction(my: Server, plain: Table) -> None:
    with pytest.raises(KeyError), my.workspace.store.transaction():  # noqa: PT012 - the block is the transaction
        my.tables.insert(plain, [{"a": 4}])
        assert (my.tables.count(plain), len(my.rows(plain.name))) == (4, 4)
        raise KeyError
    assert my.tables.count(plain) == 3


def test_a_table_is_created_widened_and_dropped(my: Server) -> None:
    types = {
        "id": "VARCHAR", "n": "DECIMAL(10,2)", "j": "JSON", "a": "VARCHAR[]",
        "tz": "TIMESTAMP WITH TIME ZONE", "b": "BOOLEAN", "x": "BIT",
    }  # fmt: skip
    columns = tuple(Column(name, "string", sql_type) for name, sql_type in types.items())
    made = Table(my.key, f"{my.sql.configuration['dbname']}.made", "made", "table", columns, "id")
    row = {"id": "a", "n": 1.5, "j": {"x": [1]}, "a": ["p", None], "b": True}
    my.tables.create(made)
    wide = my.tables.add_columns(made, [Column("more", "datetime", "TIMESTAMP")])
    my.tables.insert(wide, [row | {"more": "2026-01-01T00:00:00Z"}])

    assert my.rows(made.name)[0] == {**dict.fromkeys(types), **row, "b": 1, "more": "2026-01-01T00:00:00"}
    my.tables.drop(wide)
    assert my.tables.get(my.key, made.name) is None


def test_a_value_that_the_server_would_round_is_refused_by_its_column(my: Server, weird: Table) -> None:
    with pytest.raises(RefusedRowsError, match="'n'"):
        my.tables.insert(weird, [{"i": 5, "n": f"0.{'1' * 31}"}])

    assert my.tables.count(weird) == 1


def test_a_query_without_an_order_has_all_digits_of_its_floats(my: Server) -> None:
    my.sql("CREATE TABLE floats (f float)")
    my.sql("INSERT INTO floats VALUES (16777217.5), (0.1)")

    assert sorted(my.query("SELECT f FROM floats", "mysql").rows) == [(0.1,), (16777218.0,)]


@pytest.mark.parametrize(("name", "problem"), [("made ", "ends with a space"), ("x" * 65, "has 65 letters")])
def test_a_name_that_the_server_would_change_is_refused(my: Server, name: str, problem: str) -> None:
    where = f"{my.sql.configuration['dbname']}.{name}"

    with pytest.raises(RefusalError, match=f"cannot name .* column '{name}', which {problem}"):
        my.tables.create(Table(my.key, where, name, "table", (Column("a", "number", "INTEGER"),)))


def test_a_missing_database_is_created(my: Server) -> None:
    name = f"{my.sql.configuration['dbname']}_2"
    configuration = {key: value for key, value in my.sql.configuration.items() if key != "dbname"}
    document = {"id": "c", "type": {"id": "mysql"}, "_server": True, "configuration": configuration}
    my.workspace.store.put("connection", "c", document)
    my.tables.create(Table(my.key, f"{name}.made", "made", "table", (Column("a", "number", "INTEGER"),)))

    assert f"{name}.made" in {each.name for each in my.tables.list(my.key)}
    my.sql(f"DROP DATABASE {name}")


def test_a_query_runs_on_the_server_with_its_own_types(my: Server, weird: Table) -> None:
    found = my.query("SELECT *, CAST(1.5 AS decimal(5,2)) q, -2 m, POINT(1, 2) p FROM `we``ird %`", "mysql")

    kinds = {column.name: column.sql_type for column in found.columns}
    described = {column.name: column.sql_type for column in weird.columns} | {
        "q": "DECIMAL(5,2)",
        "m": "INTEGER",
    }
    assert {name for name in described if kinds[name] != described[name]} == {"j"}  # MariaDB's is a text
    assert kinds["p"] == "BLOB"
    assert found.rows[0][:19] == tuple({**ROW, "j": '{"a": 1.10}'}.values())[:19]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM plain", "start with SELECT or WITH"),
        ("SELECT 1 INTO OUTFILE 'out.csv'", "Syntax error"),
        ("SELECT 1 --1 INTO OUTFILE 'out.csv'", "Syntax error"),
        ("SELECT 1 /* /* */ INTO OUTFILE 'out.csv' /* */ */", "Syntax error"),
        ("SELECT * FROM plain LOCK IN SHARE MODE", "FOR SHARE"),
        ("SELECT LOAD_FILE('/etc/passwd')", "LOAD_FILE is not allowed"),
        ("SELECT SLEEP(9)", "SLEEP is not allowed"),
        ("SELECT emptied()", "READ ONLY transaction"),
        ("SELECT * FROM nope", "doesn't exist"),
        (
            "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, plain, plain c",
            "max_statement_time",
        ),
    ],
)
def test_a_query_that_writes_or_takes_too_long_is_refused(
    my: Server, plain: Table, sql: str, reason: str
) -> None:
    my.sql("CREATE FUNCTION emptied() RETURNS int BEGIN DELETE FROM plain; RETURN 1; END")

    with pytest.raises(QueryError, match=reason):
        my.workspace.engine.query(my.key, sql, dialect="mysql", seconds=0.2)
    assert my.tables.count(plain) == 3


def test_an_executable_comment_is_left_out(my: Server, plain: Table) -> None:
    del plain

    assert my.query("SELECT 1 /*! + 1 */ AS n", "mysql").rows == [(1,)]


def test_mysql_gets_its_own_time_limit_and_has_a_json_type(
    my: Server, plain: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = MysqlSession.fetch

    def answer(session: MysqlSession, sql: str, values: Any = ()) -> Any:
        asked.append(sql)
        if sql == "SELECT VERSION()":
            return [("8.4.3",)]
        return fetch(session, sql.replace("max_execution_time = 60000", "max_statement_time = 60"), values)

    # scripts/test starts MariaDB, which has other settings and no JSON type.
    monkeypatch.setattr(MysqlSession, "fetch", answer)

    assert my.tables.count(plain) == 3
    assert any("max_execution_time = 60000" in sql for sql in asked)
    assert not any("CHECK_CONSTRAINTS" in sql for sql in asked)


def test_a_table_that_no_longer_exists_is_refused(my: Server, plain: Table) -> None:
    my.sql("DROP TABLE plain")

    with pytest.raises(RefusalError, match="MySQL no longer has a table"):
        my.tables.count(plain)


def test_rows_are_found_by_the_values_of_a_column(my: Server, weird: Table) -> None:
    for name in ("t", "i", "n", "tz", "e"):
        column = weird.column(name)
        assert column is not None
        (found,) = my.tables.find(weird, column, {ROW[name]}).values()
        assert found["id"] == 1
        assert my.tables.can_find(weird, column)


def test_a_warning_that_changes_no_value_costs_no_row(
    my: Server, plain: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = pymysql.cursors.Cursor.execute

    def warned(cursor: pymysql.cursors.Cursor, sql: str, values: Any = None) -> int:
        warnings = "SELECT 'Warning', 1287, 'The function is deprecated'"
        found = execute(cursor, warnings if sql == "SHOW WARNINGS" else sql, values)
        cursor.warning_count = 1
        return found

    # MySQL warns of what is deprecated in a trigger; scripts/test starts MariaDB, which does not.
    monkeypatch.setattr(pymysql.cursors.Cursor, "execute", warned)
    my.tables.insert(plain, [{"a": 4, "b": "new"}])
    ids = {row["a"]: id_ for id_, row in my.tables.read(plain)}
    my.tables.update(plain, {ids[1]: {"a": 1, "b": "other"}})

    assert {row["a"]: row["b"] for row in my.rows(plain.name)} == {1: "other", 2: None, 4: "new"}
