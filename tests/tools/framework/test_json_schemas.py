"""The form of a tool's schemas: what pydantic writes becomes what every client reads."""

from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field

from polytomic_mcp.common.json_values import AnyJson, JsonObject
from polytomic_mcp.tools.framework.json_schemas import any_value, compact

FREE = {"type": "object", "additionalProperties": {}}


def test_a_reference_is_put_in_place_beside_its_siblings() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A", "description": "mine"}},
        "$defs": {"A": {"type": "string", "title": "A", "description": "its"}},
    }

    assert compact(schema)["properties"] == {"a": {"type": "string", "description": "mine"}}


class Tree(BaseModel):
    label: str
    children: list["Tree"] = []


def test_a_definition_within_itself_is_any_object() -> None:
    members = compact(Tree.model_json_schema())["properties"]

    assert members["children"] == {"type": "array", "items": FREE, "default": []}


def test_an_optional_part_is_a_plain_part() -> None:
    schema = {"anyOf": [{"type": "string", "title": "S"}, {"type": "null"}], "default": None, "title": "T"}

    assert compact(schema) == {"type": "string"}


def test_a_choice_of_several_stays_one() -> None:
    schema = {"anyOf": [{"type": "string", "title": "S"}, {"type": "integer"}, {"type": "null"}]}

    assert compact(schema) == {"anyOf": [{"type": "string"}, {"type": "integer"}]}


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Square(BaseModel):
    kind: Literal["square"]
    side: float


class Drawing(BaseModel):
    shape: Annotated[Circle | Square, Field(discriminator="kind")]


def test_a_choice_by_a_discriminator_is_a_choice() -> None:
    shape = compact(Drawing.model_json_schema())["properties"]["shape"]

    assert shape.keys() == {"anyOf"}
    assert [each["properties"]["kind"] for each in shape["anyOf"]] == [
        {"type": "string", "enum": ["circle"]},
        {"type": "string", "enum": ["square"]},
    ]


class Values(BaseModel):
    model_config = ConfigDict(extra="forbid")

    anything: AnyJson = None
    or_nothing: Annotated[AnyJson | None, Field(description="Anything")] = None
    objects: list[JsonObject]
    open: JsonObject
    texts: dict[str, str]
    gaps: list[str | None]


def test_every_schema_has_a_type_and_every_object_says_what_else_it_holds() -> None:
    anything = any_value(of_result=False)

    assert compact(Values.model_json_schema()) == {
        "type": "object",
        "properties": {
            "anything": anything,
            "or_nothing": anything | {"description": "Anything"},
            "objects": {"type": "array", "items": FREE},
            "open": FREE,
            "texts": {"type": "object", "additionalProperties": {"type": "string"}},
            "gaps": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["objects", "open", "texts", "gaps"],
    }


def test_a_result_may_hold_nulls_in_lists_and_where_anything_may_be() -> None:
    members = compact(Values.model_json_schema(), of_result=True)["properties"]

    assert members["gaps"]["items"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert {"type": "null"} in members["anything"]["anyOf"]


def test_a_list_without_items_is_one_of_anything() -> None:
    anything = any_value(of_result=True)

    assert compact({"type": "array"}, of_result=True) == {"type": "array", "items": anything}
    assert compact({"type": "array", "items": {}}, of_result=True) == {"type": "array", "items": anything}


@pytest.mark.parametrize("value", ["x", 1, 1.5, True, {"a": [[[[1]]]]}, [], ["x", 1, {"a": None}]])
def test_any_value_fits_its_schema(value: Any) -> None:
    assert Draft202012Validator(any_value(of_result=False)).is_valid(value)
    assert Draft202012Validator(any_value(of_result=True)).is_valid([None, [value, None]])
