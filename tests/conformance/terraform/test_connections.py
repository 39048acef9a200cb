"""Connections of every type, with minimal, partial and full configurations, as the provider manages them."""

from functools import partial
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from tests.conformance.terraform.replay import PLAIN, Api, Json, Resource, cycle, destroy, import_

TYPES = sorted(load_connection_types())
ZEROS: dict[str, Any] = {"string": "", "boolean": False, "integer": 0, "number": 0.0}
SAMPLES: dict[str, Any] = {"string": "a text", "boolean": True, "integer": 7, "number": 1.5}
MASK = "********"


def schema_of(type_: str) -> Json:
    return load_connection_types()[type_].json_schema()


def decoded(schema: Json, value: Any) -> Any:
    """Return what the provider keeps of a value: it needs the schema's type, and null is the type's zero."""
    kind = schema["type"]
    if kind == "array":
        assert value is None or isinstance(value, list), value
        return None if value is None else [decoded(schema["items"], each) for each in value]
    if kind == "object" and "properties" in schema:
        assert value is None or isinstance(value, dict), value
        return {name: decoded(each, (value or {}).get(name)) for name, each in schema["properties"].items()}
    if kind == "object":
        return value
    assert value is None or isinstance(value, type(ZEROS[kind])), value
    return ZEROS[kind] if value is None else value


def expanded(schema: Json, value: Any) -> Any:
    """Return what the provider sends for a value: nested attributes that are not given become their zeros."""
    if schema["type"] == "array":
        return [expanded(schema["items"], each) for each in value or ()]
    if schema["type"] == "object" and "properties" in schema:
        parts = schema["properties"].items()
        return {} if value is None else {name: expanded(each, value.get(name)) for name, each in parts}
    return ZEROS.get(schema["type"], {}) if value is None else value


def is_read_only(schema: Json) -> bool:
    return bool(schema.get("readOnly"))


def body(type_: str, config: Json, state: Json | None) -> Json:
    """Return what the provider sends; an update leaves out the secrets that did not change."""
    fields = schema_of(type_)["properties"]
    given = {name: value for name, value in config["configuration"].items() if value is not None}
    before = (state or {}).get("configuration") or {}
    sent = {
        name: expanded(fields[name], value)
        for name, value in given.items()
        if not is_read_only(fields[name])
        and not (fields[name].get("sensitive") and state is not None and before.get(name) == value)
    }
    request: Json = {"name": config["name"], "type": type_, "validate": False}
    return request | ({"configuration": sent} if sent else {})


def state_of(type_: str, answer: Json, before: Json) -> Json:
    """Return what the provider keeps: secrets are those of the configuration, since the answer masks them."""
    fields = schema_of(type_)["properties"]
    known = before.get("configuration") or {}
    found = answer["configuration"] | {
        name: known.get(name)
        for name, each in fields.items()
        if each.get("sensitive") and not is_read_only(each)
    }
    return {
        "id": answer["id"],
        "name": answer["name"],
        "organization": answer["organization_id"],
        "configuration": {name: decoded(each, found.get(name)) for name, each in fields.items()},
    }


def connection(type_: str) -> Resource:
    return Resource(
        path="/api/connections",
        attributes={"name": PLAIN},
        body=partial(body, type_),
        state=partial(state_of, type_),
    )


def sample(schema: Json, *, parts: int) -> Any:
    """Return a value of a schema; an object has its first ``parts`` members."""
    if "enum" in schema:
        return schema["enum"][0]["value"] if isinstance(schema["enum"][0], dict) else schema["enum"][0]
    if schema["type"] == "array":
        return [sample(schema["items"], parts=parts)] * 2
    if schema["type"] == "object":
        named = list(schema.get("properties", {}).items())[:parts]
        return {name: sample(each, parts=parts) for name, each in named}
    return SAMPLES[schema["type"]]


def configuration(type_: str, *, parts: int) -> Json:
    fields = schema_of(type_)["properties"]
    return {name: sample(each, parts=parts) for name, each in fields.items() if not is_read_only(each)}


def minimal(type_: str) -> Json:
    schema = schema_of(type_)
    required = {name: schema["properties"][name] for name in schema["required"]}
    return {name: sample(each, parts=1) for name, each in required.items() if not is_read_only(each)}


def kept(type_: str, config: Json, state: Json) -> None:
    """Require that every given value is in the state; Terraform refuses an answer that changes one."""
    fields = schema_of(type_)["properties"]
    for name, value in config["configuration"].items():
        expected = decoded(fields[name], expanded(fields[name], value))
        assert state["configuration"][name] == expected, name


@pytest.mark.parametrize("type_", TYPES)
async def test_a_connection_of_every_type_lives_without_drift(api: Api, type_: str) -> None:
    resource = connection(type_)
    for values in ({}, minimal(type_), configuration(type_, parts=1)):
        config = {"name": f"{type_} {len(values)}", "configuration": values}
        state = await cycle(api, resource, config)
        kept(type_, config, state)
        await destroy(api, resource, state)

    first = {"name": f"A {type_}", "configuration": configuration(type_, parts=9)}
    second = {"name": f"The {type_}", "configuration": first["configuration"]}
    state = await cycle(api, resource, first, second)
    kept(type_, second, state)
    await import_(api, resource, without_secrets(type_, state))
    await destroy(api, resource, state)


def without_secrets(type_: str, state: Json) -> Json:
    """Return the state without its secrets, which an import cannot know."""
    fields = schema_of(type_)["properties"]
    secrets = {name: decoded(each, None) for name, each in fields.items() if each.get("sensitive")}
    return state | {"configuration": state["configuration"] | secrets}
