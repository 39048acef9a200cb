"""schemathesis tries the sandbox against its OpenAPI document: requests that fit it and requests that do not.

For longer: ``polytomic-mcp sandbox --key KEY --port 8000`` and, beside it, ``schemathesis run
http://127.0.0.1:8000/sandbox/openapi.json -H "Authorization: Bearer KEY" --max-examples 200``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox.control.openapi import describe
from polytomic_mcp.sandbox.routes import ROUTES
from tests.conftest import EVERY_HEALTH_CHECK

HEADERS = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}

# Left out: positive_data_acceptance, since a schema cannot say that an id must exist or that SQL must run;
# missing_required_header, since a call without a version is served as the oldest one;
# use_after_free and ensure_resource_availability, which need links between operations.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]

EXAMPLES = max(1, settings().max_examples // 25)

DOCUMENT = describe(load_catalogue(), ROUTES)
OPERATIONS = sorted((path, method) for path, item in DOCUMENT["paths"].items() for method in item)


@pytest.fixture(scope="module")
def fuzzed(stage: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starlette]:
    app = stage.copy(tmp_path_factory.mktemp("fuzzed"))
    yield app
    app.state.workspace.close()


@pytest.fixture(scope="module")
def described(fuzzed: Starlette) -> Any:
    """The document, read from the sandbox, and the sandbox behind it without its lifespan.

    schemathesis runs a lifespan around each call, and the sandbox's closes its workspace.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await fuzzed(scope, receive, send)
            return
        for step in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{step}.complete"})

    return schemathesis.openapi.from_asgi("/sandbox/openapi.json", serve)


IDS = {
    "connection_id": "snowflake",
    "exec_id": "bulk_execution",
    "execution_id": "bulk_execution",
    "org_id": "organization",
}
"""What a placeholder stands for; the others are told by the collection before them."""

COLLECTIONS = {
    "connections": "snowflake",
    "models": "model",
    "organizations": "organization",
    "policies": "policy",
    "queries": "query",
    "roles": "role",
    "users": "user",
    "webhooks": "webhook",
}


def known(path: str, ids: Mapping[str, str]) -> dict[str, str]:
    """Return what of the stage a path may name, so that not every call ends with 404."""
    owner = "bulk_sync" if path.startswith("/api/bulk") else "sync"
    names = {**IDS, "sync_id": owner, "schedule_id": "schedule"}
    parts = path.split("/")
    if "{id}" in parts:
        collection = parts[parts.index("{id}") - 1]
        names["id"] = {**COLLECTIONS, "syncs": owner, "executions": "execution"}.get(collection, "sync")
    found = {
        part.strip("{}"): ids[names[part.strip("{}")]]
        for part in parts
        if part.strip("{}") in names and "{" in part
    }
    schema = "contacts" if owner == "bulk_sync" else "public.users"
    return found | ({"schema_id": schema} if "{schema_id}" in parts else {})


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_the_sandbox_matches_its_document(
    path: str, method: str, mode: GenerationMode, described: Any, stage: Any
) -> None:
    operation = described[path][method.upper()]
    ids = known(path, stage.ids) if method != "delete" else {}

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=EVERY_HEALTH_CHECK,
    )
    def attempt(case: schemathesis.Case) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = {**case.path_parameters, **ids}
            headers = HEADERS
        else:
            headers = HEADERS | dict(case.headers or {})  # a bad header is what is tried
        case.call_and_validate(headers=headers, checks=CHECKS)

    attempt()
