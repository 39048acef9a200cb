"""A configuration, held against the schema that the API publishes for it."""

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.tools.connections.configurations import configuration_problems
from polytomic_mcp.tools.connections.connection_types import schema_to_create

SCHEMA = {
    "required": ["database"],
    "properties": {
        "hostname": {"type": "string"},
        "port": {"type": ["integer", "null"]},
        "ratio": {"type": "number"},
        "ssl": {"type": "boolean"},
        "database": {"type": "string"},
        "username": {"type": "string"},
        "password": {"type": "string", "sensitive": True},
        "mode": {"type": "string", "enum": [{"value": "ro", "label": "Read only"}, "rw"]},
        "either": {"type": ["string", "integer"]},
        "set": {"type": "string", "readOnly": True},
        "free": {"type": "object"},
        "open": {"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "string"}},
        "ssh": {
            "type": "object",
            "required": ["key"],
            "properties": {"key": {"type": "string"}, "retries": {"type": "integer", "default": 3}},
        },
        "headers": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": {"type": "string", "enum": ["a", "b"]}}},
        },
    },
}


def check(schema: Any = SCHEMA, /, **configuration: Any) -> tuple[list[str], dict[str, Any]]:
    """Return the problems of a configuration, and what would be sent."""
    sent = {"database": "d"} | configuration
    return configuration_problems("c", sent, schema), {
        name: value for name, value in sent.items() if name in configuration
    }


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ({"port": "5432"}, {"port": 5432}),
        ({"port": 5432.0}, {"port": 5432.0}),
        ({"ratio": "0.5"}, {"ratio": 0.5}),
        ({"hostname": 5432}, {"hostname": "5432"}),
        ({"hostname": "[1]"}, {"hostname": "[1]"}),
        ({"mode": "read only"}, {"mode": "ro"}),
        ({"mode": "RW"}, {"mode": "rw"}),
        ({"either": 5}, {"either": 5}),
        ({"set": "by Polytomic"}, {"set": "by Polytomic"}),
        ({"free": {"anything": None}}, {"free": {"anything": None}}),
        ({"open": {"b": "x", "a": 1}}, {"open": {"b": "x", "a": 1}}),
        ({"port": None, "ssh": None}, {"port": None, "ssh": None}),
        ({"ssh": '{"key": 7, "retries": "5"}'}, {"ssh": {"key": "7", "retries": 5}}),
        ({"headers": '[{"name": "A"}]'}, {"headers": [{"name": "a"}]}),
        ({"headers": []}, {"headers": []}),
    ],
)
def test_what_a_value_spells_is_sent_as_the_type_requires(sent: Any, written: Any) -> None:
    assert check(**sent) == ([], written)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"port": "hunter2"}, "c.port must be of type integer."),
        ({"port": 1.5}, "c.port must be of type integer."),
        ({"port": True}, "c.port must be of type integer."),
        ({"ssl": "true"}, "c.ssl must be of type boolean."),
        ({"hostname": True}, "c.hostname must be of type string."),
        ({"headers": "hunter2"}, "c.headers must be of type array."),
        ({"ssh": "[1e999]"}, "c.ssh must be of type object."),
        ({"mode": "hunter2"}, "c.mode: Unknown value. Valid values: ro (Read only), rw."),
        ({"mode": 2}, "c.mode: Unknown value. Valid values: ro (Read only), rw."),
        ({"ssh": {}}, "c.ssh.key is required."),
        ({"ssh": {"key": "k", "kez": "hunter2"}}, "c.ssh: Unknown field 'kez'. Did you mean 'key'?"),
        ({"headers": [{}, {"name": "c"}]}, "c.headers[1].name: Unknown value. Valid values: a, b."),
        ({"headers": [{"nam": "a"}]}, "c.headers[0]: Unknown field 'nam'. Did you mean 'name'?"),
        ({"database": ""}, "c.database is required."),
        ({"host": "h"}, "c: Unknown field 'host'. Did you mean 'hostname'?"),
        ({"user": "u"}, "c: Unknown field 'user'. Did you mean 'username'?"),
        ({"account": "u"}, "c: Unknown field 'account'. Did you mean 'username'?"),
        ({"passwd": "hunter2"}, "c: Unknown field 'passwd'. Did you mean 'password'?"),
        ({"dbname": "d"}, "c: Unknown field 'dbname'. Did you mean 'database'?"),
    ],
)
def test_a_problem_has_its_path_and_the_valid_values_but_never_the_value(sent: Any, problem: str) -> None:
    (found,) = check(**sent)[0]

    assert found.startswith(problem)
    assert "hunter2" not in found


def test_a_missing_choice_is_asked_for_with_the_valid_ones() -> None:
    schema = {"required": ["mode"], "properties": {"mode": {"enum": ["a", "b"]}}}

    assert check({"jsonschema": schema | {"properties": schema["properties"] | {"database": {}}}})[0] == [
        "c.mode is required. Valid values: a, b."
    ]


@pytest.mark.parametrize("schema", [None, {}, [], {"type": "object"}])
def test_what_the_api_does_not_describe_is_passed_on(schema: Any) -> None:
    assert check(schema, anything={"at": ["all"]}) == ([], {"anything": {"at": ["all"]}})


def test_a_type_without_fields_takes_none() -> None:
    assert check({"properties": {}})[0] == ["c: Unknown field 'database'. There are none."]


class Published:
    """An API that publishes one schema."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema

    async def call(self, *_: Any, **__: Any) -> Any:
        return self.schema


def example(schema: Any) -> Any:
    """Return a value that a schema allows."""
    values = {"string": "acme.example", "integer": 1, "boolean": True, "array": []}
    if "enum" in schema:
        return schema["enum"][0]["value"]
    if schema.get("type") == "object":
        return {name: example(part) for name, part in schema.get("properties", {}).items()}
    return schema.get("default", values.get(schema.get("type")))


def configurations_of(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield configurations of a type, of which some are wrong in one way each."""
    fields = {name: part for name, part in schema["properties"].items() if not part.get("readOnly")}
    complete = {name: example(part) for name, part in fields.items()}
    required = {name: complete[name] for name in schema["required"]}
    yield from ({}, complete, required, complete | {"no_such_field": 1})
    for name, part in list(fields.items())[:3]:
        yield complete | {name: True if part["type"] == "string" else "x"}
        yield required | {name: None}
        yield required | {name: ""}


@pytest.mark.slow
async def test_every_type_of_the_sandbox_gets_the_same_verdict_from_it() -> None:
    headers = {"Authorization": "Bearer a-key-of-mine"}
    transport = httpx.ASGITransport(create_sandbox(key="a-key-of-mine"))
    different, count = [], 0
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=headers) as api:
        for entry in (await api.get("/api/connection_types")).json()["data"]:
            schema = (await api.get(f"/api/connection_types/{entry['id']}")).json()
            for configuration in configurations_of(schema):
                sent = copy.deepcopy(configuration)
                published: Any = Published(schema)
                problems = configuration_problems(
                    "configuration", sent, await schema_to_create(published, entry, sent)
                )
                body = {"name": "n", "type": entry["id"], "configuration": configuration}
                answer = await api.post("/api/connections", json=body)
                count += 1
                is_empty = not any(value is not None for value in configuration.values())
                is_lenient = is_empty or "no_such_field" in configuration
                if answer.is_success == (bool(problems) and not is_lenient):
                    different.append((entry["id"], configuration, answer.text, problems))

    assert different == []
    assert count > 1500
