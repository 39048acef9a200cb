import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from polytomic_mcp.catalogue import Catalogue, load_catalogue
from polytomic_mcp.errors import UnknownOperationError


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from subschemas(part)
    if isinstance(schema, list):
        for part in schema:
            yield from subschemas(part)


def parameter_schemas(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    for operation in catalogue.values():
        for parameter in operation.parameters:
            yield from subschemas(parameter.schema)


def references(schemas: Iterator[dict[str, Any]]) -> set[str]:
    return {schema["$ref"].removeprefix("#/$defs/") for schema in schemas if "$ref" in schema}


def test_it_has_the_198_operations_of_the_api(catalogue: Catalogue) -> None:
    ids = list(catalogue)

    assert len(catalogue) == len(ids) == 198
    assert all(re.fullmatch(r"(GET|POST|PUT|PATCH|DELETE) /api/[^ ]+", id_) for id_ in ids)
    assert all(
        operation.id == id_ == f"{operation.method} {operation.path}" for id_, operation in catalogue.items()
    )


def test_it_is_read_once() -> None:
    assert load_catalogue() is load_catalogue()


COUNT_READS = """
import sys

opened = []
sys.addaudithook(lambda event, details: event == "open" and opened.append(str(details[0])))

import polytomic_mcp.catalogue

before = sum(path.endswith("operations.json") for path in opened)
polytomic_mcp.catalogue.load_catalogue()
print(before, sum(path.endswith("operations.json") for path in opened))
"""


def test_importing_the_package_reads_no_catalogue() -> None:
    command = [sys.executable, "-c", COUNT_READS]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  the code is above

    assert answer.stdout.split() == ["0", "1"]


def test_an_operation_is_found_by_its_name(catalogue: Catalogue) -> None:
    assert catalogue.find("GET /api/me") is catalogue["GET /api/me"]


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("POST /api/connection", "POST /api/connections"),
        ("GET /api/connections/0b1c8f3a-1111", "GET /api/connections/{id}"),
        ("GET /api/sync", "GET /api/syncs"),
    ],
)
def test_an_unknown_operation_is_refused_with_the_nearest_names(
    catalogue: Catalogue, wrong: str, nearest: str
) -> None:
    with pytest.raises(UnknownOperationError) as refusal:
        catalogue.find(wrong)

    assert wrong in str(refusal.value)
    assert nearest in str(refusal.value)


@pytest.mark.parametrize("wrong", ["", "x" * 5_000_000, "\ud800"])
def test_an_operation_like_no_other_is_refused_with_the_form_of_an_id(
    catalogue: Catalogue, wrong: str
) -> None:
    with pytest.raises(UnknownOperationError, match="METHOD /api/path") as refusal:
        catalogue.find(wrong)

    assert len(str(refusal.value)) < 1_000


def test_no_operation_has_two_parameters_with_the_same_name(catalogue: Catalogue) -> None:
    for operation in catalogue.values():
        names = [parameter.name for parameter in operation.parameters]

        assert len(names) == len(set(names)), operation.id


def test_path_parameters_are_the_placeholders_in_their_order(catalogue: Catalogue) -> None:
    for operation in catalogue.values():
        names = [parameter.name for parameter in operation.parameters if parameter.place == "path"]

        assert names == [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
        assert names == re.findall(r"{(\w+)}", operation.path)


def test_only_operations_with_a_body_have_body_parameters(catalogue: Catalogue) -> None:
    with_parameters = {o.id for o in catalogue.values() if any(p.place == "body" for p in o.parameters)}
    with_body = {o.id for o in catalogue.values() if o.has_body}

    assert with_parameters <= with_body
    assert not any(id_.startswith(("GET", "DELETE")) for id_ in with_body)
    assert "POST /api/connections/{connection_id}/query" in with_body - with_parameters


def test_objects_in_a_query_are_deep_objects(catalogue: Catalogue) -> None:
    for operation in catalogue.values():
        for parameter in operation.parameters:
            is_query_object = parameter.place == "query" and parameter.schema["type"] == "object"

            assert (parameter.style == "deepObject") == is_query_object


def test_summaries_are_short_distinct_sentences(catalogue: Catalogue) -> None:
    summaries = [operation.summary for operation in catalogue.values()]

    assert len(set(summaries)) == len(summaries)
    assert all(12 <= len(summary) <= 140 for summary in summaries)
    assert all(re.fullmatch(r"[A-Z][^\n]*[.]", summary) for summary in summaries)


def test_a_get_reads_and_a_delete_destroys(catalogue: Catalogue) -> None:
    for operation in catalogue.values():
        if operation.method == "GET":
            assert operation.effect == "read"
        elif operation.method == "DELETE":
            assert operation.effect == "destroy"
        else:
            assert operation.method != "PUT" or operation.effect == "write"


@pytest.mark.parametrize(
    ("operation", "effect"),
    [
        ("POST /api/connections/test", "read"),
        ("POST /api/model-preview", "read"),
        ("POST /api/operations/search", "read"),
        ("POST /api/connections/{connection_id}/query", "write"),
        ("POST /api/syncs/{id}/cancel", "write"),
        ("POST /api/syncs/{id}/executions", "write"),
        ("POST /api/connections/{id}/proxy", "destroy"),
        ("POST /api/organizations/{org_id}/users/{id}/keys", "destroy"),
    ],
)
def test_the_effect_of_a_post_is_what_it_does(catalogue: Catalogue, operation: str, effect: str) -> None:
    assert catalogue[operation].effect == effect


def test_every_operation_but_a_get_accepts_an_idempotency_key(catalogue: Catalogue) -> None:
    for operation in catalogue.values():
        assert operation.takes_idempotency_key == (operation.method != "GET")


def test_paging_and_jobs_are_known(catalogue: Catalogue) -> None:
    paged = {operation.id for operation in catalogue.values() if operation.is_paged}
    jobs = {operation.id for operation in catalogue.values() if operation.is_async_capable}

    assert {"GET /api/syncs", "GET /api/models", "GET /api/bulk/syncs", "GET /api/queries/{id}"} <= paged
    assert "GET /api/connections" not in paged
    assert jobs == {
        "DELETE /api/models/{id}",
        "GET /api/models/{id}",
        "GET /api/models/{id}/sample",
        "POST /api/connections/{id}/proxy",
        "POST /api/model-preview",
        "POST /api/models",
        "PUT /api/models/{id}",
    }


def test_parameters_that_only_the_documentation_has_are_marked(catalogue: Catalogue) -> None:
    marked = {
        (operation.id, parameter.name)
        for operation in catalogue.values()
        for parameter in operation.parameters
        if not parameter.is_in_sdk
    }

    assert marked == {
        ("GET /api/bulk/syncs", "limit"),
        ("GET /api/bulk/syncs", "page_token"),
        ("GET /api/connections/connect/session", "token"),
        ("GET /api/events", "event_type"),
        ("GET /api/events", "page_token"),
        ("GET /api/models", "limit"),
        ("GET /api/models", "page_token"),
    }


def test_every_schema_is_json_schema(catalogue: Catalogue) -> None:
    everything = {
        f"{operation.id} {parameter.name}": parameter.schema
        for operation in catalogue.values()
        for parameter in operation.parameters
    }

    assert len(everything) == 622
    jsonschema.Draft202012Validator.check_schema({"properties": everything, "$defs": catalogue.definitions})


def test_definitions_are_those_that_parameters_refer_to(catalogue: Catalogue) -> None:
    reached: set[str] = set()
    found = references(parameter_schemas(catalogue))
    while found - reached:
        reached |= found
        found = references(part for name in reached for part in subschemas(catalogue.definitions[name]))

    assert reached == set(catalogue.definitions)


def test_enumerations_are_open(catalogue: Catalogue) -> None:
    mode = next(p for p in catalogue["POST /api/syncs"].parameters if p.name == "mode")
    schemas = [*parameter_schemas(catalogue), *subschemas(catalogue.definitions)]

    jsonschema.validate("a mode of tomorrow", mode.schema)
    assert "updateOrCreate" in mode.schema["examples"]
    assert not any({"enum", "const"} & schema.keys() for schema in schemas if "type" in schema)


def test_an_optional_part_of_a_body_may_be_null(catalogue: Catalogue) -> None:
    body = {p.name: p.schema for p in catalogue["POST /api/syncs"].parameters}
    schema = {"properties": body, "required": ["name"], "$defs": catalogue.definitions}
    validator = jsonschema.Draft202012Validator(schema)

    assert validator.is_valid(
        {"name": "n", "identity": None, "schedule": {"frequency": "manual", "hour": None}}
    )
    assert not validator.is_valid({"name": None})


def test_operations_and_requests_are_hashable(catalogue: Catalogue) -> None:
    operation = catalogue["POST /api/connections"]
    request = operation.bind({"name": "n", "type": "gong", "configuration": {"password": "hunter2"}})

    assert len({operation, request}) == 2
    assert "hunter2" not in repr(request)
