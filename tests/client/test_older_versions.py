"""Requests are sent in the form of the API's version."""

from typing import Any

import pytest

from polytomic_mcp.errors import ArgumentError

CREATE = "POST /api/bulk/syncs"
UPDATE = "PUT /api/bulk/syncs/{id}"
BODY = {
    "name": "HubSpot to PostgreSQL",
    "source_connection_id": "s",
    "destination_connection_id": "d",
    "destination_configuration": {"schema": "hubspot"},
}
DAILY = {"frequency": "daily", "hour": "05", "minute": "00"}
CONTINUOUS = {"frequency": "continuous"}


@pytest.mark.parametrize("arguments", [{}, {"id": "b"}])
async def test_the_current_version_gets_the_request_as_it_is(arguments: dict[str, str], script: Any) -> None:
    api, network = script()
    body = BODY | {"default_schedule": CONTINUOUS, "additional_schedules": [DAILY]}

    await api.call(UPDATE if arguments else CREATE, **arguments, **body)

    assert network.body == body


@pytest.mark.parametrize("additional", [{}, {"additional_schedules": []}, {"additional_schedules": None}])
async def test_an_older_version_gets_one_schedule(additional: dict[str, Any], script: Any) -> None:
    api, network = script(api_version="2024-02-08")

    await api.call(CREATE, **BODY, default_schedule=DAILY, **additional)

    assert network.body == BODY | {"schedule": DAILY}


@pytest.mark.parametrize(
    ("mode", "left"),
    [
        ("nonincrementalFields", "incrementalFields"),
        ("incrementalFields", "nonincrementalFields"),
        (None, "none"),
    ],
)
async def test_an_older_version_gets_several_schedules_as_multi(
    mode: str | None, left: str, script: Any
) -> None:
    api, network = script(api_version="2024-02-08")
    other = DAILY | {"id": "x", "selective_mode": mode, "resync_mode": "normal", "schemas": []}

    await api.call(UPDATE, id="b", **BODY, default_schedule=CONTINUOUS, additional_schedules=[other])

    items = [{"item": left, "schedule": CONTINUOUS}, {"item": mode or "none", "schedule": DAILY}]
    assert network.body == BODY | {"schedule": {"frequency": "multi", "multi": {"schedules": items}}}


async def test_a_default_schedule_that_names_its_item_keeps_it(script: Any) -> None:
    arguments = BODY | {
        "default_schedule": DAILY | {"selective_mode": "none"},
        "additional_schedules": [CONTINUOUS | {"selective_mode": "incrementalFields"}],
    }
    older, newer = script(api_version="2024-02-08")[0], script()[0]

    several = older.request(CREATE, **arguments).body["schedule"]["multi"]["schedules"]

    assert [item["item"] for item in several] == ["none", "incrementalFields"]
    assert newer.request(CREATE, **arguments).body["default_schedule"] == DAILY


@pytest.mark.parametrize("api_version", ["2025-09-18", "2024-02-08"])
async def test_an_invalid_schedule_is_left_to_the_api(api_version: str, script: Any) -> None:
    api, _ = script(api_version=api_version)

    assert "daily" in api.request(CREATE, **BODY, default_schedule="daily").body.values()


async def test_the_default_has_no_item_if_the_others_have_several(script: Any) -> None:
    api, _ = script(api_version="2024-02-08")
    others = [DAILY | {"selective_mode": mode} for mode in ("incrementalFields", "nonincrementalFields")]

    request = api.request(CREATE, **BODY, default_schedule=CONTINUOUS, additional_schedules=others)

    items = request.body["schedule"]["multi"]["schedules"]
    assert [item["item"] for item in items] == ["none", "incrementalFields", "nonincrementalFields"]


@pytest.mark.parametrize("part", [{"schemas": ["Contact"]}, {"resync_mode": "rebuild"}])
async def test_what_an_older_version_does_not_support_is_not_sent(part: dict[str, Any], script: Any) -> None:
    api, network = script(api_version="2024-02-08")

    with pytest.raises(ArgumentError, match="set POLYTOMIC_API_VERSION to 2025-09-18"):
        await api.call(CREATE, **BODY, default_schedule=CONTINUOUS, additional_schedules=[DAILY | part])

    assert network.requests == []
