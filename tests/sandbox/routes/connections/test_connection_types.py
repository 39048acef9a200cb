"""The values that configuration fields accept."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types
from polytomic_mcp.sandbox.data.systems.systems import described

Connect = Callable[..., Awaitable[dict[str, Any]]]


async def test_a_connection_lists_the_values_of_its_fields(http: httpx.AsyncClient, connect: Connect) -> None:
    ads = await connect("linkedinads", oauth_refresh_token="token")
    warehouse = await connect("snowflake")

    listed = (await http.get(f"/api/connections/{ads['id']}/parameter_values")).json()["data"]
    nothing = (await http.get(f"/api/connections/{warehouse['id']}/parameter_values")).json()["data"]

    assert listed["accounts"]["allows_creation"] is False
    assert listed["accounts"]["values"][1] == {
        "value": "512345999::urn:li:organization:987655",
        "label": "Tidepool Software EMEA",
    }
    assert nothing == {}


async def test_a_type_lists_the_values_of_one_field_that_match(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/api/connection_types/gong/parameter_values", json={"field": "auth_method", "query": "OAU"}
    )

    assert answer.json()["data"]["auth_method"]["values"] == [{"value": "oauth", "label": "oauth"}]


async def test_a_type_that_needs_consent_lists_nothing_before_the_sign_in(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    waiting = await connect("linkedinads")
    ready = await connect("linkedinads", oauth_refresh_token="token")
    path = "/api/connection_types/linkedinads/parameter_values"

    without = await http.post(path, json={"field": "accounts"})
    unready = await http.post(path, json={"field": "accounts", "connection_id": waiting["id"]})
    through = await http.post(path, json={"field": "accounts", "connection_id": ready["id"], "query": "emea"})
    own = await http.post(path, json={"field": "accounts", "parameters": {"oauth_refresh_token": "token"}})

    assert (without.status_code, unready.status_code) == (400, 400)
    assert [each["label"] for each in through.json()["data"]["accounts"]["values"]] == [
        "Tidepool Software EMEA"
    ]
    assert len(own.json()["data"]["accounts"]["values"]) == 2


async def test_accounts_are_those_that_a_new_audience_can_belong_to(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    ads = await connect("linkedinads", oauth_refresh_token="token")
    path = f"/api/connections/{ads['id']}"

    listed = (await http.get(f"{path}/parameter_values")).json()["data"]["accounts"]["values"]
    property_ = (await http.get(f"{path}/modelsync/targetobjects/properties/account")).json()["data"]

    assert [each["value"] for each in listed] == [each["value"] for each in property_["values"]]


async def test_a_field_without_values_in_a_file_lists_samples(http: httpx.AsyncClient) -> None:
    type_ = next(
        (id_, name)
        for id_, each in load_connection_types().items()
        for name, schema in each.fields.items()
        if schema.get("completions") and not each.has_oauth and not described(id_).parameters.get(name)
    )

    answer = await http.post(
        f"/api/connection_types/{type_[0]}/parameter_values", json={"field": type_[1], "query": "europe"}
    )

    assert answer.json()["data"][type_[1]]["values"] == [{"value": "acme-europe", "label": "Acme Europe"}]


async def test_a_field_without_values_is_refused_with_the_fields_that_list_some(
    http: httpx.AsyncClient,
) -> None:
    gong = await http.post("/api/connection_types/gong/parameter_values", json={"field": "subdomain"})
    snowflake = await http.post("/api/connection_types/snowflake/parameter_values", json={"field": "account"})
    unknown = await http.post("/api/connection_types/nonesuch/parameter_values", json={"field": "x"})

    assert (gong.status_code, snowflake.status_code, unknown.status_code) == (400, 400, 404)
    assert gong.json()["message"].endswith(
        "Unknown field of gong that lists values 'subdomain'. Valid values: auth_method."
    )
    assert snowflake.json()["message"].endswith(
        "Unknown field of snowflake that lists values 'account'. There are none."
    )
