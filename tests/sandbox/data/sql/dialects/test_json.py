"""JSON in each dialect: text without quotes, numbers, booleans, times, members, and JSON's null."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError

ADDRESS = '{"city":"Rome","geo":[{"lat":1.5}]}'
EXPRESSIONS: dict[str, dict[str, Any]] = {
    "snowflake": {
        "data:name::string": "Ada",
        "data:address.city::varchar": "Rome",
        "data['address']['city']::text": "Rome",
        "data:address.geo[0].lat::float": 1.5,
        "data:tags[1]::string": "y",
        'data:"a b"::string': "spaced",
        "data:nothing::string": None,
        "data:missing::string": None,
        "data:n::int + 1": 6,
        "data:n::number(10, 2)": 5.0,
        "data:n::string": "5",
        "data:ok::boolean": True,
        "data:when::timestamp_ntz": "2026-01-15T09:30:00",
        "data:when::date": "2026-01-15",
        "data:address::string": ADDRESS,
        "data:address::variant": {"city": "Rome", "geo": [{"lat": 1.5}]},
        "data:tags::array": ["x", "y"],
        "data:name": "Ada",
        "parse_json(txt):name::string": "Ada",
        "try_parse_json('{')": None,
        "get_path(data, 'address.city')::string": "Rome",
        "get(data, 'name')::string": "Ada",
        "get(data:tags, 1)::string": "y",
        "upper(data:name)": "ADA",
        "data:name || '!'": "Ada!",
        "data:name LIKE 'A%'": True,
        "data:name = 'Ada'": True,
        "data:name = data:address.city": False,
        "data:name IN ('Ada', 'Bob')": True,
        "data:n > 3": True,
        "data:n > id + 3": True,
        "data:n BETWEEN id AND 9": True,
        "data:ok = TRUE": True,
        "data:n + 1": 6.0,
        "sum(data:n)": 5.0,
        "coalesce(data:missing, data:name, 'z')": "Ada",
        "coalesce(data:missing, NULL)": None,
        "iff(TRUE, data:name, 'n')": "Ada",
        "CASE WHEN id = 1 THEN data:name ELSE 'n' END": "Ada",
        "CASE WHEN id = 1 THEN data:n END": 5,
        "to_varchar(data:name)": "Ada",
        "as_varchar(data:name)": "Ada",
        "as_integer(data:n)": 5,
        "is_null_value(data:nothing)": True,
        "strip_null_value(data:nothing)": None,
        "typeof(data:n)": "INTEGER",
        "array_size(data:tags)": 2,
        "object_keys(data:address)": ["city", "geo"],
        "array_contains('x'::variant, data:tags)": True,
        "array_to_string(data:tags, ',')": "x,y",
        "'5'::variant::string": "5",
        "data[lower('NAME')]::string": "Ada",
    },
    "redshift": {
        "p.data.name": "Ada",
        "p.data.name::varchar": "Ada",
        "data.address.city::text": "Rome",
        "p.data.n::int": 5,
        "p.data.tags[0]::varchar": "x",
        "data.items[1].sku::varchar": "b",
        "p.data.name = 'Ada'": True,
        "json_extract_path_text(txt, 'address', 'city')": "Rome",
        "json_extract_path_text(txt, 'missing')": None,
        'json_extract_array_element_text(\'["a","b"]\', 1)': "b",
        "json_array_length('[1,2]')": 2,
        'json_parse(\'{"a":"b"}\').a::varchar': "b",
        "json_serialize(data.tags)": '["x","y"]',
        "json_typeof(data.tags)": "array",
        "is_valid_json('{')": False,
    },
    "databricks": {
        "txt:name": "Ada",
        "txt:address.city": "Rome",
        "txt:items[1].sku": "b",
        "txt:items[*].sku": ["a", "b"],
        "txt:n::int": 5,
        "data:name::string": "Ada",
        "get_json_object(txt, '$.address.city')": "Rome",
        "get_json_object(txt, '$.tags[0]')": "x",
        "get_json_object(txt, '$.address')": ADDRESS,
        "from_json('{\"a\":1}', 'a INT').a": 1,
        "from_json(txt:tags, 'array<string>')[1]": "y",
        "from_json('{', 'a INT').a": None,
    },
    "bigquery": {
        "JSON_VALUE(data, '$.name')": "Ada",
        "JSON_VALUE(txt, '$.address.city')": "Rome",
        "JSON_VALUE(data, '$.tags[0]')": "x",
        "JSON_VALUE(data, '$.address')": None,
        "JSON_VALUE(data, '$.n') = '5'": True,
        "CAST(JSON_VALUE(data, '$.n') AS INT64)": 5,
        "JSON_EXTRACT_SCALAR(txt, '$.name')": "Ada",
        "JSON_QUERY(data, '$.tags')": ["x", "y"],
        "JSON_EXTRACT_STRING_ARRAY(txt, '$.tags')": ["x", "y"],
        "STRING(data.name)": "Ada",
        "INT64(data.n)": 5,
        "BOOL(data.ok)": True,
        "LAX_INT64(data.name)": None,
        "data.address.city": "Rome",
        "p.data.tags[1]": "y",
        "JSON_TYPE(data.n)": "number",
        "TO_JSON_STRING(data.tags)": '["x","y"]',
    },
    "mysql": {
        "data->>'$.name'": "Ada",
        "data->'$.name'": "Ada",
        "JSON_UNQUOTE(JSON_EXTRACT(data, '$.address.city'))": "Rome",
        "JSON_UNQUOTE(data->'$.nothing')": "null",
        "data->>'$.tags[0]'": "x",
        "data->>'$.\"a b\"'": "spaced",
        "data->>'$.address'": ADDRESS,
        "data->>'$.missing'": None,
        "CAST(data->>'$.n' AS UNSIGNED) + 1": 6,
        "CAST(data->'$.n' AS SIGNED)": 5,
        "data->'$.name' = 'Ada'": True,
        "JSON_VALUE(data, '$.n' RETURNING SIGNED)": 5,
        "JSON_VALUE(data, '$.name')": "Ada",
        "JSON_LENGTH(data, '$.tags')": 2,
        "JSON_LENGTH(data->'$.address')": 2,
        "JSON_KEYS(data, '$.address')": ["city", "geo"],
        "JSON_CONTAINS(data, '\"x\"', '$.tags')": 1,
        "JSON_TYPE(data->'$.name')": "STRING",
        "JSON_VALID('{')": 0,
        "JSON_ARRAYAGG(id)": [1],
    },
    "postgres": {
        "data->>'name'": "Ada",
        "data->'name'": "Ada",
        "data->'address'->>'city'": "Rome",
        "data#>>'{address,city}'": "Rome",
        "data#>'{tags,0}'": "x",
        "data #>> '{\"a b\"}'": "spaced",
        "data #>> ARRAY['items', '1', 'sku']": "b",
        "data->'tags'->>0": "x",
        "data->'tags'->>-1": "y",
        "data->'items'->1->>'sku'": "b",
        "(data->>'n')::int": 5,
        "(data->'n')::int": 5,
        "(data->>'when')::timestamp": "2026-01-15T09:30:00",
        "data->>'nothing'": None,
        "txt::jsonb->>'name'": "Ada",
        "data['address']['city']": "Rome",
        "data['tags'][1]": "y",
        "upper(data->>'name')": "ADA",
        "jsonb_array_length(data->'tags')": 2,
        "jsonb_array_length(data->'address'->'geo')": 1,
        "jsonb_typeof(data->'n')": "number",
        "jsonb_extract_path_text(data, 'address', 'city')": "Rome",
        "jsonb_extract_path_text(data, 'tags', '1')": "y",
        "json_build_object('a', 1)": {"a": 1},
        "data ? 'name'": True,
        "data ?| ARRAY['no', 'n']": True,
        "data @> '{\"n\":5}'": True,
    },
    "athena": {
        "json_extract_scalar(txt, '$.address.city')": "Rome",
        "json_extract(txt, '$.tags')": ["x", "y"],
        "CAST(json_extract(txt, '$.n') AS integer)": 5,
        "CAST(json_extract(txt, '$.name') AS varchar)": "Ada",
        "json_size(txt, '$.tags')": 2,
    },
    "tsql": {"JSON_VALUE(txt, '$.address.city')": "Rome", "ISJSON(txt)": 1},
    "clickhouse": {
        "JSONExtractString(txt, 'name')": "Ada",
        "JSONExtractInt(txt, 'n')": 5,
        "JSONExtractString(txt, 'address', 'city')": "Rome",
        "JSONExtractInt(txt, 'items', 2, 'qty')": 2,
        "JSONHas(txt, 'zzz')": False,
    },
}


@pytest.mark.parametrize(
    ("dialect", "sql", "value"),
    [(dialect, sql, value) for dialect, each in EXPRESSIONS.items() for sql, value in each.items()],
)
def test_json_has_the_value_that_its_warehouse_gives(ask: Any, dialect: str, sql: str, value: Any) -> None:
    assert ask(dialect, f"SELECT {sql} AS v FROM people AS p WHERE id = 1") == [value]  # noqa: S608 - the test's own


@pytest.mark.parametrize(
    ("dialect", "sql", "rows"),
    [
        ("snowflake", "SELECT id FROM people WHERE data:name::string = 'Ada'", [1]),
        (
            "snowflake",
            "WITH x AS (SELECT data:name AS v, data FROM people) SELECT upper(v) FROM x WHERE v IS NOT NULL",
            ["ADA"],
        ),
        (
            "snowflake",
            "WITH x AS (SELECT data:name::string AS data FROM people) SELECT data || '!' FROM x LIMIT 1",
            ["Ada!"],
        ),
        (
            "snowflake",
            "SELECT v::string FROM (SELECT * FROM (SELECT data:name FROM people) AS a(v)) WHERE v = 'Ada'",
            ["Ada"],
        ),
        (
            "snowflake",
            """SELECT v:x::int FROM (
                SELECT parse_json('{"x": 10}') AS v UNION ALL SELECT parse_json('{"x": 9}')
            ) ORDER BY v:x""",
            [9, 10],
        ),
        (
            "redshift",
            "SELECT p.data.name::varchar FROM people p ORDER BY p.data.n NULLS LAST LIMIT 1",
            ["Ada"],
        ),
        ("postgres", "SELECT (SELECT p.data->>'name') FROM people p WHERE id = 1", ["Ada"]),
        ("duckdb", "SELECT data->>'$.name' FROM people WHERE id = 1", ["Ada"]),
    ],
)
def test_json_is_followed_through_subqueries(ask: Any, dialect: str, sql: str, rows: list[Any]) -> None:
    assert ask(dialect, sql) == rows


def test_a_query_that_reads_text_as_json_is_refused_if_it_is_none(ask: Any) -> None:
    with pytest.raises(QueryError, match="Malformed JSON"):
        ask("snowflake", "SELECT parse_json('{')")


def test_a_path_that_is_computed_is_refused(ask: Any) -> None:
    with pytest.raises(QueryError, match="with a path that is written out"):
        ask("postgres", "SELECT data #>> string_to_array(name, ',') FROM people")
