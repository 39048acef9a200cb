"""JSON functions of each dialect as DuckDB's: what they return of text, of JSON, and of JSON's null."""

from collections.abc import Mapping
from typing import Final

_TEXT: Final = "json_extract_string(:a, '$')"
_TYPES: Final = "CASE json_type({}) {} END"


def _types(value: str, **names: str) -> str:
    """Return the template of the names that a dialect has for DuckDB's types of JSON."""
    cases = [("BIGINT", "UBIGINT", "HUGEINT"), ("DOUBLE",), ("VARCHAR",), ("BOOLEAN",), ("ARRAY",)]
    keys = ("integer", "decimal", "text", "boolean", "array")
    written = [
        f"WHEN '{type_}' THEN '{names[key]}'"
        for key, types in zip(keys, cases, strict=True)
        for type_ in types
    ]
    written += [f"WHEN 'OBJECT' THEN '{names['object']}'", f"WHEN 'NULL' THEN '{names['null']}'"]
    return _TYPES.format(value, " ".join(written))


_POSTGRES_TYPES: Final = _types(
    ":a",
    **dict.fromkeys(("integer", "decimal"), "number"),
    text="string", boolean="boolean", array="array", object="object", null="null",
)  # fmt: skip
_POSTGRES: Final[Mapping[str, str]] = {
    "ARRAY_LENGTH": "json_array_length(:a)",
    "TYPEOF": _POSTGRES_TYPES,
    "STRIP_NULLS": "json_merge_patch('{}', :a)",
    "AGG": "json_group_array(:a)",
    "OBJECT_AGG": "json_group_object(:a, :b)",
    "PRETTY": "json_pretty(:a)",
}

_FUNCTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "snowflake": {
        "ARRAY_SIZE": "json_array_length(to_json(:a))",
        "OBJECT_KEYS": "json_keys(to_json(:a))",
        "TYPEOF": _types(
            ":a",
            integer="INTEGER",
            decimal="DECIMAL",
            text="VARCHAR",
            boolean="BOOLEAN",
            array="ARRAY",
            object="OBJECT",
            null="NULL_VALUE",
        ),
        "ARRAY_CONTAINS": "list_contains(TRY_CAST(to_json(:a) AS JSON[]), to_json(:b))",
        "ARRAY_TO_STRING": (
            "array_to_string(list_transform(TRY_CAST(to_json(:a) AS JSON[]), "
            "lambda each: coalesce(json_extract_string(each, '$'), '')), :b)"
        ),
        "IS_NULL_VALUE": "json_type(:a) = 'NULL'",
        "STRIP_NULL_VALUE": "CASE WHEN json_type(:a) <> 'NULL' THEN :a END",
        "AS_VARCHAR": f"CASE WHEN json_type(:a) = 'VARCHAR' THEN {_TEXT} END",
        "AS_CHAR": f"CASE WHEN json_type(:a) = 'VARCHAR' THEN {_TEXT} END",
        "AS_INTEGER": f"TRY_CAST({_TEXT} AS BIGINT)",
        "AS_DOUBLE": f"TRY_CAST({_TEXT} AS DOUBLE)",
        "AS_BOOLEAN": f"CASE WHEN json_type(:a) = 'BOOLEAN' THEN CAST({_TEXT} AS BOOLEAN) END",
        "IS_ARRAY": "json_type(:a) = 'ARRAY'",
        "IS_OBJECT": "json_type(:a) = 'OBJECT'",
        "IS_VARCHAR": "json_type(:a) = 'VARCHAR'",
        "IS_BOOLEAN": "json_type(:a) = 'BOOLEAN'",
        "IS_INTEGER": "json_type(:a) IN ('BIGINT', 'UBIGINT')",
    },
    "redshift": {
        "JSON_EXTRACT_ARRAY_ELEMENT_TEXT": "json_extract_string(:a, '$[' || :b || ']')",
        "JSON_ARRAY_LENGTH": "json_array_length(:a)",
        "GET_ARRAY_LENGTH": "json_array_length(:a)",
        "IS_VALID_JSON": "json_valid(:a) AND json_type(:a) = 'OBJECT'",
        "IS_VALID_JSON_ARRAY": "json_valid(:a) AND json_type(:a) = 'ARRAY'",
        "JSON_SERIALIZE": "CAST(:a AS VARCHAR)",
        "JSON_TYPEOF": _POSTGRES_TYPES,
        "CAN_JSON_PARSE": "json_valid(:a)",
    },
    "databricks": {
        "JSON_ARRAY_LENGTH": "json_array_length(:a)",
        "JSON_OBJECT_KEYS": "json_keys(:a)",
        "SCHEMA_OF_JSON": "",
    },
    "bigquery": {
        "JSON_BOOL": f"CAST({_TEXT} AS BOOLEAN)",
        "FLOAT64": f"CAST({_TEXT} AS DOUBLE)",
        "INT64": f"CAST({_TEXT} AS BIGINT)",
        "STRING": _TEXT,
        "LAX_BOOL": f"TRY_CAST({_TEXT} AS BOOLEAN)",
        "LAX_FLOAT64": f"TRY_CAST({_TEXT} AS DOUBLE)",
        "LAX_INT64": f"TRY_CAST({_TEXT} AS BIGINT)",
        "LAX_STRING": _TEXT,
        "JSON_TYPE": _types(
            ":a",
            **dict.fromkeys(("integer", "decimal"), "number"),
            text="string",
            boolean="boolean",
            array="array",
            object="object",
            null="null",
        ),
        "TO_JSON_STRING": "CAST(to_json(:a) AS VARCHAR)",
    },
    "mysql": {
        "JSON_UNQUOTE": f"CASE WHEN json_type(to_json(:a)) = 'NULL' THEN 'null' ELSE {_TEXT} END",
        "JSON_LENGTH": (
            "CASE json_type(:a) WHEN 'ARRAY' THEN json_array_length(:a) "
            "WHEN 'OBJECT' THEN len(json_keys(:a)) WHEN NULL THEN NULL ELSE 1 END"
        ),
        "JSON_KEYS": "to_json(json_keys(:a))",
        "JSON_KEYS/2": "to_json(json_keys(:a, :b))",
        "JSON_LENGTH/2": (
            "CASE json_type(:a, :b) WHEN 'ARRAY' THEN json_array_length(:a, :b) "
            "WHEN 'OBJECT' THEN len(json_keys(:a, :b)) WHEN NULL THEN NULL ELSE 1 END"
        ),
        "JSON_CONTAINS/3": "CAST(json_contains(json_extract(:a, :c), :b) AS INTEGER)",
        "JSON_TYPE": _types(
            ":a",
            integer="INTEGER",
            decimal="DOUBLE",
            text="STRING",
            boolean="BOOLEAN",
            array="ARRAY",
            object="OBJECT",
            null="NULL",
        ),
        "JSON_VALID": "CAST(json_valid(:a) AS INTEGER)",
        "JSON_ARRAYAGG": "json_group_array(:a)",
        "JSON_OBJECTAGG": "json_group_object(:a, :b)",
        "JSON_CONTAINS": "CAST(json_contains(:a, :b) AS INTEGER)",
        "JSON_QUOTE": "CAST(to_json(CAST(:a AS VARCHAR)) AS VARCHAR)",
    },
    "postgres": {
        **{f"{kind}_{name}": text for kind in ("JSON", "JSONB") for name, text in _POSTGRES.items()},
        "JSON_BUILD_ARRAY": "json_array",
        "JSONB_BUILD_ARRAY": "json_array",
        "JSON_BUILD_OBJECT": "json_object",
        "JSONB_BUILD_OBJECT": "json_object",
        "TO_JSON": "to_json(:a)",
        "TO_JSONB": "to_json(:a)",
        "ROW_TO_JSON": "to_json(:a)",
        "JSONB_PATH_QUERY_FIRST": "json_extract(:a, :b)",
        "ARRAY_CONTAINS_ALL": "json_contains(to_json(:a), :b)",
        "JSONB_CONTAINS_ALL_TOP_KEYS": "list_has_all(json_keys(:a), :b)",
        "JSONB_CONTAINS_ANY_TOP_KEYS": "list_has_any(json_keys(:a), :b)",
        "JSONB_CONTAINS_TOP_KEY": "list_contains(json_keys(:a), :b)",
        **{f"{kind}_EXTRACT_PATH": "json_extract(:a, :keys)" for kind in ("JSON", "JSONB")},
        **{f"{kind}_EXTRACT_PATH_TEXT": "json_extract_string(:a, :keys)" for kind in ("JSON", "JSONB")},
    },
    "athena": {
        "JSON_SIZE": "coalesce(json_array_length(:a, :b), len(json_keys(:a, :b)), 0)",
        "IS_JSON_SCALAR": "json_type(:a) NOT IN ('ARRAY', 'OBJECT')",
    },
    "tsql": {"ISJSON": "CAST(coalesce(json_valid(:a) AND json_type(:a) IN ('ARRAY', 'OBJECT')) AS INTEGER)"},
    "clickhouse": {
        "JSONEXTRACTINT": "coalesce(TRY_CAST(json_extract_string(:a, :path) AS BIGINT), 0)",
        "JSONEXTRACTFLOAT": "coalesce(TRY_CAST(json_extract_string(:a, :path) AS DOUBLE), 0)",
        "JSONEXTRACTBOOL": "coalesce(TRY_CAST(json_extract_string(:a, :path) AS BOOLEAN), FALSE)",
        "JSONEXTRACTSTRING": "coalesce(json_extract_string(:a, :path), '')",
        "JSONEXTRACTRAW": "coalesce(CAST(json_extract(:a, :path) AS VARCHAR), '')",
        "JSONHAS": "json_exists(:a, :path)",
        "JSONLENGTH": "coalesce(json_array_length(:a), 0)",
    },
}


def functions_of(dialect: str) -> Mapping[str, str]:
    """Return the templates of a dialect's functions, by their names in capitals."""
    return _FUNCTIONS.get(dialect, {})
