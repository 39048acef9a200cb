"""The official SDK as an independent client of models; it parses every answer."""

import pytest
from polytomic import AsyncPolytomic, ModelModelFieldRequest, ModelRelation, ModelRelationTo
from polytomic.core.api_error import ApiError
from starlette.applications import Starlette

QUERY = {"query": "SELECT contact_id, email FROM salesforce_contacts WHERE subscription_plan = 'gold'"}


async def test_the_sdk_manages_a_model(api: AsyncPolytomic, warehouse: str) -> None:
    created = (await api.models.create(name="Free", connection_id=warehouse, configuration=QUERY)).data
    assert created is not None
    assert created.id is not None
    assert [field.name for field in created.fields or []] == ["contact_id", "email"]

    assert (await api.models.get(created.id)).data == created
    assert (await api.models.list()).data == [created]
    sample = (await api.models.sample(created.id)).data
    assert sample is not None
    assert set((sample.records or [])[0][created.id]) == {"contact_id", "email"}

    updated = (
        await api.models.update(
            created.id,
            name="Emails",
            connection_id=warehouse,
            configuration=QUERY,
            fields=["email"],
            refresh=True,
        )
    ).data
    assert updated is not None
    assert (updated.name, updated.version) == ("Emails", 2)

    await api.models.delete(created.id)
    assert (await api.models.list()).data == []


async def test_the_sdk_creates_a_model_with_every_argument(api: AsyncPolytomic, warehouse: str) -> None:
    base = (await api.models.create(name="Base", connection_id=warehouse, configuration=QUERY)).data
    assert base is not None

    model = (
        await api.models.create(
            name="Orders",
            connection_id=warehouse,
            configuration={"table": "public.orders"},
            identifier="order_id",
            labels=["nightly"],
            tracking_columns=["ordered_at"],
            additional_fields=[
                ModelModelFieldRequest(name="score", label="Score", type="number", example="7")
            ],
            relations=[
                ModelRelation(from_="contact_id", to=ModelRelationTo(model_id=base.id, field="contact_id"))
            ],
        )
    ).data

    assert model is not None
    assert model.identifier == "order_id"
    assert model.relations is not None
    assert model.relations[0].from_ == "contact_id"
    assert model.labels == [{"name": "nightly"}]
    assert (model.fields or [])[-1].user_added


async def test_the_sdk_previews_a_model_without_creating_it(api: AsyncPolytomic, warehouse: str) -> None:
    preview = (await api.models.preview(name="Try", connection_id=warehouse, configuration=QUERY)).data

    assert preview is not None
    assert [field.type for field in preview.fields or []] == ["string", "string"]
    assert (await api.models.list()).data == []


async def test_the_sdk_polls_a_job(api: AsyncPolytomic, sandbox: Starlette, warehouse: str) -> None:
    started = await api.models.create(name="Later", connection_id=warehouse, configuration=QUERY, async_=True)
    assert started.data is None
    assert started.job is not None
    assert started.job.type is not None
    assert started.job.job_id is not None
    sandbox.state.workspace.workers.shutdown(wait=True)

    job = (await api.jobs.get(started.job.type, started.job.job_id)).data

    assert job is not None
    assert job.status == "done"
    assert job.result is not None
    assert job.result["name"] == "Later"


async def test_the_sdk_browses_sources(api: AsyncPolytomic, warehouse: str) -> None:
    source = (await api.model_sync.get_source(warehouse)).data
    drilled = (await api.model_sync.get_source(warehouse, params={"table": ["public.users"]})).data
    fields = (await api.model_sync.get_source_fields(warehouse, params={"table": ["public.users"]})).data

    assert source is not None
    assert source.requires_one_of == ["query", "table", "view"]
    assert drilled is not None
    assert drilled.configuration is not None
    assert drilled.configuration["table"].items == ["public.users"]
    assert "email" in [field.name for field in fields or []]


async def test_the_sdk_raises_its_own_error_for_a_query_that_fails(
    api: AsyncPolytomic, warehouse: str
) -> None:
    with pytest.raises(ApiError) as refusal:
        await api.models.create(
            name="Bad", connection_id=warehouse, configuration={"query": "SELECT * FROM x"}
        )

    assert refusal.value.status_code == 422
    assert "Unknown snowflake table 'x'" in str(refusal.value.body)
