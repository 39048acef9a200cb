"""The official SDK as an independent client of Harbors, the proxy, search and links."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from polytomic import AsyncPolytomic, ConnectionProxyCall, HarborSavedQueryParameter, Polytomic
from polytomic.core.api_error import ApiError
from starlette.applications import Starlette

CRM = {
    "domain": "https://acme.my.salesforce.com",
    "connect_mode": "api",
    "client_id": "c",
    "client_secret": "s",
    "oauth_refresh_token": "r",
}
PARAMETER = HarborSavedQueryParameter(name="n", type="number", required=True, default_value=2)


@pytest.fixture
async def harbor(api: AsyncPolytomic) -> tuple[str, str]:
    """The id of a managed Harbor, and its key."""
    made = (await api.harbors.create(name="Port", backing_mode="managed")).data
    assert made is not None
    assert made.harbor is not None
    assert made.api_key is not None
    return str(made.harbor.id), str(made.api_key.value)


@pytest.fixture
def agent(sandbox: Starlette, harbor: tuple[str, str]) -> AsyncPolytomic:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox))
    return AsyncPolytomic(token=harbor[1], base_url="http://sandbox", httpx_client=http)


@pytest.fixture
async def crm(api: AsyncPolytomic) -> str:
    made = (await api.connections.create(name="CRM", type="salesforce", configuration=CRM)).data
    assert made is not None
    assert made.id is not None
    await api.schemas.get_status(made.id)
    return made.id


@pytest.fixture
def blocking(loopback: str) -> Iterator[Polytomic]:
    """The SDK's synchronous client before a real server."""
    with httpx.Client() as http:
        yield Polytomic(token="sandbox-key", base_url=loopback, httpx_client=http)


async def test_the_sdk_manages_a_harbor(api: AsyncPolytomic, harbor: tuple[str, str]) -> None:
    id_ = harbor[0]
    found = (await api.harbors.get(id_)).data
    listed = (await api.harbors.list(limit=10)).data
    status = (await api.harbors.get_status(id_)).data
    key = (await api.harbors.create_key(id_)).data
    keys = (await api.harbors.list_keys(id_)).data
    user = (await api.harbors.invite_user(id_, email="bob@acme.example")).data
    users = (await api.harbors.list_users(id_)).data
    deleted = (await api.harbors.delete(id_)).data

    assert found is not None
    assert (found.status, found.name) == ("ready", "Port")
    assert [each.id for each in listed or []] == [id_]
    assert status.pipelines == []
    assert key is not None
    assert [each.id for each in keys or []][1] == key.id
    assert user is not None
    assert users == [user]
    assert deleted is not None
    assert deleted.id == id_


async def test_the_sdk_drafts_and_promotes_context(api: AsyncPolytomic, harbor: tuple[str, str]) -> None:
    draft = (await api.harbors.create_context_draft(harbor[0], title="T", content="C")).data
    assert draft is not None
    context_id = str(draft.context_id)
    promoted = (await api.harbors.promote_context_draft(harbor[0], context_id)).data
    updated = (await api.harbors.update_context(harbor[0], context_id, title="T", content="D")).data
    versions = (await api.harbors.list_context_versions(harbor[0], context_id)).data

    assert promoted is not None
    assert updated is not None
    assert (promoted.version, updated.version, updated.content) == (1, 2, "D")
    assert [each.version for each in versions or []] == [1, 2]


async def test_the_sdk_publishes_a_saved_query_and_an_agent_runs_it(
    api: AsyncPolytomic, agent: AsyncPolytomic, harbor: tuple[str, str], sandbox: Starlette
) -> None:
    draft = (
        await api.harbors.create_saved_query_draft(
            harbor[0], name="Q", sql_template="SELECT {{n}} AS n", parameters=[PARAMETER]
        )
    ).data
    assert draft is not None
    query_id = str(draft.saved_query_id)
    preview = (await api.harbors.validate_saved_query_draft(harbor[0], query_id)).data
    published = (await api.harbors.publish_saved_query_draft(harbor[0], query_id)).data
    run = (
        await agent.harbors.execute_saved_query(
            harbor[0], query_id, polytomic_activity_request_id=str(uuid4()), parameters={"n": 3}
        )
    ).data
    assert run is not None
    sandbox.state.workspace.workers.shutdown(wait=True)
    rows = (await agent.query_runner.get_query(str(run.id))).data

    assert preview is not None
    assert published is not None
    assert rows is not None
    assert (preview.columns, preview.rows) == (["n"], [{"n": 2}])
    assert (published.version, rows.results) == (1, [{"n": 3}])


async def test_the_sdk_shows_administrators_what_an_agent_did(
    api: AsyncPolytomic, agent: AsyncPolytomic, harbor: tuple[str, str]
) -> None:
    await agent.harbors.run_query(harbor[0], query="SELECT 1", polytomic_activity_request_id=str(uuid4()))
    with pytest.raises(ApiError) as refusal:
        await agent.harbors.list_contexts(harbor[0])
    now = datetime.now(UTC)

    events = (
        await api.activity.list(start_time=now - timedelta(days=1), end_time=now + timedelta(days=1))
    ).data

    assert refusal.value.status_code == 400
    assert [event.event_type for event in events or []] == ["query.submitted"]


async def test_the_sdk_calls_through_the_proxy(api: AsyncPolytomic, crm: str) -> None:
    await api.connections.proxy.update_proxy_settings(crm, enabled=True)
    info = (await api.connections.proxy.get_proxy_info(crm)).data
    reply = (
        await api.connections.proxy.execute_proxy(
            crm, request=ConnectionProxyCall(method="GET", path="/Contact")
        )
    ).data
    usage = (await api.connections.get_usage(crm)).data

    assert info is not None
    assert info.request_contract is not None
    assert reply is not None
    assert (reply.status, reply.truncated) == (200, False)
    assert usage is not None
    assert usage.calls_last24h == 1


def test_the_synchronous_sdk_searches_and_links(blocking: Polytomic) -> None:
    made = blocking.connections.create(name="CRM", type="salesforce", configuration=CRM).data
    assert made is not None
    assert made.id is not None
    blocking.schemas.get_status(made.id)
    rows: Any = blocking.schemas.get_records(made.id, "Contact").data
    link = blocking.record_view_links.create(
        connection_id=made.id,
        schema_id="Contact",
        lookup_key_field="Id",
        lookup_key_value=rows[0]["Id"],
    ).data
    found = blocking.operations.search(queries=["start a sync"]).data
    available = blocking.operations.get_search_availability().data
    harbor = blocking.harbors.create(name="Port", backing_mode="managed").data

    assert link is not None
    assert httpx.get(str(link.url)).status_code == 200
    assert found is not None
    assert found.results is not None
    assert available is not None
    assert available.enabled
    assert harbor is not None
    assert harbor.harbor is not None
