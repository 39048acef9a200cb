"""A scripted Polytomic with one of everything, whose answer to any one request can be odd."""

import httpx
import pytest

from tests.tools.conftest import ScriptedApi

ORDERS = "public.orders"
BULK_SYNC = "55555555-0000-0000-0000-000000000001"
RUN = "66666666-0000-0000-0000-000000000001"
QUERY = "77777777-0000-0000-0000-000000000001"
WEBHOOK = "88888888-0000-0000-0000-000000000001"
ME = {
    "id": "u1",
    "email": "me@x.example",
    "organization_id": "o1",
    "organization_name": "Acme",
    "role": "admin",
}


class OddApi(ScriptedApi):
    """Answers one request, by its number, with something else than the table does."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: dict[int, httpx.Response] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        usual = await super().handle_async_request(request)
        odd = self.odd.get(len(self.requests) - 1)
        return usual if odd is None else httpx.Response(200, content=odd.content)


@pytest.fixture
def api() -> ScriptedApi:
    return OddApi()


@pytest.fixture
def everything(company: OddApi) -> OddApi:
    """The scripted API with one of everything that the reading tools read."""
    for add in (_connections, _models, _syncs, _bulk_syncs, _schemas, _events, _administration):
        add(company)
    return company


def _connections(api: ScriptedApi) -> None:
    kind = {"id": "snowflake", "name": "Snowflake", "capabilities": {"source": True, "destination": True}}
    form = {
        "account": {"type": "string", "enum": [{"value": "a"}]},
        "ssl": {"type": "object", "properties": {}},
    }
    api["GET /api/connection_types"] = {"data": [kind]}
    schema = {"type": "object", "properties": form, "required": ["account"]}
    api["GET /api/connection_types/snowflake"] = schema
    api["POST /api/connections/test"] = {"ok": True}


def _models(api: ScriptedApi) -> None:
    fields = [{"id": "f1", "name": "contact_id", "type": "string", "example": 2**60}]
    joined = {"from": "contact_id", "to": {"model_id": api.MODEL, "field": "contact_id"}}
    model = {"id": api.MODEL, "name": "Plans", "type": "snowflake", "connection_id": api.WAREHOUSE}
    configuration = {"schema": "public", "table": "plans"}
    api.holds("models", model | {"fields": fields, "configuration": configuration, "relations": [joined]})
    records = [{api.MODEL: {"contact_id": 2**60, "plan": None}}]
    api[f"GET /api/models/{api.MODEL}/sample"] = {"data": {"records": records}}
    api["POST /api/model-preview"] = {"data": None, "job": {"type": "preview", "job_id": "j1"}}
    api["GET /api/jobs/preview/j1"] = {"data": {"status": "done", "result": {"fields": fields}}}
    api[f"POST /api/connections/{api.WAREHOUSE}/query"] = {"data": {"id": QUERY, "status": "created"}}
    done = {"id": QUERY, "status": "done", "count": 2, "fields": ["a"], "results": [{"a": 2**60}]}
    pages = [{"data": done, "links": {"next": f"/api/queries/{QUERY}?page=2"}}, {"data": done}]
    api[f"GET /api/queries/{QUERY}"] = lambda request: pages[int(request.url.params.get("page", 1)) - 1]


def _syncs(api: ScriptedApi) -> None:
    path = f"/api/syncs/{api.SYNC}"
    run = {
        "id": api.EXECUTION,
        "status": "completed",
        "type": "standard",
        "started_at": "2026-03-04T10:00:00Z",
        "completed_at": "2026-03-04T10:01:00Z",
        "counts": {"total": 3, "insert": 2, "error": 1},
        "errors": ["row 1: bad"],
    }
    sync = api.answers[f"GET {path}"]["data"]
    sync["fields"] = [{"source": {"model_id": api.MODEL, "field": "contact_id"}, "target": "Note"}]
    sync["problems"] = [{"path": "fields[0]", "message": "odd"}]
    sync["schedule"] = {"frequency": "daily", "hour": "2", "minute": "0"}
    last = {"id": api.EXECUTION, "status": "completed"}
    api[f"GET {path}/status"] = {"data": {"current_execution": None, "last_execution": last}}
    api[f"GET {path}/executions"] = {"data": [run]}
    api[f"POST {path}/executions"] = {"data": run}
    api[f"POST {path}/cancel"] = {}
    one = f"{path}/executions/{api.EXECUTION}"
    api[f"GET {one}"] = {"data": run}
    api[f"GET {one}/logs"] = {"data": {"errors": {"count": 1}}}
    api[f"GET {one}/errors"] = {"data": {"urls": ["https://files/errors.json"]}}
    line = '{"row": {"id": 1152921504606846976, "plan": null}, "error": "bad plan"}\n'
    api[f"GET {one}/errors/errors.json"] = lambda _: httpx.Response(200, text=line)
    source = f"GET /api/connections/{api.WAREHOUSE}/modelsync/source"
    api[source] = {"data": {"items": {"table": {"items": ["plans"]}}}}
    api[f"{source}/fields"] = {"data": [{"name": "contact_id", "type": "string"}]}


def _bulk_syncs(api: ScriptedApi) -> None:
    path = f"/api/bulk/syncs/{BULK_SYNC}"
    ends = {"source_connection_id": api.WAREHOUSE, "destination_connection_id": api.GONG}
    api.holds("bulk/syncs", {"id": BULK_SYNC, "name": "Copies", "mode": "replicate", "active": True, **ends})
    schema = {"id": ORDERS, "name": "orders", "enabled": True, "output_name": "orders"}
    api[f"GET {path}/schemas"] = {"data": [schema]}
    api[f"GET {path}/schemas/{ORDERS}"] = {"data": schema | {"fields": [{"id": "id", "enabled": True}]}}
    part = {"schema": ORDERS, "output_name": "orders", "status": "failed", "record_count": 2}
    run = {"id": RUN, "status": "failed", "started_at": "2026-03-04T10:00:00Z", "schemas": [part]}
    api[f"GET {path}/status"] = {"data": {"current_execution": None, "last_execution": {"id": RUN}}}
    api[f"GET {path}/executions"] = {"data": [run]}
    api[f"POST {path}/executions"] = {"data": run}
    api[f"POST {path}/cancel"] = {}
    api[f"GET {path}/executions/{RUN}"] = {"data": run}
    entry = {"id": "e1", "timestamp": "2026-03-04T10:00:00Z", "level": "error", "message": "failed"}
    api[f"GET {path}/executions/{RUN}/consolelog"] = {"data": {"entries": [entry]}}


def _schemas(api: ScriptedApi) -> None:
    path = f"/api/connections/{api.WAREHOUSE}"
    field = {"id": "id", "name": "id", "type": "number", "is_primary_key": True, "association": {"x": 1}}
    schema = {"id": ORDERS, "name": "orders", "fields": [field]}
    api[f"GET {path}/bulksync/source"] = {"data": {"schemas": [schema]}}
    api[f"GET {path}/schemas/{ORDERS}"] = {"data": schema}
    api[f"GET {path}/schemas/{ORDERS}/records"] = {"data": [{"id": 2**60, "note": None}]}
    api[f"GET {path}/schemas/status"] = {"data": {"cache_status": "fresh"}}
    api[f"POST {path}/schemas/refresh"] = {}


def _events(api: ScriptedApi) -> None:
    about = {"sync_id": api.SYNC, "sync_name": "Plans to Gong", "execution_id": api.EXECUTION, "error": "bad"}
    event = {"id": "ev1", "type": "sync.failed", "created_at": "2026-03-04T10:00:00Z", "event": about}
    api["GET /api/events"] = lambda request: (
        {"data": []} if request.url.params.get("type") else {"data": [event]}
    )
    api["GET /api/events_types"] = {"data": ["sync.failed", "sync.completed"]}
    api.holds("webhooks", {"id": WEBHOOK, "endpoint": "https://x.example", "disabled": False})
    delivery = {"id": "d1", "event_id": "ev1", "success": False, "status_code": 500}
    api[f"GET /api/webhooks/{WEBHOOK}/deliveries"] = {"data": [delivery]}
    api["GET /api/notifications/global-error-subscribers"] = {"emails": ["a@x.example"]}
    handling = {"data": {"subscribers": ["a@x.example"], "auto_retry_record_errors": True}}
    api[f"GET /api/syncs/{api.SYNC}/error-handling"] = handling


def _administration(api: ScriptedApi) -> None:
    api["GET /api/me"] = {"data": ME}
    api["GET /api/organization"] = {"data": {"id": "o1", "name": "Acme"}}
    api.holds("organizations", {"id": "o1", "name": "Acme"}, {"id": "o2", "name": "Other"})
    api["GET /api/organization/users"] = {"data": [{"id": "u1", "email": "me@x.example", "role_ids": ["r1"]}]}
    api.holds("permissions/roles", {"id": "r1", "name": "Admin", "system": True})
    actions = [{"action": "delete", "role_ids": ["r1"]}]
    api.holds("permissions/policies", {"id": "p1", "name": "Deletes", "policy_actions": actions})
