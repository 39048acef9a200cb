"""What a person is asked before a bulk sync is rebuilt or deleted."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

from tests.tools.bulk_syncs.conftest import BULK, RunStates
from tests.tools.conftest import Connect, ScriptedApi, Tools

PATH = f"/api/bulk/syncs/{BULK}"
START = f"POST {PATH}/executions"
NAME = "HubSpot to PostgreSQL"


class Person:
    """A person who fills in every form the same way, and records the questions."""

    def __init__(self, **answer: bool) -> None:
        self.answer = answer
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        del context
        self.questions.append(params.message)
        return ElicitResult(action="accept", content=dict(self.answer))


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"resync": True}, {"resync_mode": "rebuild"}),
        ({"resync": True, "resync_mode": "rebuild"}, {"resync_mode": "rebuild"}),
        ({"resync": False}, {}),
        ({"resync": False, "resync_mode": "resync"}, {"resync_mode": "resync"}),
        ({"test": True, "resync": False}, {"test": True}),
    ],
)
async def test_the_old_form_of_a_resync_is_accepted(
    given: dict[str, Any], sent: dict[str, Any], connect: Connect, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "completed"})

    async with connect(elicitation_callback=Person(rebuild=True)) as tools:
        await tools("start_bulk_sync", bulk_sync_id=NAME, **given)

    assert bulk.bodies(START) == [sent]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("is_wanted", [True, False])
async def test_outputs_are_dropped_once_a_person_confirms(
    *, mode: str, is_wanted: bool, connect: Connect, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "completed"})
    person = Person(rebuild=is_wanted)
    rebuild = {"bulk_sync_id": NAME, "resync_mode": "rebuild", "schemas": ["People", "deals"]}

    async with connect(mode=mode, elicitation_callback=person) as tools:
        is_error, answer = await tools.try_("start_bulk_sync", rebuild)

    sent = {"resync_mode": "rebuild", "schemas": ["contacts", "deals"]}
    assert bulk.bodies(START) == ([sent] if is_wanted else [])
    assert is_wanted or answer == f"Not confirmed; the bulk sync '{NAME}' was not rebuilt."
    assert is_error != is_wanted
    assert person.questions[0] == (
        f"Rebuild the bulk sync '{NAME}' ({BULK})?\nThe outputs of contacts, deals in the destination are "
        "dropped and copied again from the source."
    )


@pytest.mark.parametrize("resync_mode", ["refetch", "resync", None])
async def test_no_one_is_asked_if_nothing_is_dropped(
    resync_mode: str | None, connect: Connect, run_states: RunStates
) -> None:
    run_states({"status": "completed"})
    person = Person(rebuild=False)

    async with connect(elicitation_callback=person) as tools:
        await tools("start_bulk_sync", bulk_sync_id=NAME, resync_mode=resync_mode)

    assert person.questions == []


async def test_without_anyone_to_ask_a_rebuild_is_referred_to_a_destructive_tool(
    tools: Tools, bulk: ScriptedApi, run_states: RunStates
) -> None:
    run_states({"status": "completed"})

    text = await tools.refused("start_bulk_sync", bulk_sync_id=NAME, resync=True)
    assert "outputs of all enabled schemas in the destination are dropped" in text
    assert bulk.written() == []

    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    await tools(step["tool"], **step["arguments"])
    assert bulk.bodies(START) == [{"resync_mode": "rebuild"}]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("is_wanted", [True, False])
async def test_a_bulk_sync_is_deleted_once_a_person_confirms(
    *, mode: str, is_wanted: bool, connect: Connect, bulk: ScriptedApi
) -> None:
    bulk[f"DELETE {PATH}"] = httpx.Response(204)
    person = Person(delete=is_wanted)

    async with connect(mode=mode, elicitation_callback=person) as tools:
        is_error, _ = await tools.try_("delete_bulk_sync", {"bulk_sync_id": NAME})

    assert is_error != is_wanted
    assert bulk.written() == ([f"DELETE {PATH}"] if is_wanted else [])
    assert person.questions[0].startswith(
        f"Delete the bulk sync '{NAME}' ({BULK})?\nIts schedules and history are deleted"
    )
