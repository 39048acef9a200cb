"""What dialects mean by the same words: division, days of the week, positions, names of columns, and more."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError

EXPRESSIONS: dict[str, dict[str, Any]] = {
    "snowflake": {
        "IFF(1 > 2, 'a', 'b')": "b",
        "ZEROIFNULL(NULL)": 0,
        "NVL2(NULL, 1, 2)": 2,
        "DECODE(2, 1, 'a', 2, 'b', 'c')": "b",
        "DATEDIFF(month, '2026-01-31'::date, '2026-02-01'::date)": 1,
        "DATEDIFF('day', '2026-01-01', '2026-01-15')": 14,
        "DATEADD(month, 1, '2026-01-31'::date)": "2026-02-28",
        "DATE_TRUNC(week, '2026-01-15'::date)::varchar": "2026-01-12",
        "DAYOFWEEK('2026-01-18'::date)": 0,
        "SPLIT_PART('a-b-c', '-', -1)": "c",
        "SPLIT_PART('a-b-c', '-', 0)": "a",
        "TRY_CAST('x' AS INT)": None,
        "TRY_TO_DATE('zz')": None,
        "'Ada' ILIKE ANY ('a%', 'z%')": True,
        "REGEXP_LIKE('abc', 'b')": False,
        "7 / 2": 3.5,
        "DIV0(5, 0)": 0,
        "7 / NULL": None,
        "DATE_TRUNC('month', born)": "2000-02-01",
        "DATEADD(day, 1, born)": "2000-03-01",
        "TO_CHAR('2026-01-15 09:30:45'::timestamp, 'YYYY-MM-DD HH24:MI')": "2026-01-15 09:30",
        "TO_CHAR(born, 'YYYY-MM')": "2000-02",
        "TIMESTAMPDIFF(month, '2026-01-31'::date, '2026-02-01'::date)": 1,
        "TO_CHAR(name)": "Ada",
        "OBJECT_AGG(name, id)": {"Ada": 1},
    },
    "redshift": {
        "7 / 2": 3,
        "-7 / 2": -3,
        "7::float / 2": 3.5,
        "id / 2": 0,
        "COUNT(*) / 2": 0,
        "(SUM(id) + 1) / 2": 1,
        "NVL2(NULL, 1, 2)": 2,
        "ISNULL(NULL, 1)": 1,
        "DATEDIFF(month, '2026-01-31'::date, '2026-02-01'::date)": 1,
        "DATE_TRUNC('week', '2026-01-15'::date)::date": "2026-01-12",
        "LISTAGG(name, ',') WITHIN GROUP (ORDER BY id)": "Ada",
        "'abcdef'::varchar(3)": "abc",
    },
    "databricks": {
        "TIMESTAMPDIFF(MONTH, TIMESTAMP '2026-01-15 00:00:00', TIMESTAMP '2026-03-14 00:00:00')": 1,
        "7 / 2": 3.5,
        "7 div 2": 3,
        "dayofweek(date'2026-01-18')": 1,
        "datediff('2026-01-15', '2026-01-01')": 14,
        "trunc(date'2026-02-10', 'MM')::date": "2026-02-01",
        "nvl2(null, 1, 2)": 2,
        "date_add('2026-01-31', 1)": "2026-02-01",
        "add_months('2026-01-31', 1)": "2026-02-28",
        "weekday('2026-01-15')": 3,
        "try_divide(1, 0)": None,
        "array(7, 8)[0]": 7,
        "split_part('a-b', '-', 2)": "b",
    },
    "bigquery": {
        "7 / 2": 3.5,
        "DATE_DIFF(DATE '2026-01-15', DATE '2026-01-01', DAY)": 14,
        "DATE_TRUNC(DATE '2026-02-10', MONTH)": "2026-02-01",
        "DATE_TRUNC(DATE '2026-01-15', WEEK)": "2026-01-11",
        "EXTRACT(DAYOFWEEK FROM DATE '2026-01-18')": 1,
        "EXTRACT(WEEK FROM DATE '2026-01-15')": 2,
        "EXTRACT(YEAR FROM DATE '2026-01-15')": 2026,
        "SAFE_DIVIDE(1, 0)": None,
        "TIMESTAMP_DIFF('2026-01-01 01:00:00+00', '2026-01-01 00:00:01+00', HOUR)": 0,
        "SPLIT('a,b', ',')[OFFSET(1)]": "b",
        "SPLIT('a,b', ',')[ORDINAL(1)]": "a",
    },
    "mysql": {
        "7 / 2": 3.5,
        "7 DIV 2": 3,
        "7 / 0": None,
        "DATE_ADD(born, INTERVAL 1 DAY)": "2000-03-01",
        "DATE_ADD('2026-01-31', INTERVAL 1 MONTH)": "2026-02-28",
        "DATE_ADD('2026-01-31 10:00:00', INTERVAL 1 DAY)": "2026-02-01T10:00:00",
        "TIMESTAMPDIFF(MONTH, '2026-01-15', '2026-03-14')": 1,
        "DAYOFWEEK('2026-01-18')": 1,
        "WEEKDAY('2026-01-18')": 6,
        "WEEK('2026-01-15')": 2,
        "DAYNAME('2026-01-15')": "Thursday",
        "QUARTER('2026-05-01')": 2,
        "LAST_DAY('2026-02-10')": "2026-02-28",
        "DATEDIFF('2026-01-15', '2026-01-01')": 14,
        "TIMESTAMPDIFF(HOUR, '2026-01-01 10:00:00', '2026-01-01 12:00:00')": 2,
        "UNIX_TIMESTAMP('1970-01-02')": 86400,
        "LENGTH('é')": 2,
        "CHAR_LENGTH('é')": 1,
        "CAST('abcdef' AS CHAR(3))": "abc",
        "FIELD('b', 'a', 'b')": 2,
        "FIELD('c', 'a', 'b')": 0,
        "ELT(2, 'a', 'b')": "b",
        "FIND_IN_SET('b', 'a,b')": 2,
        "SUBSTRING_INDEX('a.b.c', '.', 2)": "a.b",
        "SUBSTRING_INDEX('a.b.c', '.', -1)": "c",
    },
    "postgres": {
        "7 / 2": 3,
        "7 / 2.0": 3.5,
        "id / 2": 0,
        "length(name) / 2": 1,
        "EVERY(id > 0)": True,
        "'Ada' ILIKE ANY (ARRAY['a%', 'z%'])": True,
        "'abcdef'::varchar(3)": "abc",
        "'abcdef'::varchar": "abcdef",
        "(ARRAY[7, 8])[1]": 7,
        "7 / (1 / 2.0)": 14,
        "7 / NULLIF(id + 1, 0)": 3,
        "split_part('a-b', '-', -1)": "b",
        "EXTRACT(dow FROM DATE '2026-01-18')": 0,
        "DATE '2026-01-15' - DATE '2026-01-01'": 14,
    },
    "athena": {
        "7 / 2": 3,
        "date_trunc('week', date '2026-01-15')": "2026-01-12",
        "date_trunc('month', born)": "2000-02-01",
        "day_of_week(date '2026-01-18')": 7,
    },
    "tsql": {
        "7 / 2": 3,
        "LEN('abc ')": 3,
        "DATEPART(year, '2026-01-15')": 2026,
        "DATEDIFF(month, '2026-01-31', '2026-02-01')": 1,
        "CAST('abcdef' AS VARCHAR(3))": "abc",
        "CAST('abc' AS VARCHAR(MAX))": "abc",
        "IIF(1 > 2, 'a', 'b')": "b",
    },
    "clickhouse": {"toString(5)": "5", "toInt64('5')": 5},
}


@pytest.mark.parametrize(
    ("dialect", "sql", "value"),
    [(dialect, sql, value) for dialect, each in EXPRESSIONS.items() for sql, value in each.items()],
)
def test_an_expression_means_what_its_warehouse_documents(
    ask: Any, dialect: str, sql: str, value: Any
) -> None:
    where = "GROUP BY id, name, born" if "(" in sql and "id" in sql else ""
    assert ask(dialect, f"SELECT {sql} AS v FROM people WHERE id = 1 {where}") == [value]  # noqa: S608 - the test's own


@pytest.mark.parametrize(
    ("dialect", "sql", "rows"),
    [
        ("snowflake", "SELECT $2 FROM people ORDER BY $1 DESC", ["Bob", "Ada"]),
        ("snowflake", "SELECT $1 FROM (VALUES (1, 'a'), (2, 'b')) WHERE $2 = 'b'", [2]),
        ("snowflake", "SELECT $1 FROM VALUES (1), (2) AS v (n)", [1, 2]),
        ("snowflake", "SELECT $2 FROM (SELECT 1 AS a, 2 AS b)", [2]),
        ("snowflake", "SELECT column2 FROM VALUES (1, 'a')", ["a"]),
        ("postgres", "SELECT column1 FROM (VALUES (1), (2)) v", [1, 2]),
        ("databricks", "SELECT col1 FROM VALUES (1), (2)", [1, 2]),
        ("postgres", "SELECT v.y FROM (VALUES (1, 'a')) AS v(x, y)", ["a"]),
        (
            "postgres",
            "SELECT n / 2 FROM (SELECT COUNT(*) AS n FROM people UNION ALL SELECT 9) x ORDER BY 1",
            [1, 4],
        ),
        ("redshift", "WITH x AS (SELECT id FROM people) SELECT x.id / 2 FROM x ORDER BY 1", [0, 1]),
    ],
)
def test_columns_have_the_names_and_kinds_of_their_dialect(
    ask: Any, dialect: str, sql: str, rows: list[Any]
) -> None:
    assert ask(dialect, sql) == rows


@pytest.mark.parametrize(
    "sql", ["SELECT $9 FROM people", "WITH x AS (SELECT 1) SELECT $1 FROM x", "SELECT $1"]
)
def test_a_position_without_a_known_column_is_refused(ask: Any, sql: str) -> None:
    with pytest.raises(QueryError, match="parameters"):
        ask("snowflake", sql)


@pytest.mark.parametrize("dialect", ["bigquery", "databricks", "postgres", "redshift", "snowflake", "tsql"])
@pytest.mark.parametrize("sum_", ["7 / (id - 1)", "7.5 / 0", "7 % (id - 1)"])
def test_a_division_by_zero_is_refused(ask: Any, dialect: str, sum_: str) -> None:
    with pytest.raises(QueryError, match=r"^Division by zero\.$"):
        ask(dialect, f"SELECT {sum_} FROM people")  # noqa: S608 - the test's own


@pytest.mark.parametrize("form", ["'999'", "name"])
def test_a_format_that_is_not_one_of_a_time_is_refused(ask: Any, form: str) -> None:
    with pytest.raises(QueryError, match=f"cannot write a value in the format {form}"):
        ask("snowflake", f"SELECT TO_CHAR(id, {form}) FROM people")  # noqa: S608 - the test's own


@pytest.mark.parametrize(("apply", "rows"), [("CROSS", [("Ada", 1)]), ("OUTER", [("Ada", 1), ("Bob", None)])])
def test_a_query_is_applied_to_each_row(ask: Any, apply: str, rows: list[Any]) -> None:
    inner = "SELECT TOP 1 q.id FROM people q WHERE q.id = p.id AND q.id < 2 ORDER BY q.id"

    assert ask("tsql", f"SELECT p.name, o.id FROM people p {apply} APPLY ({inner}) o ORDER BY 1") == rows  # noqa: S608 - the test's own
