"""Scripts that know no id: the guide, a diagnosis and bulk syncs, by every way and in both eras."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest
from mcp import Client

from polytomic_mcp.cli.demo.consent import consent
from polytomic_mcp.settings import TOOLSETS

pytestmark = pytest.mark.slow

Connect = Callable[..., AbstractAsyncContextManager[Client]]
Speaking = Callable[..., AbstractAsyncContextManager[Any]]

MODES = ["auto", "legacy"]
WAYS = ["memory", "stdio", "http"]
PATIENCE = 90
FLOW, FLOW_ID = "Nurture: gold plan", "my-gong-engage-flow"
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "snowflake": {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"},
    "gong": {"auth_method": "oauth"},
    "hubspot": {},
    "salesforce": {"domain": "https://acme.my.salesforce.com"},
    "postgresql": {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "pw"},
}
QUERY = {"query": "SELECT contact_id FROM salesforce_contacts"}
SYNC: dict[str, Any] = {
    "name": "Contacts into the flow",
    "mode": "updateOrCreate",
    "identity": {
        "source": {"field": "contact_id", "model_id": "Contacts"},
        "target": "Id",
        "function": "equality",
    },
    "target": {"connection_id": "Engage", "object": FLOW},
}
JOURNEYS = {"hubspot": ("postgresql", "Contact"), "salesforce": ("snowflake", "Contact")}
"""Where the records of each source go, and which."""

CONTINUOUS = {"frequency": "continuous"}
DAILY = {"frequency": "daily", "hour": "05", "minute": "00"}
RARE = DAILY | {"selective_mode": "nonincrementalFields"}
ITEMS = [
    {"item": "incrementalFields", "schedule": CONTINUOUS},
    {"item": "nonincrementalFields", "schedule": DAILY},
]
SPELLINGS: dict[str, dict[str, Any]] = {
    "Current": {"default_schedule": CONTINUOUS, "additional_schedules": [RARE]},
    "Early": {"schedules": [CONTINUOUS, RARE]},
    "Old": {"schedule": {"frequency": "multi", "multi": {"schedules": ITEMS}}},
    "Mixed": {"schedule": CONTINUOUS, "additional_schedules": [RARE]},
}
"""One plan, said in every way that there is or was."""


async def connect_to(speak: Any, name: str, type_: str) -> None:
    """Connect a system; where a person must consent, one does."""
    made = await speak("create_connection", name=name, type=type_, configuration=CONFIGURATIONS[type_])
    if "auth_url" in made:
        await consent(made["auth_url"])
    seen = await speak("get_connection", connection_id=name)
    assert seen["status"] == "healthy"


async def follow_the_guide(speak: Any) -> dict[str, Any]:
    """Bring the contacts of the warehouse into the flow; return the run."""
    await connect_to(speak, "Warehouse", "snowflake")
    await connect_to(speak, "Engage", "gong")
    await speak("create_model", name="Contacts", connection_id="warehouse", configuration=QUERY)
    objects = (await speak("list_target_objects", connection_id="engage", query="nurture: GOLD"))["items"]
    assert [item["name"] for item in objects] == [FLOW]
    fields = (await speak("list_target_fields", connection_id="engage", target=FLOW))["fields"]
    assert "Id" in {field["id"] for field in fields}
    await speak("create_sync", **SYNC)
    return await speak("start_sync", sync_id=SYNC["name"], wait_seconds=60)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", WAYS)
async def test_the_guide_its_diagnosis_and_what_hangs_on_it_go_by_names(
    speaking: Speaking, way: str, mode: str
) -> None:
    with anyio.fail_after(PATIENCE):
        async with speaking(way, mode) as speak:
            first = await follow_the_guide(speak)
            diagnosis = await speak("diagnose_sync", sync_id=SYNC["name"])
            again = await speak("start_sync", sync_id=SYNC["name"], wait_seconds=60)
            overview = await speak("sync_overview")
            lineage = await speak("trace_lineage", connection_id="Warehouse")

    done = first["counts"]["insert"] + first["counts"]["update"]
    assert (first["status"], again["status"]) == ("completed", "completed")
    assert (first["counts"]["error"], first["counts"]["total"]) == (4, done + 4)
    assert again["counts"] == first["counts"] | {"insert": 0, "update": 0, "total": 4}
    causes = {cause["cause"]: cause["count"] for cause in diagnosis["row_errors"]["causes"]}
    assert list(causes.values()) == [3, 1]
    unknown, missing = causes
    assert "is not known to salesforce" in unknown
    assert "the identity Id has no value" in missing
    assert [cause["blocks"] for cause in diagnosis["causes"]] == [False, False]
    assert [(row["name"], row["state"]) for row in overview["items"]] == [(SYNC["name"], "row_errors")]
    assert [(row["kind"], row["name"]) for row in lineage["items"]] == [
        ("model", "Contacts"),
        ("sync", SYNC["name"]),
        ("flow", "Nurture: gold plan"),
    ]


@pytest.mark.parametrize(
    ("way", "mode", "journey"),
    [
        ("memory", "auto", "hubspot"),
        ("memory", "legacy", "salesforce"),
        ("stdio", "auto", "salesforce"),
        ("stdio", "legacy", "hubspot"),
        ("http", "auto", "hubspot"),
        ("http", "legacy", "salesforce"),
    ],
)
async def test_a_bulk_sync_goes_by_names_from_its_schemas_to_its_end(
    journey: str, speaking: Speaking, way: str, mode: str
) -> None:
    destination, schema = JOURNEYS[journey]
    plans: list[list[dict[str, Any]]] = []
    with anyio.fail_after(PATIENCE):
        async with speaking(way, mode, toolsets=TOOLSETS) as speak:
            await connect_to(speak, "Source", journey)
            await connect_to(speak, "Destination", destination)
            offered = (await speak("list_source_schemas", connection_id="source"))["items"]
            ends = {"source_connection_id": "Source", "destination_connection_id": "Destination"}
            for name, spelling in SPELLINGS.items():
                place = {"destination_configuration": {"schema": name.lower()}, "schemas": [schema]}
                await speak("create_bulk_sync", name=name, **ends, **place, **spelling)
                plans.append(plan_of(await speak("get_bulk_sync", bulk_sync_id=name)))
            run = await speak("start_bulk_sync", bulk_sync_id="current", wait_seconds=60)
            query = f"SELECT count(*) AS n FROM current.{schema}"  # noqa: S608 - a name of ours
            rows = await speak("run_query", connection_id="Destination", query=query)
            changed = await speak("update_bulk_sync", bulk_sync_id="Current", active=True)
            stopped = await speak("cancel_bulk_sync", bulk_sync_id="Current")
            for name in SPELLINGS:
                await speak("delete_bulk_sync", bulk_sync_id=name, confirm_name=name)
            left = (await speak("list_bulk_syncs"))["items"]

    assert schema in {item["id"] for item in offered}
    assert plans == [[CONTINUOUS, RARE]] * len(SPELLINGS)
    assert (run["status"], stopped["status"]) == ("completed", "completed")
    assert rows["rows"] == [[run["record_count"]]]
    assert run["record_count"] > 0
    assert changed["changed"]["active"] == {"before": False, "after": True}
    assert left == []


def plan_of(sync: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schedules as a caller would write them."""
    schedules = [sync["default_schedule"], *sync["additional_schedules"]]
    return [{name: schedule[name] for name in RARE if schedule.get(name)} for schedule in schedules]


class Follower:
    """Takes every next step that an answer names, and every one that those name, each of them once."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.taken: set[str] = set()
        self.answers: dict[str, dict[str, Any]] = {}

    async def __call__(self, tool: str, /, **arguments: Any) -> None:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, (tool, arguments, result.content)
        answer = self.answers[tool] = result.structured_content or {}
        if "auth_url" in answer:
            await consent(answer["auth_url"])
        causes = [step for cause in answer.get("causes", []) for step in cause.get("next_steps", [])]
        for step in [*answer.get("next_steps", []), *causes]:
            if (key := json.dumps(step["arguments"] | {"tool": step["tool"]})) not in self.taken:
                self.taken.add(key)
                await self(step["tool"], **step["arguments"])


@pytest.mark.parametrize("mode", MODES)
async def test_the_steps_that_answers_name_lead_through_consent_to_a_run_and_its_refused_rows(
    connect: Connect, mode: str
) -> None:
    with anyio.fail_after(PATIENCE):
        async with connect("memory", mode) as client:
            follow = Follower(client)
            for name, type_ in {"Engage": "gong", "Warehouse": "snowflake"}.items():
                made = {"name": name, "type": type_, "configuration": CONFIGURATIONS[type_]}
                await follow("create_connection", **made)
            await follow("create_model", name="Contacts", connection_id="Warehouse", configuration=QUERY)
            await follow("create_sync", **SYNC)

    answers = follow.answers
    assert answers["get_connection"]["status"] == "healthy"
    assert answers["preview_model"]["rows"]
    assert answers["start_sync"]["status"] == "completed"
    assert answers["diagnose_sync"]["row_errors"]["total"] == 4
    assert answers["get_sync_execution"]["log_count"] == 4
