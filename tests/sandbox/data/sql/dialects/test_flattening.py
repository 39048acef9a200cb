"""Lists and objects as rows, in their order: FLATTEN, LATERAL VIEW, UNNEST, jsonb_array_elements, OPENJSON."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError

P = "people p"
QUERIES: list[tuple[str, str, list[Any]]] = [
    ("snowflake", f"f.value::string, f.index FROM {P}, LATERAL FLATTEN(input => p.data:tags) f", [("x", 0), ("y", 1)]),
    ("snowflake", f"f.value:sku::string FROM {P}, LATERAL FLATTEN(INPUT => p.data:items) AS f WHERE f.value:qty > 1", ["b"]),
    ("snowflake", f"f.key, f.index, f.path FROM {P}, TABLE(FLATTEN(input => p.data:address)) f", [("city", None, "city"), ("geo", None, "geo")]),
    ("snowflake", "value::string, index FROM TABLE(FLATTEN(input => parse_json('[\"a\",\"b\"]')))", [("a", 0), ("b", 1)]),
    ("snowflake", f"id, f.value FROM {P}, LATERAL FLATTEN(input => p.data:tags, outer => true) f", [(1, "x"), (1, "y"), (2, None)]),
    ("snowflake", f"f.value:lat::float FROM {P}, LATERAL FLATTEN(input => p.data, path => 'address.geo') f", [1.5]),
    ("snowflake", f"f.value:lat::float FROM {P}, LATERAL FLATTEN(input => p.data:address.geo, path => '[0]', mode => 'OBJECT') f", [None]),
    ("snowflake", f"f.value FROM {P}, LATERAL FLATTEN(input => p.data:tags, mode => 'OBJECT', recursive => false) f", []),
    ("snowflake", f"f.seq, f.path, f.this FROM {P}, LATERAL FLATTEN(p.data:address.geo) f", [(1, "[0]", [{"lat": 1.5}])]),
    ("snowflake", f"id, f.value FROM {P} JOIN LATERAL FLATTEN(input => split('a,b', ',')) f WHERE id = 1", [(1, "a"), (1, "b")]),
    ("snowflake", f"id, f.value::string FROM {P} CROSS JOIN LATERAL FLATTEN(input => data:tags) f", [(1, "x"), (1, "y")]),
    ("snowflake", f"id, f.value FROM {P} LEFT JOIN LATERAL FLATTEN(input => data:tags) f ORDER BY 1, f.index", [(1, "x"), (1, "y"), (2, None)]),
    ("snowflake", f"id FROM {P} JOIN LATERAL FLATTEN(input => data:tags) f ON f.value = 'y'", [1]),
    ("snowflake", f"b.value::string FROM {P}, LATERAL FLATTEN(input => p.data:items) a, LATERAL FLATTEN(input => a.value) b", ["a", "1", "b", "2"]),
    ("snowflake", f"value::string FROM {P}, LATERAL FLATTEN(input => data:tags)", ["x", "y"]),
    ("redshift", "t FROM people p, p.data.tags t", ["x", "y"]),
    ("redshift", "i.sku::varchar FROM people AS p, p.data.items AS i WHERE i.qty > 1", ["b"]),
    ("redshift", "t::varchar, n FROM people AS p, p.data.tags AS t AT n", [("x", 0), ("y", 1)]),
    ("databricks", "id, t FROM people LATERAL VIEW explode(split('a,b', ',')) x AS t WHERE id = 1", [(1, "a"), (1, "b")]),
    ("databricks", "id, t FROM people LATERAL VIEW OUTER explode(from_json(txt:tags, 'array<string>')) x AS t", [(1, "x"), (1, "y"), (2, None)]),
    ("databricks", "at, t FROM people LATERAL VIEW posexplode(array('a', 'b')) x AS at, t WHERE id = 1", [(0, "a"), (1, "b")]),
    ("databricks", "k, v FROM people LATERAL VIEW explode(map('a', 1)) AS k, v WHERE id = 1", [("a", 1)]),
    ("databricks", "t.col FROM people, LATERAL explode(array(1, 2)) t WHERE id = 1", [1, 2]),
    ("bigquery", "t FROM people p, UNNEST(JSON_VALUE_ARRAY(p.data, '$.tags')) AS t", ["x", "y"]),
    ("bigquery", "t, o FROM people p, UNNEST(JSON_VALUE_ARRAY(p.data, '$.tags')) AS t WITH OFFSET o", [("x", 0), ("y", 1)]),
    ("bigquery", "t, offset FROM people p, UNNEST(['a']) AS t WITH OFFSET WHERE id = 1", [("a", 0)]),
    ("bigquery", "JSON_VALUE(i, '$.sku'), i.qty FROM people p CROSS JOIN UNNEST(JSON_QUERY_ARRAY(p.data, '$.items')) AS i", [("a", 1), ("b", 2)]),
    ("bigquery", "id, x FROM people p LEFT JOIN UNNEST(JSON_VALUE_ARRAY(p.data, '$.tags')) AS x ORDER BY 1, 2", [(1, "x"), (1, "y"), (2, None)]),
    ("athena", "t FROM people CROSS JOIN UNNEST(split('a,b', ',')) AS x(t) WHERE id = 1", ["a", "b"]),
    ("athena", "count(*) FROM people CROSS JOIN UNNEST(ARRAY[1, 2])", [4]),
    ("mysql", "t.sku, t.qty FROM people p, JSON_TABLE(p.data, '$.items[*]' COLUMNS (sku VARCHAR(9) PATH '$.sku', qty INT PATH '$.qty')) t", [("a", 1), ("b", 2)]),
    ("mysql", "t.a FROM people p, JSON_TABLE(p.data, '$.address' COLUMNS (a JSON PATH '$.geo')) t", [[{"lat": 1.5}]]),
    ("postgres", "t FROM people, jsonb_array_elements_text(data->'tags') AS t", ["x", "y"]),
    ("postgres", "i->>'sku' FROM people p CROSS JOIN LATERAL jsonb_array_elements(p.data->'items') AS i", ["a", "b"]),
    ("postgres", "i.value->>'sku' FROM people p, jsonb_array_elements(p.data->'items') i", ["a", "b"]),
    ("postgres", "e.v->>'sku', e.n FROM people p, jsonb_array_elements(p.data->'items') WITH ORDINALITY AS e(v, n)", [("a", 1), ("b", 2)]),
    ("postgres", "k, v FROM people, jsonb_each_text(data->'address') AS e(k, v)", [("city", "Rome"), ("geo", '[{"lat":1.5}]')]),
    ("postgres", "key FROM json_each('{\"a\":1}'::json)", ["a"]),
    ("postgres", "k FROM people, jsonb_object_keys(data->'address') AS k", ["city", "geo"]),
    ("postgres", "jsonb_array_elements_text(data->'tags') FROM people WHERE id = 1", ["x", "y"]),
    ("postgres", "value FROM jsonb_array_elements_text('[\"a\"]'::jsonb)", ["a"]),
    ("tsql", "j.[key], j.value, j.type FROM people p CROSS APPLY OPENJSON(p.txt, '$.tags') j", [("0", "x", 1), ("1", "y", 1)]),
    ("tsql", "j.[key] FROM people p CROSS APPLY OPENJSON(p.txt) j WHERE j.type = 5", ["address"]),
    ("tsql", "j.sku, j.qty FROM people p CROSS APPLY OPENJSON(p.txt, '$.items') WITH (sku VARCHAR(9) '$.sku', qty INT) j", [("a", 1), ("b", 2)]),
    ("tsql", "j.city FROM people p CROSS APPLY OPENJSON(p.txt, '$.address') WITH (city VARCHAR(9)) j", ["Rome"]),
    ("clickhouse", "t FROM people ARRAY JOIN ['a', 'b'] AS t WHERE id = 1", ["a", "b"]),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "sql", "rows"), QUERIES)
def test_entries_are_rows_in_their_order(ask: Any, dialect: str, sql: str, rows: list[Any]) -> None:
    assert ask(dialect, f"SELECT {sql}") == rows


@pytest.mark.parametrize(
    ("dialect", "sql", "name"),
    [
        (
            "snowflake",
            "SELECT 1 FROM people, LATERAL FLATTEN(input => data, recursive => true) f",
            "RECURSIVE",
        ),
        (
            "databricks",
            "SELECT 1 FROM people LATERAL VIEW inline(array(named_struct('a', 1))) x AS a",
            "INLINE",
        ),
        ("clickhouse", "SELECT t FROM people LEFT ARRAY JOIN [1] AS t", "LEFT ARRAY JOIN"),
        (
            "mysql",
            "SELECT 1 FROM people, JSON_TABLE(data, '$[*]' COLUMNS (n FOR ORDINALITY, a INT PATH '$.a')) t",
            "ORDINALITY",
        ),
    ],
)
def test_an_option_that_is_not_emulated_is_refused_by_name(
    ask: Any, dialect: str, sql: str, name: str
) -> None:
    with pytest.raises(QueryError, match=f"does not emulate .*{name}"):
        ask(dialect, sql)
