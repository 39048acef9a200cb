"""Who is asked before a call that cannot be undone: a person, if the client can ask one."""

from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from mcp import MCPError
from mcp.types import CONNECTION_CLOSED, ElicitResult, ErrorData, InputRequiredResult

from polytomic_mcp.settings import TOOLSETS
from tests.tools.conftest import Clock, Connect, ScriptedApi

MODES = ["auto", "legacy"]
ERRORS = [
    ErrorData(code=-32601, message="Method not found"),
    ErrorData(code=-32001, message="Request timed out"),
    ErrorData(code=CONNECTION_CLOSED, message="The form could not be shown"),
]
YES = ElicitResult(action="accept", content={"delete": True})
DECLINED = ElicitResult(action="decline")
BULK = "55555555-0000-0000-0000-000000000001"


class Client:
    """Answers questions with each of the outcomes in turn, the last again and again."""

    def __init__(self, *outcomes: ElicitResult | ErrorData) -> None:
        self.outcomes = list(outcomes)
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult | ErrorData:
        del context
        self.questions.append(params.message)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


CALLS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "delete_model": ({"model_id": "Plans"}, {"confirm_name": "Plans"}),
    "write_operation": (
        {"operation": "DELETE /api/models/{id}", "arguments": {"id": ScriptedApi.MODEL}},
        {"confirm": ScriptedApi.MODEL},
    ),
}
DELETED = [f"DELETE /api/models/{ScriptedApi.MODEL}"]


@pytest.fixture
def doomed(company: ScriptedApi) -> ScriptedApi:
    """The company, whose model can be deleted."""
    company[DELETED[0]] = httpx.Response(204)
    return company


async def left_open(tools: Any, tool: str, **arguments: Any) -> None:
    """Make a call whose question the client answers with an error, which the server does not hear."""
    with pytest.raises(MCPError):
        await tools.client.call_tool(tool, arguments)


@pytest.mark.parametrize("tool", CALLS)
@pytest.mark.parametrize("error", ERRORS, ids=["unknown", "late", "its own"])
@pytest.mark.parametrize("mode", MODES)
async def test_a_client_that_fails_to_ask_may_confirm_instead(
    mode: str, error: ErrorData, tool: str, connect: Connect, doomed: ScriptedApi
) -> None:
    arguments, confirmation = CALLS[tool]
    client = Client(error)

    async with connect(mode=mode, elicitation_callback=client) as tools:
        if mode == "auto":
            await left_open(tools, tool, **arguments)
        text = await tools.refused(tool, **arguments)
        assert doomed.written() == []
        await tools(tool, **arguments, **confirmation)

    argument = next(iter(confirmation))
    assert "This client was asked and did not answer. If a person has agreed, call again with " in text
    assert f"call again with {argument} set to " in text
    assert doomed.written() == DELETED
    assert len(client.questions) == (1 if mode == "auto" else 2)


@pytest.mark.parametrize("mode", MODES)
async def test_a_rebuild_that_no_one_can_be_asked_about_is_referred_to_another_tool(
    mode: str, connect: Connect, api: ScriptedApi
) -> None:
    api.holds("bulk/syncs", {"id": BULK, "name": "Nightly"})
    rebuild = {"bulk_sync_id": "Nightly", "resync_mode": "rebuild"}

    async with connect(mode=mode, elicitation_callback=Client(ERRORS[0])) as tools:
        if mode == "auto":
            await left_open(tools, "start_bulk_sync", **rebuild)
        text = await tools.refused("start_bulk_sync", **rebuild)

    assert "This client was asked and did not answer. If a person has agreed, call POST " in text
    assert '"tool":"write_operation"' in text
    assert api.written() == []


async def test_of_calls_that_are_sent_together_none_confirms_itself(open_sandbox: Connect) -> None:
    client = Client(DECLINED)
    async with open_sandbox(toolsets=TOOLSETS, elicitation_callback=client) as tools:
        own = {"id": (await tools("save_policy", name="Kept"))["id"]}
        arguments = {"operation": "DELETE /api/permissions/policies/{id}", "arguments": own}
        async with anyio.create_task_group() as group:
            for given in (arguments, *[arguments | {"confirm": own["id"]}] * 3):
                group.start_soon(partial(tools.client.call_tool, "write_operation", given))
        stored = await tools("list_policies")

    assert len(client.questions) == 4
    assert [policy["name"] for policy in stored["items"]] == ["Kept"]


@pytest.mark.parametrize("mode", MODES)
async def test_what_a_person_declined_is_asked_again_and_not_confirmed_by_an_argument(
    mode: str, connect: Connect, doomed: ScriptedApi
) -> None:
    client = Client(DECLINED)

    async with connect(mode=mode, elicitation_callback=client) as tools:
        for _ in range(3):
            text = await tools.refused("delete_model", model_id="Plans", confirm_name="Plans")
            assert "Not confirmed; nothing was deleted." in text

    assert len(client.questions) == 3
    assert doomed.written() == []


async def test_a_client_that_has_answered_before_is_asked_again(
    connect: Connect, doomed: ScriptedApi
) -> None:
    client = Client(DECLINED, ERRORS[1], YES)

    async with connect(elicitation_callback=client) as tools:
        await tools.refused("delete_model", model_id="Plans")
        await left_open(tools, "delete_model", model_id="Plans", confirm_name="Plans")
        assert doomed.written() == []
        await tools("delete_model", model_id="Plans", confirm_name="Plans")

    assert len(client.questions) == 3
    assert doomed.written() == DELETED


async def test_a_question_that_was_left_open_long_ago_is_asked_again(
    connect: Connect, doomed: ScriptedApi, clock: Clock
) -> None:
    client = Client(ERRORS[1], YES)

    async with connect(elicitation_callback=client) as tools:
        await left_open(tools, "delete_model", model_id="Plans")
        clock.time += 601
        await tools("delete_model", model_id="Plans")

    assert doomed.written() == DELETED


async def test_another_question_is_asked_although_one_was_left_open(
    connect: Connect, doomed: ScriptedApi
) -> None:
    client = Client(ERRORS[1], DECLINED)

    async with connect(elicitation_callback=client) as tools:
        await left_open(tools, "delete_model", model_id="Plans")
        await tools.refused("delete_sync", sync_id="Plans to Gong", confirm_name="Plans to Gong")

    assert len(client.questions) == 2
    assert doomed.written() == []


async def test_a_call_that_is_repeated_without_an_answer_may_be_confirmed(
    connect: Connect, doomed: ScriptedApi
) -> None:
    arguments = {"model_id": "Plans", "confirm_name": "Plans"}

    async with connect(elicitation_callback=Client(YES)) as tools:
        session = tools.client.session
        first = await session.call_tool("delete_model", arguments, allow_input_required=True)
        assert isinstance(first, InputRequiredResult)
        assert doomed.written() == []
        await session.call_tool("delete_model", arguments, request_state=first.request_state)

    assert doomed.written() == DELETED


async def test_a_client_that_leaves_before_it_answers_confirms_nothing(
    connect: Connect, doomed: ScriptedApi
) -> None:
    async def leave(context: Any, params: Any) -> ElicitResult | ErrorData:
        del context, params
        return ErrorData(code=CONNECTION_CLOSED, message="Connection closed")

    async with connect(mode="legacy", elicitation_callback=leave) as tools:
        await left_open(tools, "delete_model", model_id="Plans", confirm_name="Plans")

    assert doomed.written() == []
