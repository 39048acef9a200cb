"""What is true of every schema in every tool's definition, at every depth, so that no client fails on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from polytomic_mcp.tools.framework.definitions import FOLDER, load_definition

KEYWORDS = {
    "additionalProperties",
    "anyOf",
    "default",
    "description",
    "enum",
    "items",
    "maximum",
    "minimum",
    "properties",
    "required",
    "type",
}
TYPES = {"array", "boolean", "integer", "null", "number", "object", "string"}


@dataclass(frozen=True)
class Node:
    """A schema within a definition, and its path there, such as ``create_sync.input.fields[].target``."""

    path: str
    schema: Any


def nodes(path: str, schema: Any) -> Iterator[Node]:
    """Yield a schema and every schema in it; what stands in the place of one is yielded too."""
    yield Node(path, schema)
    if not isinstance(schema, dict):
        return
    for name, part in schema.get("properties", {}).items():
        yield from nodes(f"{path}.{name}", part)
    for keyword, mark in (("items", "[]"), ("additionalProperties", ".*")):
        if keyword in schema and not is_anything(schema, keyword):
            yield from nodes(path + mark, schema[keyword])
    for number, part in enumerate(schema.get("anyOf", ())):
        yield from nodes(f"{path}|{number}", part)


def is_anything(schema: dict[str, Any], keyword: str) -> bool:
    """Whether this is the one empty schema that there may be: the values of a free object."""
    return keyword == "additionalProperties" and schema[keyword] == {}


ROOTS: dict[str, dict[str, Any]] = {
    f"{tool.name}.{side}": schema or {}
    for tool in (load_definition(file.stem) for file in sorted(FOLDER.iterdir()))
    for side, schema in (("input", tool.input_schema), ("output", tool.output_schema))
}
NODES = [node for path, schema in ROOTS.items() for node in nodes(path, schema)]


def where(is_wrong: Any) -> list[str]:
    return [f"{node.path}: {node.schema}" for node in NODES if is_wrong(node.schema)]


def test_a_definition_is_valid_json_schema_with_no_boolean_for_a_schema() -> None:
    for schema in ROOTS.values():
        Draft202012Validator.check_schema(schema)

    assert where(lambda schema: not isinstance(schema, dict)) == []


def test_a_root_is_an_object_with_members_and_no_choice() -> None:
    wrong = {"anyOf", "enum", "additionalProperties"}

    assert [path for path, schema in ROOTS.items() if schema["type"] != "object"] == []
    assert [path for path, schema in ROOTS.items() if "properties" not in schema] == []
    assert [path for path, schema in ROOTS.items() if wrong & schema.keys()] == []


def test_a_schema_has_no_other_keywords() -> None:
    assert where(lambda schema: schema.keys() - KEYWORDS) == []


def test_a_schema_has_one_type_or_is_a_choice_of_typed_ones() -> None:
    assert where(lambda schema: ("type" in schema) == ("anyOf" in schema)) == []
    assert where(lambda schema: "type" in schema and schema["type"] not in TYPES) == []
    assert where(lambda schema: not all("type" in part for part in schema.get("anyOf", ()))) == []


def test_a_list_says_what_it_holds() -> None:
    assert where(lambda schema: (schema.get("type") == "array") != ("items" in schema)) == []


def test_an_object_names_its_members_or_says_what_they_are() -> None:
    members = {"properties", "additionalProperties"}

    assert where(lambda schema: (schema.get("type") == "object") != bool(members & schema.keys())) == []


def test_a_required_member_is_described() -> None:
    assert where(lambda schema: set(schema.get("required", ())) - schema.get("properties", {}).keys()) == []


def test_a_default_and_the_values_of_an_enum_fit_their_type() -> None:
    def is_wrong(schema: dict[str, Any]) -> bool:
        values = [*schema.get("enum", ()), *([schema["default"]] if "default" in schema else [])]
        return not all(Draft202012Validator(schema).is_valid(value) for value in values)

    assert where(is_wrong) == []


@pytest.mark.parametrize("side", ["input", "output"])
def test_null_is_a_value_only_in_results(side: str) -> None:
    nulls = [n.path for n in NODES if n.schema.get("type") == "null" and f".{side}" in n.path]

    assert bool(nulls) is (side == "output")
