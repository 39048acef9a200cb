"""The official SDK as an independent client of connections; it parses every answer."""

from typing import Any

import httpx
import pytest
from polytomic import AsyncPolytomic, Polytomic
from polytomic.core.api_error import ApiError


async def test_the_sdk_reads_the_identity_of_its_key(api: AsyncPolytomic) -> None:
    me = await api.identity.get()

    assert me.data is not None
    assert me.data.organization_name == "Acme (sandbox)"
    assert me.data.credential is not None
    assert me.data.credential.method == "api_key"


async def test_the_sdk_lists_every_connection_type_with_its_form(api: AsyncPolytomic) -> None:
    types = (await api.connections.get_types()).data or []

    assert len(types) == 232
    gong = next(type_ for type_ in types if type_.id == "gong")
    assert gong.capabilities.destination
    assert gong.use_oauth
    assert gong.configuration_form is not None


async def test_the_sdk_reads_the_schema_of_each_connection_type(api: AsyncPolytomic) -> None:
    types = (await api.connections.get_types()).data or []

    for type_ in types:
        schema = await api.connections.get_connection_type_schema(type_.id or "")
        assert schema.type == "object"


async def test_the_sdk_manages_a_connection(api: AsyncPolytomic, guide: Any) -> None:
    created = (
        await api.connections.create(name="Warehouse", type="snowflake", configuration=guide.snowflake)
    ).data
    assert created is not None
    id_ = created.id or ""
    await api.connections.test_connection(type="snowflake", configuration={}, connection_id=id_)
    await api.connections.update(id_, name="Renamed", configuration=created.configuration or {})
    listed = (await api.connections.list()).data or []
    fetched = (await api.connections.get(id_)).data
    await api.connections.delete(id_)

    assert [connection.name for connection in listed] == ["Renamed"]
    assert fetched is not None
    assert fetched.status == "healthy"
    assert fetched.configuration == {**guide.snowflake, "password": "********"}
    with pytest.raises(ApiError) as refused:
        await api.connections.get(id_)
    assert refused.value.status_code == 404


async def test_the_sdk_gets_the_url_where_a_person_signs_in(api: AsyncPolytomic) -> None:
    gong = (
        await api.connections.create(name="Gong", type="gong", configuration={"auth_method": "oauth"})
    ).data

    assert gong is not None
    assert (gong.auth_url or "").startswith("http://sandbox/sandbox/consent/")
    assert gong.saved is False


async def test_the_sdk_refreshes_schemas_and_lists_parameter_values(api: AsyncPolytomic) -> None:
    ads = (
        await api.connections.create(
            name="Ads", type="linkedinads", configuration={"oauth_refresh_token": "token"}
        )
    ).data
    assert ads is not None
    id_ = ads.id or ""
    await api.schemas.refresh(id_)
    first = (await api.schemas.get_status(id_)).data
    second = (await api.schemas.get_status(id_)).data
    values = (await api.connections.get_parameter_values(id_)).data
    of_type = (await api.connections.get_type_parameter_values("gong", field="auth_method")).data

    assert first is not None
    assert second is not None
    assert (first.cache_status, second.cache_status) == ("refreshing", "fresh")
    assert values is not None
    assert values["accounts"] is not None
    assert of_type is not None
    assert of_type["auth_method"] is not None


def test_the_synchronous_sdk_drives_the_sandbox_over_loopback(loopback: str, guide: Any) -> None:
    with httpx.Client(trust_env=False) as http:
        api = Polytomic(token="sandbox-key", base_url=loopback, httpx_client=http)
        created = api.connections.create(
            name="Warehouse", type="snowflake", configuration=guide.snowflake
        ).data
        assert created is not None
        fetched = api.connections.get(created.id or "").data
        types = api.connections.get_types().data or []
        api.connections.delete(created.id or "")
        left = api.connections.list().data

    assert fetched is not None
    assert fetched.name == "Warehouse"
    assert len(types) == 232
    assert left == []


def test_the_sdk_raises_its_own_error_for_a_wrong_key(loopback: str) -> None:
    with httpx.Client(trust_env=False) as http:
        api = Polytomic(token="wrong", base_url=loopback, httpx_client=http)

        with pytest.raises(ApiError) as refused:
            api.identity.get()

    assert refused.value.status_code == 401
