"""The official SDK as an independent client of schemas; it parses every answer."""

import pytest
from polytomic import AsyncPolytomic, SchemaPrimaryKeyOverrideInput, UserFieldRequest
from polytomic.core.api_error import ApiError

USERS = "public.users"


async def keys(api: AsyncPolytomic, connection: str) -> list[str]:
    """Return the ids of the fields that identify a user."""
    schema = (await api.schemas.get(connection, USERS)).data
    assert schema is not None
    return [str(field.id) for field in schema.fields or [] if field.is_primary_key]


@pytest.fixture
async def connection(api: AsyncPolytomic, warehouse: str) -> str:
    """A warehouse whose schemas were read."""
    await api.schemas.refresh(warehouse)
    first, second = [(await api.schemas.get_status(warehouse)).data for _ in range(2)]
    assert first is not None
    assert second is not None
    assert (first.cache_status, second.cache_status) == ("refreshing", "fresh")
    return warehouse


async def test_the_sdk_reads_a_schema_and_its_records(api: AsyncPolytomic, connection: str) -> None:
    schema = (await api.schemas.get(connection, USERS)).data
    records = (await api.schemas.get_records(connection, USERS)).data

    assert schema is not None
    assert (schema.id, schema.name) == (USERS, USERS)
    assert {field.type for field in schema.fields or []} == {
        "boolean",
        "datetime",
        "number",
        "object",
        "string",
    }
    assert set((records or [])[0]) == {field.id for field in schema.fields or []}


async def test_the_sdk_adds_a_field_changes_and_deletes_it(api: AsyncPolytomic, connection: str) -> None:
    field = UserFieldRequest(field_id="theme", label="Theme", type="string", path="preferences.theme")
    await api.schemas.upsert_field(connection, USERS, fields=[field])

    patched = (await api.schemas.patch_field(connection, USERS, "theme", label="Look")).data
    assert patched is not None
    assert (patched.name, patched.path, patched.user_managed) == ("Look", "preferences.theme", True)

    await api.schemas.delete_field(connection, USERS, "theme")
    schema = (await api.schemas.get(connection, USERS)).data
    assert schema is not None
    assert "theme" not in {field.id for field in schema.fields or []}


async def test_the_sdk_overrides_the_primary_key_and_resets_it(api: AsyncPolytomic, connection: str) -> None:
    wanted = [
        SchemaPrimaryKeyOverrideInput(field_id="user_id", is_primary_key=False),
        SchemaPrimaryKeyOverrideInput(field_id="email", is_primary_key=True),
    ]
    await api.schemas.set_primary_keys(connection, USERS, fields=wanted)
    overridden = await keys(api, connection)
    await api.schemas.reset_primary_keys(connection, USERS)

    assert overridden == ["email"]
    assert await keys(api, connection) == ["user_id"]


async def test_the_sdk_raises_its_own_error_for_an_unknown_schema(
    api: AsyncPolytomic, connection: str
) -> None:
    with pytest.raises(ApiError) as refusal:
        await api.schemas.get(connection, "public.nowhere")

    assert refusal.value.status_code == 404
