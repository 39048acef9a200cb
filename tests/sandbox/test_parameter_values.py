"""What a configuration's fields may be set to."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Connect = Callable[..., Awaitable[dict[str, Any]]]


async def test_a_connection_lists_the_values_of_its_fields(http: httpx.AsyncClient, connect: Connect) -> None:
    ads = await connect("linkedinads", oauth_refresh_token="token")
    warehouse = await connect("snowflake")

    listed = (await http.get(f"/api/connections/{ads['id']}/parameter_values")).json()["data"]
    nothing = (await http.get(f"/api/connections/{warehouse['id']}/parameter_values")).json()["data"]

    assert listed["accounts"]["allows_creation"] is False
    assert listed["accounts"]["values"][1] == {"value": "acme-europe", "label": "Acme Europe"}
    assert nothing == {}


async def test_a_type_lists_the_values_of_one_field_that_match(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/api/connection_types/gong/parameter_values", json={"field": "auth_method", "query": "OAU"}
    )

    assert answer.json()["data"]["auth_method"]["values"] == [{"value": "oauth", "label": "oauth"}]


async def test_a_type_that_needs_a_person_lists_nothing_before_the_sign_in(
    http: httpx.AsyncClient, connect: Connect
) -> None:
    waiting = await connect("linkedinads")
    ready = await connect("linkedinads", oauth_refresh_token="token")
    path = "/api/connection_types/linkedinads/parameter_values"

    without = await http.post(path, json={"field": "accounts"})
    unready = await http.post(path, json={"field": "accounts", "connection_id": waiting["id"]})
    through = await http.post(path, json={"field": "accounts", "connection_id": ready["id"], "query": "labs"})
    own = await http.post(path, json={"field": "accounts", "parameters": {"oauth_refresh_token": "token"}})

    assert (without.status_code, unready.status_code) == (400, 400)
    assert through.json()["data"]["accounts"]["values"] == [{"value": "acme-labs", "label": "Acme Labs"}]
    assert len(own.json()["data"]["accounts"]["values"]) == 3


async def test_a_field_without_values_is_refused_with_those_that_have_some(http: httpx.AsyncClient) -> None:
    gong = await http.post("/api/connection_types/gong/parameter_values", json={"field": "subdomain"})
    snowflake = await http.post("/api/connection_types/snowflake/parameter_values", json={"field": "account"})
    unknown = await http.post("/api/connection_types/nonesuch/parameter_values", json={"field": "x"})

    assert (gong.status_code, snowflake.status_code, unknown.status_code) == (400, 400, 404)
    assert gong.json()["message"].endswith("it does for: auth_method.")
    assert snowflake.json()["message"].endswith("it does for: none.")
