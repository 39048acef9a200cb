"""The official SDK calls every emulated operation, and every answer is held to the letter of its model.

An operation that the sandbox learns joins by its row in ``ROWS``: the arguments of one call that works.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from polytomic import AsyncPolytomic, Polytomic
from starlette.applications import Starlette

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.catalogue.responses import load_responses
from polytomic_mcp.sandbox.routes import ROUTES

SCRIPTS = Path(__file__).parents[2] / "scripts"

# "@name" stands for an id of the stage in conftest.py.
MANUAL = {"frequency": "manual"}
QUERY = {"query": "SELECT contact_id, email FROM salesforce_contacts LIMIT 20"}
POSTGRES = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}
MODEL = {"name": "Anew", "connection_id": "@snowflake", "configuration": QUERY, "identifier": "contact_id"}
SOURCE = {"model_id": "@model", "field": "contact_id"}
SYNC = {
    "name": "Anew",
    "mode": "updateOrCreate",
    "identity": {"source": SOURCE, "target": "Id", "function": "Equality"},
    "fields": [],
    "target": {"connection_id": "@gong", "object": "my-gong-engage-flow"},
    "schedule": {"frequency": "daily", "hour": "06", "minute": "30"},
    "model_filters": {"conditions": [{"source": SOURCE, "function": "IsNotNull"}]},
}
BULK_SYNC = {
    "name": "Anew",
    "source_connection_id": "@hubspot",
    "destination_connection_id": "@postgresql",
    "destination_configuration": {"schema": "anew"},
    "default_schedule": MANUAL,
}
SCHEDULE = {"frequency": "daily", "hour": "6", "minute": "30", "schemas": ["contacts"]}
POLICY = {"name": "Anew", "policy_actions": [{"action": "delete", "role_ids": ["@role"]}]}
HOOK = {"endpoint": "https://hooks.acme.example/anew", "secret": "an0ther-s3cret"}
USERS = {"connection_id": "@snowflake", "schema_id": "public.users"}
EXECUTION = {"sync_id": "@sync", "id": "@execution"}
BULK_EXECUTION = {"sync_id": "@bulk_sync", "execution_id": "@bulk_execution"}
THEIR_USER = {"org_id": "@other", "id": "@their_user"}

HARBOR = {"harbor_id": "@harbor"}
CONTEXT = {**HARBOR, "context_id": "@context"}
SAVED = {**HARBOR, "saved_query_id": "@saved_query"}
TEXT = {"title": "Anew", "content": "Words"}
TEMPLATE = {"name": "Anew", "sql_template": "SELECT 2 AS two"}
PERIOD = {"start_time": "@yesterday", "end_time": "@tomorrow"}
AGENT = {"token": "@harbor_token", "X-Polytomic-Activity-Request-ID": "3f0c6a1e-5f0b-4b8e-9d7c-2a1b0c9d8e7f"}

ROWS: dict[str, dict[str, Any]] = {
    "GET /api/bulk/syncs": {"active": False},
    "POST /api/bulk/syncs": BULK_SYNC,
    "GET /api/bulk/syncs/status": {"all": True},
    "DELETE /api/bulk/syncs/{id}": {"id": "@bulk_sync"},
    "GET /api/bulk/syncs/{id}": {"id": "@bulk_sync", "refresh_schemas": True},
    "PUT /api/bulk/syncs/{id}": {"id": "@bulk_sync", **BULK_SYNC},
    "POST /api/bulk/syncs/{id}/activate": {"id": "@bulk_sync", "active": True},
    "POST /api/bulk/syncs/{id}/cancel": {"id": "@bulk_sync"},
    "GET /api/bulk/syncs/{id}/error-handling": {"id": "@bulk_sync"},
    "PUT /api/bulk/syncs/{id}/error-handling": {"id": "@bulk_sync", "subscribers": ["ada@acme.example"]},
    "GET /api/bulk/syncs/{id}/executions": {"id": "@bulk_sync", "limit": 5, "ascending": True},
    "POST /api/bulk/syncs/{id}/executions": {"id": "@bulk_sync", "resync_mode": "rebuild"},
    "GET /api/bulk/syncs/{id}/executions/{exec_id}": {"id": "@bulk_sync", "exec_id": "@bulk_execution"},
    "POST /api/bulk/syncs/{id}/executions/{exec_id}/cancel": {
        "id": "@bulk_sync",
        "exec_id": "@bulk_execution",
    },
    "GET /api/bulk/syncs/{id}/schemas": {"id": "@bulk_sync", "filters": {"enabled": "true"}},
    "PATCH /api/bulk/syncs/{id}/schemas": {
        "id": "@bulk_sync",
        "schemas": [{"id": "contacts", "enabled": True, "fields": [{"id": "email", "enabled": True}]}],
    },
    "GET /api/bulk/syncs/{id}/schemas/{schema_id}": {"id": "@bulk_sync", "schema_id": "contacts"},
    "PUT /api/bulk/syncs/{id}/schemas/{schema_id}": {
        "id": "@bulk_sync",
        "schema_id": "contacts",
        "enabled": True,
        "filters": [{"field_id": "email", "function": "IsNotNull"}],
    },
    "POST /api/bulk/syncs/{id}/schemas/{schema_id}/cancel": {"id": "@bulk_sync", "schema_id": "contacts"},
    "GET /api/bulk/syncs/{id}/status": {"id": "@bulk_sync"},
    "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/consolelog": {**BULK_EXECUTION, "limit": 5},
    "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/logs": BULK_EXECUTION,
    "POST /api/bulk/syncs/{sync_id}/executions/{execution_id}/logs/export": BULK_EXECUTION,
    "GET /api/bulk/syncs/{sync_id}/executions/{execution_id}/schemas/{schema_id}/consolelog": {
        **BULK_EXECUTION,
        "schema_id": "contacts",
    },
    "GET /api/bulk/syncs/{sync_id}/schedules": {"sync_id": "@bulk_sync"},
    "POST /api/bulk/syncs/{sync_id}/schedules": {"sync_id": "@bulk_sync", "schedule": SCHEDULE},
    "DELETE /api/bulk/syncs/{sync_id}/schedules/{schedule_id}": {
        "sync_id": "@bulk_sync",
        "schedule_id": "@schedule",
    },
    "GET /api/bulk/syncs/{sync_id}/schedules/{schedule_id}": {
        "sync_id": "@bulk_sync",
        "schedule_id": "@schedule",
    },
    "PUT /api/bulk/syncs/{sync_id}/schedules/{schedule_id}": {
        "sync_id": "@bulk_sync",
        "schedule_id": "@schedule",
        "schedule": SCHEDULE,
    },
    "GET /api/connection_types": {},
    "GET /api/connection_types/{id}": {"id": "snowflake"},
    "POST /api/connection_types/{type}/parameter_values": {"type": "gong", "field": "auth_method"},
    "GET /api/connections": {},
    "POST /api/connections": {
        "name": "Another",
        "type": "postgresql",
        "configuration": POSTGRES,
        "healthcheck_interval": "1h",
    },
    "POST /api/connections/connect/": {
        "name": "Yours",
        "redirect_url": "https://a.example/",
        "type": "hubspot",
    },
    "GET /api/connections/connect/session": {"token": "@session"},
    "POST /api/connections/test": {"type": "postgresql", "configuration": POSTGRES},
    "POST /api/connections/{connection_id}/query": {
        "connection_id": "@snowflake",
        "query": "SELECT 2 AS two",
    },
    "POST /api/connections/{connection_id}/schemas/{schema_id}/fields": {
        **USERS,
        "fields": [{"field_id": "tone", "label": "Tone", "type": "string", "path": "preferences.tone"}],
    },
    "DELETE /api/connections/{connection_id}/schemas/{schema_id}/fields/{field_id}": {
        **USERS,
        "field_id": "theme",
    },
    "PATCH /api/connections/{connection_id}/schemas/{schema_id}/fields/{field_id}": {
        **USERS,
        "field_id": "theme",
        "label": "Look",
    },
    "DELETE /api/connections/{connection_id}/schemas/{schema_id}/primary_keys": USERS,
    "PUT /api/connections/{connection_id}/schemas/{schema_id}/primary_keys": {
        **USERS,
        "fields": [{"field_id": "email", "is_primary_key": True}],
    },
    "DELETE /api/connections/{id}": {"id": "@linkedinads"},
    "GET /api/connections/{id}": {"id": "@snowflake"},
    "PUT /api/connections/{id}": {"id": "@postgresql", "name": "Renamed", "configuration": POSTGRES},
    "GET /api/connections/{id}/bulksync/source": {"id": "@hubspot", "include_fields": True},
    "GET /api/connections/{id}/bulksync/target": {"id": "@postgresql"},
    "GET /api/connections/{id}/modelsync/source": {"id": "@snowflake"},
    "GET /api/connections/{id}/modelsync/source/fields": {
        "id": "@snowflake",
        "params": {"table": ["public.users"]},
    },
    "GET /api/connections/{id}/modelsync/target/fields": {"id": "@hubspot", "target": "contacts"},
    "GET /api/connections/{id}/modelsync/targetobjects": {
        "id": "@linkedinads",
        "include_target_creation_values": True,
    },
    "GET /api/connections/{id}/modelsync/targetobjects/properties/{property}": {
        "id": "@linkedinads",
        "property": "account",
    },
    "GET /api/connections/{id}/parameter_values": {"id": "@snowflake"},
    "POST /api/connections/{id}/schemas/refresh": {"id": "@snowflake"},
    "GET /api/connections/{id}/schemas/status": {"id": "@snowflake"},
    "GET /api/connections/{id}/schemas/{schema_id}": {"id": "@snowflake", "schema_id": "public.users"},
    "GET /api/connections/{id}/schemas/{schema_id}/records": {
        "id": "@snowflake",
        "schema_id": "public.users",
    },
    "GET /api/connections/{id}/shared": {"id": "@snowflake"},
    "GET /api/entities/{id}": {"id": "@bulk_execution"},
    "GET /api/events": {"limit": 20, "starting_after": "2020-01-01T00:00:00Z"},
    "GET /api/events_types": {},
    "GET /api/jobs/{type}/{id}": {"type": "createmodel", "id": "@job"},
    "GET /api/me": {},
    "POST /api/model-preview": MODEL,
    "GET /api/models": {},
    "POST /api/models": {
        **MODEL,
        "relations": [{"from": "contact_id", "to": {"model_id": "@model", "field": "contact_id"}}],
        "labels": ["new"],
    },
    "DELETE /api/models/{id}": {"id": "@model"},
    "GET /api/models/{id}": {"id": "@model"},
    "PUT /api/models/{id}": {"id": "@model", **MODEL, "refresh": True},
    "GET /api/models/{id}/sample": {"id": "@model"},
    "GET /api/notifications/global-error-subscribers": {},
    "PUT /api/notifications/global-error-subscribers": {"emails": ["ada@acme.example"]},
    "GET /api/organization": {},
    "GET /api/organization/record-logging": {},
    "PUT /api/organization/record-logging": {"enabled": False, "deliveryConnectionId": "@snowflake"},
    "GET /api/organization/users": {},
    "POST /api/organization/users": {"email": "mo@acme.example", "role_ids": ["@role"]},
    "DELETE /api/organization/users/{id}": {"id": "@user"},
    "GET /api/organization/users/{id}": {"id": "@user"},
    "PUT /api/organization/users/{id}": {"id": "@user", "role": "admin"},
    "GET /api/organizations": {},
    "POST /api/organizations": {"name": "Third", "sso_domain": "third.example"},
    "GET /api/organizations/entities/{id}": {"id": "@other"},
    "DELETE /api/organizations/{id}": {"id": "@other"},
    "GET /api/organizations/{id}": {"id": "@other"},
    "PUT /api/organizations/{id}": {"id": "@other", "name": "Renamed"},
    "GET /api/organizations/{org_id}/connections/{connection_id}/shared": {
        "org_id": "@organization",
        "connection_id": "@snowflake",
    },
    "POST /api/organizations/{org_id}/connections/{connection_id}/shared": {
        "org_id": "@organization",
        "connection_id": "@snowflake",
        "child_organization_id": "@other",
    },
    "GET /api/organizations/{org_id}/users": {"org_id": "@other"},
    "POST /api/organizations/{org_id}/users": {
        "org_id": "@other",
        "email": "mo@acme.example",
        "role": "admin",
    },
    "DELETE /api/organizations/{org_id}/users/{id}": THEIR_USER,
    "GET /api/organizations/{org_id}/users/{id}": THEIR_USER,
    "PUT /api/organizations/{org_id}/users/{id}": {
        **THEIR_USER,
        "email": "eve@acme.example",
        "role": "admin",
    },
    "POST /api/organizations/{org_id}/users/{id}/keys": {**THEIR_USER, "force": True},
    "GET /api/permissions/policies": {},
    "POST /api/permissions/policies": POLICY,
    "DELETE /api/permissions/policies/{id}": {"id": "@policy"},
    "GET /api/permissions/policies/{id}": {"id": "@policy"},
    "PUT /api/permissions/policies/{id}": {"id": "@policy", **POLICY},
    "GET /api/permissions/roles": {},
    "POST /api/permissions/roles": {"name": "Writers"},
    "DELETE /api/permissions/roles/{id}": {"id": "@role"},
    "GET /api/permissions/roles/{id}": {"id": "@role"},
    "PUT /api/permissions/roles/{id}": {"id": "@role", "name": "Writers"},
    "GET /api/queries/{id}": {"id": "@query"},
    "GET /api/syncs": {"mode": "updateOrCreate", "limit": 5},
    "POST /api/syncs": SYNC,
    "GET /api/syncs/schedules": {},
    "DELETE /api/syncs/{id}": {"id": "@sync"},
    "GET /api/syncs/{id}": {"id": "@sync"},
    "PUT /api/syncs/{id}": {"id": "@sync", **SYNC},
    "POST /api/syncs/{id}/activate": {"id": "@sync", "active": True},
    "POST /api/syncs/{id}/cancel": {"id": "@sync"},
    "GET /api/syncs/{id}/error-handling": {"id": "@sync"},
    "PUT /api/syncs/{id}/error-handling": {"id": "@sync", "auto_retry_record_errors": True},
    "POST /api/syncs/{id}/executions": {"id": "@sync", "resync": True},
    "GET /api/syncs/{id}/status": {"id": "@sync"},
    "GET /api/syncs/{sync_id}/executions": {"sync_id": "@sync", "only_completed": True},
    "GET /api/syncs/{sync_id}/executions/{id}": EXECUTION,
    "POST /api/syncs/{sync_id}/executions/{id}/cancel": EXECUTION,
    "GET /api/syncs/{sync_id}/executions/{id}/consolelog": EXECUTION,
    "GET /api/syncs/{sync_id}/executions/{id}/logs": EXECUTION,
    "GET /api/syncs/{sync_id}/executions/{id}/{type}": {**EXECUTION, "type": "inserts"},
    "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}": {
        **EXECUTION,
        "type": "inserts",
        "filename": "@log",
    },
    "POST /api/temporary-credentials": {
        "subject": {"type": "user", "mode": "read_only"},
        "session_name": "look",
    },
    "GET /api/webhooks": {},
    "POST /api/webhooks": {"organization_id": "@other", **HOOK},
    "DELETE /api/webhooks/{id}": {"id": "@webhook"},
    "GET /api/webhooks/{id}": {"id": "@webhook"},
    "PUT /api/webhooks/{id}": {"id": "@webhook", **HOOK},
    "GET /api/webhooks/{id}/deliveries": {"id": "@webhook"},
    "POST /api/webhooks/{id}/disable": {"id": "@webhook"},
    "POST /api/webhooks/{id}/enable": {"id": "@webhook"},
    "GET /api/connections/{connection_id}/ingest/consolelog": {"connection_id": "@gong"},
    "POST /api/connections/{id}/proxy": {"id": "@salesforce", "request": {"method": "GET", "path": "/"}},
    "GET /api/connections/{id}/proxy/info": {"id": "@salesforce"},
    "GET /api/connections/{id}/proxy/settings": {"id": "@salesforce"},
    "PUT /api/connections/{id}/proxy/settings": {"id": "@salesforce", "enabled": True},
    "GET /api/connections/{id}/usage": {"id": "@snowflake"},
    "GET /api/organization/harbor-activity": PERIOD,
    "GET /api/organization/harbor-activity/{event_id}": {"event_id": "@activity"},
    "GET /api/harbor/connections": AGENT,
    "GET /api/harbor/connections/{connection_id}/schemas": {**AGENT, "connection_id": "@backing"},
    "GET /api/harbor/connections/{connection_id}/schemas/{schema_id}": {
        **AGENT,
        "connection_id": "@backing",
        "schema_id": "@backing_schema",
    },
    "GET /api/harbors": {},
    "POST /api/harbors": {"name": "Haven", "backing_mode": "managed"},
    "GET /api/harbors/{harbor_id}": HARBOR,
    "PUT /api/harbors/{harbor_id}": {**HARBOR, "name": "Renamed", "description": "Ours"},
    "DELETE /api/harbors/{harbor_id}": HARBOR,
    "GET /api/harbors/{harbor_id}/status": HARBOR,
    "GET /api/harbors/{harbor_id}/keys": HARBOR,
    "POST /api/harbors/{harbor_id}/keys": HARBOR,
    "DELETE /api/harbors/{harbor_id}/keys/{key_id}": {**HARBOR, "key_id": "@harbor_key"},
    "GET /api/harbors/{harbor_id}/users": HARBOR,
    "POST /api/harbors/{harbor_id}/users": {**HARBOR, "email": "lee@acme.example"},
    "PUT /api/harbors/{harbor_id}/users/{user_id}": {**HARBOR, "user_id": "@harbor_user"},
    "DELETE /api/harbors/{harbor_id}/users/{user_id}": {**HARBOR, "user_id": "@harbor_user"},
    "POST /api/harbors/{harbor_id}/source-mappings/resolve": {
        **HARBOR,
        "sources": [{"connection_id": "@snowflake", "schema_id": "public.users", "fields": ["email"]}],
    },
    "GET /api/harbors/{harbor_id}/contexts": HARBOR,
    "POST /api/harbors/{harbor_id}/contexts": {**HARBOR, **TEXT},
    "GET /api/harbors/{harbor_id}/contexts/drafts": HARBOR,
    "POST /api/harbors/{harbor_id}/contexts/drafts": {**HARBOR, **TEXT},
    "GET /api/harbors/{harbor_id}/contexts/{context_id}": CONTEXT,
    "PUT /api/harbors/{harbor_id}/contexts/{context_id}": {**CONTEXT, **TEXT},
    "DELETE /api/harbors/{harbor_id}/contexts/{context_id}": CONTEXT,
    "GET /api/harbors/{harbor_id}/contexts/{context_id}/draft": CONTEXT,
    "PUT /api/harbors/{harbor_id}/contexts/{context_id}/draft": {**CONTEXT, **TEXT},
    "DELETE /api/harbors/{harbor_id}/contexts/{context_id}/draft": CONTEXT,
    "POST /api/harbors/{harbor_id}/contexts/{context_id}/draft/promote": CONTEXT,
    "GET /api/harbors/{harbor_id}/contexts/{context_id}/versions": CONTEXT,
    "GET /api/harbors/{harbor_id}/contexts/{context_id}/versions/{version_id}": {
        **CONTEXT,
        "version_id": "@context_version",
    },
    "GET /api/harbors/{harbor_id}/saved-queries": HARBOR,
    "POST /api/harbors/{harbor_id}/saved-queries": {**HARBOR, **TEMPLATE},
    "GET /api/harbors/{harbor_id}/saved-queries/drafts": HARBOR,
    "GET /api/harbors/{harbor_id}/saved-queries/{saved_query_id}": SAVED,
    "DELETE /api/harbors/{harbor_id}/saved-queries/{saved_query_id}": SAVED,
    "PUT /api/harbors/{harbor_id}/saved-queries/{saved_query_id}/draft": {**SAVED, **TEMPLATE},
    "DELETE /api/harbors/{harbor_id}/saved-queries/{saved_query_id}/draft": SAVED,
    "POST /api/harbors/{harbor_id}/saved-queries/{saved_query_id}/draft/validate": SAVED,
    "POST /api/harbors/{harbor_id}/saved-queries/{saved_query_id}/draft/publish": SAVED,
    "POST /api/harbors/{harbor_id}/saved-queries/{saved_query_id}/execute": {**AGENT, **SAVED},
    "POST /api/harbors/{harbor_id}/query": {**AGENT, **HARBOR, "query": "SELECT 1 AS n"},
    "GET /api/operations/search/availability": {},
    "POST /api/operations/search": {"queries": ["start a sync"], "limit": 3},
    "GET /api/record-view-links/capabilities": {"connection_id": "@salesforce", "schema_id": "Contact"},
    "POST /api/record-view-links": {
        "connection_id": "@salesforce",
        "schema_id": "Contact",
        "lookup_key_field": "Id",
        "lookup_key_value": "@contact",
    },
}

# What answers hold though the SDK's models lack it.
BEYOND = {
    "pagination",  # the documentation pages lists whose models have no place for it
    "healthcheck_interval",  # told back as it was given
    "id",  # of a schedule
    "label",  # of a mode; the models of the two kinds of modes differ
    "description",
    "supports_field_sync_mode",
    # Creating and updating a connection answers with all that reading it does.
    "api_calls_last_24_hours",
    "rate_limit",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
}

FORMATS = FormatChecker(formats=())
FORMATS.checks("date-time", raises=ValueError)(
    lambda value: not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None
)

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def methods() -> dict[str, Call]:
    """The methods of the SDK by operation id."""
    spec = importlib.util.spec_from_file_location("official_sdk", SCRIPTS / "official_sdk.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(sys.modules, "official_sdk", module)
        spec.loader.exec_module(module)
        return module.find_methods()


@pytest.fixture
def copy(stage: Any, tmp_path: Path) -> Iterator[Starlette]:
    app = stage.copy(tmp_path)
    yield app
    app.state.world.close()


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """Put the stage's ids where a row names them."""
    match value:
        case dict():
            return {name: resolved(part, ids) for name, part in value.items()}
        case list():
            return [resolved(part, ids) for part in value]
        case str() if value.startswith("@"):
            return ids[value[1:]]
        case _:
            return value


def arguments(operation: str, method: Call, ids: Mapping[str, str]) -> dict[str, Any]:
    """Return a row's arguments under the SDK's names and in its types; a token goes another way."""
    hints = {plain(name): (name, str(hint)) for name, hint in get_type_hints(method).items()}
    given: dict[str, Any] = {}
    for wire_name, value in resolved(ROWS[operation], ids).items():
        if plain(wire_name) in hints:
            name, hint = hints[plain(wire_name)]
            given[name] = datetime.fromisoformat(value) if "datetime" in hint else value
    return given


def plain(name: str) -> str:
    """Return a name as the wire and the SDK have it in common."""
    return name.lower().removeprefix("x-").replace("_", "").replace("-", "")


def token(operation: str, ids: Mapping[str, str]) -> str:
    """Return the key that a call goes with: the row's own or the sandbox's."""
    return str(resolved(ROWS[operation].get("token", "sandbox-key"), ids))


def client_of(method: Call, wrapper: Any, prefix: str = "") -> Call:
    """Return a method of a raw client, bound to a connection to the API."""
    client = getattr(importlib.import_module(method.__module__), prefix + method.__qualname__.split(".")[0])
    bound: Call = getattr(client(client_wrapper=wrapper), method.__name__)
    return bound


def require_faithful(operation: str, response: httpx.Response, data: Any) -> None:
    """Hold an answer to its schema as it came, and to its model: nothing is missing, wrong or unknown."""
    schema = load_responses().schemas[operation]
    first = response.history[0] if response.history else response
    assert first.headers["X-Polytomic-Version"] == "2025-09-18"
    if schema is None:
        assert response.history or not response.content
        return
    complete = {**schema, "$defs": load_responses().definitions}
    errors = Draft202012Validator(complete, format_checker=FORMATS).iter_errors(response.json())
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []
    data.model_dump_json()  # warns of a value that is not of its field's type
    assert sorted(place for place in unknown(data) if place.rpartition(".")[2] not in BEYOND) == []


def unknown(value: Any, place: str = "") -> Iterator[str]:
    """Yield the places of what an answer holds and its model does not know."""
    if isinstance(value, list):
        for part in value:
            yield from unknown(part, f"{place}[]")
    elif hasattr(value, "model_fields_set"):
        yield from (f"{place}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from unknown(getattr(value, name), f"{place}.{name}")


def test_every_emulated_operation_has_a_row() -> None:
    assert set(ROUTES) - set(ROWS) == set()
    assert set(ROWS) <= set(load_catalogue())


@pytest.mark.parametrize("operation", sorted(ROWS.keys() & ROUTES.keys()))
def test_the_sdk_parses_what_it_is_answered(
    operation: str, stage: Any, copy: Starlette, bridge: Call, methods: dict[str, Call]
) -> None:
    method = methods[operation]
    with httpx.Client(transport=bridge(copy), follow_redirects=True) as http:
        sdk = Polytomic(
            token=token(operation, stage.ids), base_url="http://sandbox", httpx_client=http, max_retries=0
        )
        call = client_of(method, sdk._client_wrapper)
        answer = call(**arguments(operation, method, stage.ids))

    require_faithful(operation, answer._response, answer.data)


@pytest.mark.parametrize("operation", sorted(ROWS.keys() & ROUTES.keys()))
async def test_the_asynchronous_sdk_parses_it_too(
    operation: str, stage: Any, copy: Starlette, methods: dict[str, Call]
) -> None:
    method = methods[operation]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(copy), follow_redirects=True) as http:
        sdk = AsyncPolytomic(
            token=token(operation, stage.ids), base_url="http://sandbox", httpx_client=http, max_retries=0
        )
        call = client_of(method, sdk._client_wrapper, "Async")
        answer = await call(**arguments(operation, method, stage.ids))

    require_faithful(operation, answer._response, answer.data)
