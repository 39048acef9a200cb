"""Record-view links: pages that show a snapshot of one record for a limited time."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import Clock, Connect

LINKS = "/api/record-view-links"


@pytest.fixture
async def contact(http: httpx.AsyncClient, connect: Connect) -> dict[str, Any]:
    """Return the arguments that identify one contact of Salesforce."""
    id_ = (await connect("salesforce"))["id"]
    await http.get(f"/api/connections/{id_}/schemas/status")
    rows = (await http.get(f"/api/connections/{id_}/schemas/Contact/records")).json()["data"]
    schema = {"connection_id": id_, "schema_id": "Contact"}
    return schema | {"lookup_key_field": "Id", "lookup_key_value": rows[0]["Id"]}


async def test_capabilities_include_the_field_that_identifies_a_record(
    http: httpx.AsyncClient, contact: dict[str, Any]
) -> None:
    schema = {name: contact[name] for name in ("connection_id", "schema_id")}

    data = (await http.get(f"{LINKS}/capabilities", params=schema)).json()["data"]

    assert (data["supported"], data["lookup_key_field"], data["reason"]) == (True, "Id", None)
    assert (data["default_ttl_seconds"], data["max_ttl_seconds"]) == (259_200, 604_800)


async def test_a_link_shows_the_requested_fields_until_it_expires(
    http: httpx.AsyncClient, contact: dict[str, Any], clock: Clock
) -> None:
    body = contact | {"fields": ["Id"], "expires_at": "2026-01-15T11:00:00"}
    link = (await http.post(LINKS, json=body)).json()["data"]

    shown = await http.get(link["url"])
    clock.advance(hours=3)
    gone = await http.get(link["url"])

    assert link["expires_at"] == "2026-01-15T11:00:00Z"
    assert (shown.status_code, contact["lookup_key_value"] in shown.text) == (200, True)
    assert shown.text.count("<dt>") == 1
    assert "Snapshot of 2026-01-15 09:00 UTC. This link works until 2026-01-15 11:00 UTC." in shown.text
    assert gone.status_code == 404


async def test_a_link_shows_all_fields_of_a_snapshot_by_default(
    http: httpx.AsyncClient, sandbox: Starlette, contact: dict[str, Any], clock: Clock
) -> None:
    link = (await http.post(LINKS, json=contact)).json()["data"]
    tables = sandbox.state.workspace.tables
    tables.clear(tables.get("salesforce", "Contact"))
    await http.get(link["url"])
    clock.advance(hours=71)

    shown = await http.get(link["url"])

    assert shown.text.count("<dt>") > 2
    clock.advance(hours=2)
    assert (await http.post(LINKS, json=contact)).status_code == 404
    assert (await http.get("/sandbox/record-views/none")).status_code == 404


async def test_an_expired_link_is_deleted_when_the_next_is_created(
    http: httpx.AsyncClient, sandbox: Starlette, contact: dict[str, Any], clock: Clock
) -> None:
    await http.post(LINKS, json=contact)
    clock.advance(days=6)
    await http.post(LINKS, json=contact)
    await http.post(LINKS, json=contact)

    assert len(sandbox.state.workspace.store.list("record_view")) == 2


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"lookup_key_field": "Email"}, 400),
        ({"lookup_key_value": "nobody"}, 404),
        ({"fields": ["Colour"]}, 400),
        ({"schema_id": "Nothing"}, 404),
        ({"expires_at": "soon"}, 400),
        ({"expires_at": "2026-01-15T08:00:00Z"}, 400),
        ({"expires_at": "2026-02-15T08:00:00Z"}, 400),
        ({"connection_id": "nope"}, 404),
    ],
)
async def test_an_invalid_link_is_refused(
    http: httpx.AsyncClient, contact: dict[str, Any], more: dict[str, Any], status: int
) -> None:
    assert (await http.post(LINKS, json=contact | more)).status_code == status


async def test_a_schema_without_a_primary_key_does_not_support_links(
    http: httpx.AsyncClient, contact: dict[str, Any]
) -> None:
    path = f"/api/connections/{contact['connection_id']}/schemas/Contact/primary_keys"
    await http.put(path, json={"fields": [{"field_id": "Id", "is_primary_key": False}]})
    schema = {name: contact[name] for name in ("connection_id", "schema_id")}

    data = (await http.get(f"{LINKS}/capabilities", params=schema)).json()["data"]

    assert (data["supported"], data["lookup_key_field"]) == (False, None)
    assert (await http.post(LINKS, json=contact)).status_code == 409
