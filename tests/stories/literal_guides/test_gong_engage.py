"""The guide that adds contacts from Snowflake to a Gong Engage flow, request by request as it is printed."""

from dataclasses import replace

import httpx
from starlette.applications import Starlette

from tests.stories.literal_guides.conftest import OLD, SNOWFLAKE, Guide

QUERY = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'gold'"
FLOW = "my-gong-engage-flow"


async def test_the_guide_adds_twenty_contacts_and_names_those_that_are_refused(
    sandbox: Starlette, http: httpx.AsyncClient
) -> None:
    first = Guide(http, sandbox, OLD)
    then = replace(first, version=None)  # the page sends no version from its fourth step on
    before = len(first.rows("gong", FLOW))

    warehouse = await first.connect("snowflake", SNOWFLAKE, "Snowflake Connection")
    gong = await first.connect("gong", {"auth_method": "oauth"}, "My Gong Connection")
    body = {"name": "Active Users", "configuration": {"query": QUERY}, "connection_id": warehouse}
    model = (await first.data("POST", "/api/models", body))["id"]
    targets = await then.data("GET", f"/api/connections/{gong}/modelsync/targetobjects")
    fields = await then.data("GET", f"/api/connections/{gong}/modelsync/target/fields", target=FLOW)
    sync = await then.data(
        "POST",
        "/api/syncs",
        {
            "name": "Snowflake to Gong Engage Sync",
            "mode": "updateOrCreate",
            "identity": {
                "source": {"field": "contact_id", "model_id": model},
                "target": "Id",
                "function": "equality",
            },
            "schedule": {"frequency": "manual"},
            "target": {"connection_id": gong, "object": FLOW},
        },
    )
    ended = await then.run(f"/api/syncs/{sync['id']}")

    assert FLOW in [target["id"] for target in targets]
    assert "Id" in [field["id"] for field in fields["fields"]]
    assert sync["identity"]["function"] == "Equality"
    counts = {name: ended["counts"][name] for name in ("insert", "error", "total")}
    assert counts["insert"] == 20
    assert counts["error"] > 0
    assert len(first.rows("gong", FLOW)) == before + 20
