"""What the docstrings of the official SDK promise beyond the types of answers, one test for each promise."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from polytomic import (
    AsyncPolytomic,
    BadRequestError,
    BulkSchema,
    BulkSyncDefaultScheduleRequest,
    ConflictError,
    ForbiddenError,
    ModelSyncV5Target,
    NotFoundError,
    Schedule,
    SchemaPrimaryKeyOverrideInput,
    UnprocessableEntityError,
    UserFieldRequest,
)
from polytomic.core.api_error import ApiError
from starlette.applications import Starlette

from polytomic_mcp.sandbox.resources.syncs import executions

MANUAL = BulkSyncDefaultScheduleRequest(frequency="manual")
HUBSPOT = {"oauth_refresh_token": "r", "client_id": "c", "client_secret": "s"}


@pytest.fixture
async def hubspot(api: AsyncPolytomic) -> str:
    made = (await api.connections.create(name="HubSpot", type="hubspot", configuration=HUBSPOT)).data
    assert made is not None
    await api.schemas.get_status(str(made.id))
    return str(made.id)


@pytest.fixture
async def copy(api: AsyncPolytomic, hubspot: str, warehouse: str) -> Any:
    """A bulk sync of two schemas, with everything else by default."""
    made = await api.bulk_sync.create(
        name="Copy",
        source_connection_id=hubspot,
        destination_connection_id=warehouse,
        destination_configuration={"schema": "hubspot_copy"},
        default_schedule=MANUAL,
    )
    return made.data


@pytest.fixture
async def schema(api: AsyncPolytomic, copy: Any) -> str:
    listed = (await api.bulk_sync.schemas.list(copy.id)).data or []
    return str(listed[0].id)


@pytest.fixture
def agent(sandbox: Starlette) -> Callable[[str], AsyncPolytomic]:
    """The SDK with the credential of a Harbor."""
    http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox))
    return lambda token: AsyncPolytomic(token=token, base_url="http://sandbox", httpx_client=http)


@pytest.fixture
async def harbor(api: AsyncPolytomic) -> Any:
    return (await api.harbors.create(backing_mode="managed", name="Port")).data


@pytest.mark.parametrize("limit", [500, 51, 0, -3])
async def test_the_limit_of_a_list_of_syncs_is_capped_and_falls_back(
    api: AsyncPolytomic, model: str, limit: int
) -> None:
    await api.models.get(model)

    assert (await api.model_sync.list(limit=limit)).data == []


@pytest.mark.parametrize(("limit", "most"), [(0, 10), (-1, 10), (500, 12)])
async def test_events_are_ten_by_default_and_at_most_a_hundred(
    api: AsyncPolytomic, copy: Any, limit: int, most: int
) -> None:
    for _ in range(6):
        started = (await api.bulk_sync.start(copy.id)).data
        assert started is not None
        await over(lambda run=started: api.bulk_sync.executions.get(copy.id, str(run.id)))

    assert len((await api.events.list(limit=limit)).data or []) == most
    assert len((await api.bulk_sync.executions.list(copy.id, limit=limit)).data or []) == 6


async def over(read: Callable[[], Awaitable[Any]]) -> Any:
    """Poll until an execution or a query has ended, and return it."""
    for _ in range(2_000):
        found = (await read()).data
        if str(found.status) in ("completed", "failed", "canceled", "errors", "done"):
            return found
        await asyncio.sleep(0.005)
    raise AssertionError(found)


async def test_a_bulk_sync_has_the_documented_defaults(api: AsyncPolytomic, copy: Any) -> None:
    assert copy.automatically_add_new_objects == "none"
    assert copy.automatically_add_new_fields == "all"
    assert copy.normalize_names == "enabled"
    listed = (await api.bulk_sync.schemas.list(copy.id)).data or []
    assert all(each.enabled for each in listed)


async def test_an_update_of_a_bulk_sync_resets_what_it_omits_but_not_its_schemas(
    api: AsyncPolytomic, copy: Any, schema: str
) -> None:
    request: dict[str, Any] = {
        "name": "Copy",
        "source_connection_id": copy.source_connection_id,
        "destination_connection_id": copy.destination_connection_id,
        "destination_configuration": {"schema": "hubspot_copy"},
        "default_schedule": MANUAL,
    }
    await api.bulk_sync.update(copy.id, **request, schemas=[schema], normalize_names="disabled")
    updated = (await api.bulk_sync.update(copy.id, **request)).data

    assert updated is not None
    assert updated.normalize_names == "enabled"
    enabled = (await api.bulk_sync.schemas.list(copy.id, filters={"enabled": "true"})).data or []
    assert [each.id for each in enabled] == [schema]


async def test_a_patch_changes_the_schemas_that_it_names_and_enables_all_their_fields(
    api: AsyncPolytomic, copy: Any, schema: str
) -> None:
    before = (await api.bulk_sync.schemas.list(copy.id)).data or []
    await api.bulk_sync.schemas.patch(copy.id, schemas=[BulkSchema(id=schema, enabled=False)])
    after = (await api.bulk_sync.schemas.list(copy.id)).data or []
    patched = (await api.bulk_sync.schemas.get(copy.id, schema)).data

    assert [each.enabled for each in after] == [each.id != schema for each in before]
    assert patched is not None
    assert all(field.enabled for field in patched.fields or [])


async def test_a_test_run_excludes_a_resync(api: AsyncPolytomic, copy: Any) -> None:
    with pytest.raises(BadRequestError):
        await api.bulk_sync.start(copy.id, test=True, resync_mode="rebuild")


async def test_the_status_of_all_bulk_syncs_ignores_the_ids(api: AsyncPolytomic, copy: Any) -> None:
    found = (await api.bulk_sync.executions.list_status(all_=True, sync_id=str(uuid4()))).data or []

    assert [each.sync_id for each in found] == [copy.id]


async def test_omitted_error_handling_is_unchanged_and_an_empty_list_unsubscribes(
    api: AsyncPolytomic, copy: Any
) -> None:
    handling = api.bulk_sync.error_handling
    await handling.update(copy.id, subscribers=["ada@acme.example"], ingestion_failure_threshold=5)
    kept = (await handling.update(copy.id, ingestion_failure_threshold=0)).data
    cleared = (await handling.update(copy.id, subscribers=[])).data

    assert kept is not None
    assert (kept.subscribers, kept.ingestion_failure_threshold) == (["ada@acme.example"], 0)
    assert cleared is not None
    assert cleared.subscribers == []


async def test_deleting_a_sync_cancels_its_execution(
    api: AsyncPolytomic, sandbox: Starlette, model: str, gong: str, guide: Any
) -> None:
    sync = await api.model_sync.create(
        name="Sync",
        mode="updateOrCreate",
        fields=[],
        identity=guide.identity(model),
        schedule=Schedule(frequency="manual"),
        target=ModelSyncV5Target(connection_id=gong, object=guide.flow),
    )
    assert sync.data is not None
    executions.create(sandbox.state.workspace, str(sync.data.id), {})  # no worker runs it

    await api.model_sync.delete(str(sync.data.id))

    canceled = (await api.events.list(type="sync.canceled")).data or []
    assert [each.event.sync_id for each in canceled if each.event] == [sync.data.id]
    with pytest.raises(NotFoundError):
        await api.model_sync.get(str(sync.data.id))


async def test_what_is_read_can_be_changed_and_sent_back_whole(api: AsyncPolytomic, copy: Any) -> None:
    found = (await api.bulk_sync.get(copy.id)).data
    assert found is not None
    headers = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}
    wrapper: Any = api._client_wrapper
    http: httpx.AsyncClient = wrapper.httpx_client.httpx_client
    path = f"http://sandbox/api/bulk/syncs/{copy.id}"
    whole = (await http.get(path, headers=headers)).json()["data"]

    answer = await http.put(path, json=whole | {"name": "Renamed"}, headers=headers)

    assert answer.json()["data"]["name"] == "Renamed"


async def test_a_user_defined_field_is_replaced_by_its_id_and_a_detected_one_stays(
    api: AsyncPolytomic, hubspot: str
) -> None:
    schemas = (await api.bulk_sync.get_source(hubspot)).data
    assert schemas is not None
    place = (hubspot, str((schemas.schemas or [])[0].id))
    for label in ("One", "Two"):
        field = UserFieldRequest(field_id="mine", label=label, type="string", path="id")
        await api.schemas.upsert_field(*place, fields=[field])
    found = (await api.schemas.get(*place)).data

    assert found is not None
    assert [each.name for each in found.fields or [] if each.id == "mine"] == ["Two"]
    with pytest.raises(BadRequestError):
        await api.schemas.delete_field(*place, "id")


async def test_an_empty_list_clears_the_overrides_of_the_primary_key(
    api: AsyncPolytomic, hubspot: str
) -> None:
    source = (await api.bulk_sync.get_source(hubspot)).data
    assert source is not None
    place = (hubspot, str((source.schemas or [])[0].id))
    override = SchemaPrimaryKeyOverrideInput(field_id="name", is_primary_key=True)
    await api.schemas.set_primary_keys(*place, fields=[override])
    await api.schemas.set_primary_keys(*place, fields=[])
    found = (await api.schemas.get(*place)).data

    assert found is not None
    assert [each.id for each in found.fields or [] if each.is_primary_key] == ["id"]


async def test_a_target_is_asked_for_by_exactly_one_of_its_name_and_its_properties(
    api: AsyncPolytomic, warehouse: str
) -> None:
    get = api.model_sync.targets.get_target_fields
    properties: dict[str, Any] = {"name": ["fresh"], "schema": ["public"]}
    new = (await get(warehouse, properties=properties, refresh=True)).data

    assert new is not None
    assert new.fields == []
    with pytest.raises(BadRequestError):
        await get(warehouse)
    with pytest.raises(BadRequestError):
        await get(warehouse, target="public.users", properties=properties)


async def test_a_connection_without_new_targets_has_no_properties(api: AsyncPolytomic, hubspot: str) -> None:
    with pytest.raises(NotFoundError):
        await api.model_sync.targets.get_create_property(hubspot, "account")


async def test_a_connection_without_enrichment_is_not_found_as_its_source(
    api: AsyncPolytomic, hubspot: str
) -> None:
    with pytest.raises(NotFoundError):
        await api.models.get_enrichment_source(hubspot)
    with pytest.raises(NotFoundError):
        await api.models.post(hubspot, configuration={"object": "people"})


async def test_an_entity_names_its_organization_to_a_partner_only(api: AsyncPolytomic, copy: Any) -> None:
    own = (await api.entities.get(str(copy.id))).data
    partner = (await api.entities.get_for_partner(str(copy.id))).data
    me = (await api.identity.get()).data

    assert own is not None
    assert partner is not None
    assert me is not None
    assert own.organization_id is None
    assert (own.type, own.canonical_path) == ("bulk_sync", f"/api/bulk/syncs/{copy.id}")
    assert partner.organization_id == me.organization_id
    assert [me.is_user, me.is_organization, me.is_partner, me.is_system] == [True, False, False, False]


async def test_an_organization_has_a_unique_name_and_replaced_settings(api: AsyncPolytomic) -> None:
    made = (
        await api.organization.create(name="Branch", issuer="https://id.example", client_secret="s3")
    ).data
    assert made is not None
    updated = (await api.organization.update(str(made.id), name="Branch")).data

    assert updated is not None
    assert (made.issuer, updated.issuer) == ("https://id.example", None)
    assert "s3" not in str(made)
    with pytest.raises(ApiError, match="already exists"):
        await api.organization.create(name="Branch")


async def test_record_logging_is_replaced_and_not_merged(api: AsyncPolytomic) -> None:
    await api.organization.update_record_logging(enabled=True, delivery_prefix="logs")
    after = (await api.organization.update_record_logging(enabled=True)).data

    assert after is not None
    assert after.delivery_prefix is None


async def test_a_system_role_cannot_be_changed(api: AsyncPolytomic) -> None:
    (admin, *_) = (await api.permissions.roles.list()).data or []

    with pytest.raises(ForbiddenError):
        await api.permissions.roles.update(str(admin.id), name="Other")
    with pytest.raises(ForbiddenError):
        await api.permissions.roles.delete(str(admin.id))


async def test_a_test_of_a_configuration_stores_nothing(api: AsyncPolytomic, warehouse: str) -> None:
    before = (await api.connections.get(warehouse)).data
    await api.connections.test_connection(
        type="snowflake", configuration={"dbname": "OTHER"}, connection_id=warehouse
    )

    assert (await api.connections.get(warehouse)).data == before


async def test_a_connection_in_use_is_deleted_by_force(api: AsyncPolytomic, copy: Any, hubspot: str) -> None:
    with pytest.raises(UnprocessableEntityError, match="connection in use"):
        await api.connections.delete(hubspot)
    await api.connections.delete(hubspot, force=True)

    with pytest.raises(NotFoundError):
        await api.bulk_sync.get(str(copy.id))


async def test_the_store_of_a_managed_harbor_is_renamed_with_it_and_not_by_itself(
    api: AsyncPolytomic, harbor: Any
) -> None:
    store = str(harbor.harbor.backing_connection_id)
    await api.harbors.update(harbor.harbor.id, name="Dock")
    renamed = (await api.connections.get(store)).data

    assert renamed is not None
    assert renamed.name == "Dock"
    with pytest.raises(ConflictError):
        await api.connections.update(store, name="Mine", configuration={"database": "d", "access_token": "t"})
    with pytest.raises(ConflictError):
        await api.connections.delete(store, force=True)


async def test_the_draft_of_a_saved_query_refuses_unknown_parts(api: AsyncPolytomic, harbor: Any) -> None:
    days: Any = {"name": "days", "type": "number", "default": 7}
    request: dict[str, Any] = {"name": "Report", "sql_template": "SELECT {{days}} AS days"}

    with pytest.raises(BadRequestError, match="Valid values: default_value"):
        await api.harbors.create_saved_query_draft(harbor.harbor.id, **request, parameters=[days])
    with pytest.raises(BadRequestError, match="sql is not an argument"):
        await api.harbors.create_saved_query_draft(
            harbor.harbor.id, **request, request_options={"additional_body_parameters": {"sql": "x"}}
        )


async def test_a_saved_query_uses_its_defaults_and_its_results_last_a_day(
    api: AsyncPolytomic, harbor: Any, agent: Callable[[str], AsyncPolytomic]
) -> None:
    id_ = harbor.harbor.id
    await api.harbors.get(id_)
    days: Any = {"name": "days", "type": "number", "required": True, "default_value": 7}
    note: Any = {"name": "note", "type": "string"}
    draft = await api.harbors.create_saved_query_draft(
        id_,
        name="Report",
        sql_template="SELECT {{days}} AS days, {{note}} AS note",
        parameters=[days, note],
        validation_values={"days": 3, "note": "x"},
    )
    assert draft.data is not None
    query = str(draft.data.saved_query_id)
    await api.harbors.publish_saved_query_draft(id_, query)
    caller = agent(str(harbor.api_key.value))

    def call() -> dict[str, Any]:
        return {"polytomic_activity_request_id": str(uuid4())}

    run = (await caller.harbors.execute_saved_query(id_, query, **call())).data
    assert run is not None
    done = await over(lambda: caller.query_runner.get_query(str(run.id), **call()))

    assert done.results == [{"days": 7, "note": None}]
    left = datetime.fromisoformat(str(done.expires)) - datetime.now(UTC)
    assert timedelta(hours=23, minutes=55) < left <= timedelta(hours=24)
    for wrong in ({"days": None}, {"days": "x"}, {"other": 1}):
        with pytest.raises(UnprocessableEntityError):
            await caller.harbors.execute_saved_query(id_, query, parameters=wrong, **call())
    with pytest.raises(ForbiddenError):
        await api.harbors.execute_saved_query(id_, query, **call())
