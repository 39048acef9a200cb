"""Prompts: each guide as a plan that this server's own tools can carry out."""

import json
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, get_args

import jsonschema
import pytest
from mcp import Client, MCPError
from mcp.types import TextContent

from polytomic_mcp import Settings
from polytomic_mcp.guides import Guide, Step, load_guides
from polytomic_mcp.settings import TOOLSETS, AccessMode, Secret
from polytomic_mcp.tools.toolsets import shown_tools

Serve = Callable[..., AbstractAsyncContextManager[Client]]

GUIDES = {name: guide for name, guide in load_guides().items() if not guide.no_prompt}
INVALID = -32602
CALL = re.compile(r"^   (\w+) (\{.*\})$", re.MULTILINE)

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """The input schema of every tool there is."""
    return {tool.name: tool.parameters for _, tool in shown_tools(Settings(toolsets=TOOLSETS))}


def filled(name: str) -> dict[str, str]:
    """A value for each argument that is required."""
    return {key: key for key, argument in GUIDES[name].arguments.items() if argument.default is None}


def steps_of(guide: Guide) -> list[Step]:
    """Every step of a guide, with those that replace a step whose tool is hidden."""
    return [each for step in guide.steps for each in (step, step.otherwise) if each]


async def plan_of(client: Client, name: str, **arguments: str) -> str:
    (message,) = (await client.get_prompt(name, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


@both_eras
async def test_every_guide_is_listed_with_a_form_that_explains_itself(serve: Serve, mode: str) -> None:
    async with serve(mode=mode) as client:
        prompts = (await client.list_prompts()).prompts

    assert [prompt.name for prompt in prompts] == sorted(GUIDES)
    assert all(prompt.title and prompt.description for prompt in prompts)
    for prompt in prompts:
        forms = {argument.name: argument for argument in prompt.arguments or ()}
        assert {name for name, form in forms.items() if form.required} == {*filled(prompt.name)}
        assert all(form.description for form in forms.values())


async def test_every_step_is_a_call_that_its_tool_takes(serve: Serve, schemas: Any) -> None:
    async with serve() as client:
        plans = {name: await plan_of(client, name, **filled(name)) for name in GUIDES}

    for name, plan in plans.items():
        calls = [(tool, json.loads(arguments)) for tool, arguments in CALL.findall(plan)]
        steps = [step for step in GUIDES[name].steps_of("prompt") if step.tool and not step.confirms]
        assert len(calls) == len(steps)
        for (tool, _), step in zip(calls, steps, strict=True):
            assert tool in {step.tool, step.otherwise.tool if step.otherwise else None}
        for tool, arguments in calls:
            jsonschema.validate(arguments, schemas[tool])


@both_eras
async def test_entered_values_are_in_the_plan(serve: Serve, mode: str) -> None:
    async with serve(mode=mode) as client:
        name = "add_snowflake_contacts_to_gong_engage_flow"
        plan = await plan_of(client, name, target='The "Winter" flow', gong="", sync_name="Winter {target}")

    calls = dict(CALL.findall(plan))
    assert json.loads(calls["list_target_fields"]) == {"connection_id": "Gong", "target": 'The "Winter" flow'}
    assert json.loads(calls["start_sync"]) == {"sync_id": "Winter {target}"}
    assert plan.startswith("Add contacts from Snowflake to a Gong Engage flow\n")


@pytest.mark.parametrize("given", [{}, {"execution_id": "latest"}])
async def test_an_argument_that_stays_empty_is_left_out_of_the_call(
    serve: Serve, given: dict[str, str]
) -> None:
    async with serve() as client:
        plan = await plan_of(client, "why_did_this_sync_fail", sync_id="Plans", **given)

    call = json.loads(dict(CALL.findall(plan))["get_sync_execution"])
    assert call == {"sync_id": "Plans", "log": "errors", **given}


@both_eras
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("why_did_this_sync_fail", {}, "why_did_this_sync_fail requires sync_id."),
        ("why_did_this_sync_fail", {"sync_id": ""}, "requires sync_id"),
        ("why_did_this_sync_fail", {"sync_id": "a", "execution": "b"}, "Did you mean 'execution_id'?"),
        ("what_ran_last_night", {"when": "today"}, "Unknown argument 'when'. There are none."),
        ("why_did_this_sync_fall", {}, "Did you mean 'why_did_this_sync_fail'?"),
    ],
)
async def test_what_does_not_fit_is_refused_in_words(
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    mode: str,
    name: str,
    arguments: dict[str, str],
    words: str,
) -> None:
    async with serve(mode=mode) as client:
        with pytest.raises(MCPError) as refused:
            await client.get_prompt(name, arguments)

    assert refused.value.error.code == INVALID
    assert words in refused.value.error.message
    assert caplog.records == []


@pytest.mark.parametrize("access_mode", get_args(AccessMode))
async def test_a_plan_names_what_this_server_does_not_show(serve: Serve, access_mode: AccessMode) -> None:
    settings = Settings(api_key=Secret("key"), access_mode=access_mode)

    async with serve(settings) as client:
        shown = {tool.name for tool in (await client.list_tools()).tools}
        plans = [await plan_of(client, name, **filled(name)) for name in GUIDES]

    for plan in plans:
        steps, _, note = plan.partition("This server hides ")
        named = note.partition(". POLYTOMIC")[0].split(", ") if note else []
        assert {*named} == {tool for tool, _ in CALL.findall(steps)} - shown


async def test_with_every_toolset_nothing_is_missing(serve: Serve) -> None:
    settings = Settings(api_key=Secret("key"), toolsets=TOOLSETS)

    async with serve(settings) as client:
        plans = [await plan_of(client, name, **filled(name)) for name in GUIDES]

    assert not [plan for plan in plans if "This server hides" in plan]


async def test_a_plan_says_which_toolset_to_switch_on(serve: Serve) -> None:
    async with serve() as client:
        plan = await plan_of(client, "bulk_sync_hubspot_to_postgresql")

    assert "(needed here: bulk_syncs)" in plan


async def test_a_plan_waits_with_the_tool_that_waits_or_else_says_until_when_to_repeat(serve: Serve) -> None:
    name = "sync_salesforce_to_netsuite"
    settings = Settings(api_key=Secret("key"), toolsets=TOOLSETS)

    async with serve(settings) as client:
        with_tool = await plan_of(client, name)
    async with serve() as client:
        without = await plan_of(client, name)

    call = {"connection_id": "NetSuite"}
    assert ("refresh_schemas", json.dumps(call, separators=(",", ":"))) in CALL.findall(with_tool)
    assert "schemas/status" not in with_tool
    assert "refresh_schemas" not in without
    assert without.count("until cache_status is fresh") == 2


def test_no_plan_reads_webhooks_where_their_secrets_may_show() -> None:
    asked = [step.arguments.get("operation") for guide in GUIDES.values() for step in steps_of(guide)]

    assert "GET /api/webhooks" not in asked
