"""A walk through the guide, with a client that may interfere; and what a walk does beside calls."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli import receiver
from polytomic_mcp.cli.demo import GUIDE
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.cli.walk import Walk, WalkError
from polytomic_mcp.cli.web import listening
from polytomic_mcp.settings import TOOLSETS, Secret
from polytomic_mcp.walkthroughs import Step, Walkthrough, load_walkthroughs

RUN = {"id": "e", "sync_id": "s", "status": "completed", "counts": {"insert": 1, "total": 1, "error": 0}}

Calls = list[tuple[str, dict[str, Any]]]
Walked = Callable[..., tuple[Calls, str]]


@dataclass(slots=True)
class Interfering:
    """A client that answers some tools by itself, and reports progress."""

    client: Client
    instead: dict[str, Any]
    called: Calls = field(default_factory=Calls)

    async def call_tool(self, name: str, arguments: dict[str, Any], **options: Any) -> CallToolResult:
        self.called.append((name, arguments))
        if name not in self.instead:
            return await self.client.call_tool(name, arguments, **options)
        answer = self.instead[name]
        if isinstance(answer, str):
            return CallToolResult(content=[TextContent(type="text", text=answer)], is_error=True)
        await options["progress_callback"](1.0, None, "running: 5 rows")
        await options["progress_callback"](2.0, None, None)
        return CallToolResult(content=[], structured_content=answer)


@pytest.fixture
def walk() -> Walked:
    """Walk a guide; return the calls made and what the screen shows."""

    def go(walkthrough: Walkthrough | None = None, **instead: Any) -> tuple[Calls, str]:
        out = io.StringIO()
        with listening(create_sandbox(key="key")) as sandbox:
            settings = Settings(api_key=Secret("key"), api_url=sandbox.url, toolsets=TOOLSETS)

            async def walk_it() -> Calls:
                async with Client(build_server(settings)) as client:
                    interfering = Interfering(client, instead)
                    try:
                        taken = Walk(interfering, Screen(out), settings)  # type: ignore[arg-type]
                        await taken.take(walkthrough or load_walkthroughs()[GUIDE])
                    except WalkError as error:
                        out.write(f"WalkError: {error}")
                    return interfering.called

            called = anyio.run(walk_it)
        return called, out.getvalue()

    return go


def of(*steps: dict[str, Any]) -> Walkthrough:
    """A walkthrough of a test's own steps."""
    return Walkthrough(
        "A test", "Of its own.", {}, tuple(Step.from_json({"do": "Do", **step}) for step in steps)
    )


def test_the_six_requests_of_the_guide_are_made_in_their_order(walk: Walked) -> None:
    called, shown = walk()

    assert [name for name, _ in called] == [
        "create_connection",
        "create_connection",
        "get_connection",
        "create_model",
        "list_target_objects",
        "list_target_fields",
        "create_sync",
        "start_sync",
        "create_model",
        "preview_model",
        "get_sync_execution",
        "get_sync_execution",
    ]
    assert called[6][1]["mode"] == "updateOrCreate"
    assert called[6][1]["identity"]["function"] == "equality"
    assert "my-gong-engage-flow" in shown
    assert "WalkError" not in shown


def test_the_password_is_sent_and_not_shown(walk: Walked) -> None:
    called, shown = walk()

    assert called[0][1]["configuration"]["password"] == "sandbox"
    assert '"password": "********"' in shown
    assert '"password": "sandbox"' not in shown


def test_progress_is_shown_while_the_run_lasts(walk: Walked) -> None:
    _, shown = walk(start_sync=RUN | {"status": "failed", "errors": ["The warehouse is asleep."]})

    assert "… running: 5 rows" in shown
    assert shown.endswith("WalkError: Step 8, Run it: the run ended failed. The warehouse is asleep.")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"insert": 0, "error": 0, "total": 0}, "The query gave no rows"),
        ({"insert": 0, "error": 2, "total": 2}, "Every row of the query was refused"),
    ],
)
def test_a_run_that_brings_nothing_is_an_error(walk: Walked, counts: dict[str, int], said: str) -> None:
    _, shown = walk(start_sync=RUN | {"counts": counts})

    assert f"WalkError: {said}" in shown


def test_counts_that_are_zero_are_not_told(walk: Walked) -> None:
    _, shown = walk(
        start_sync=RUN | {"counts": {"insert": 1500, "update": 0, "error": 1, "total": 1501}},
        get_sync_execution="enough",
    )

    assert "completed: 1,500 insert, 1 error, 1,501 total" in shown


def test_a_refusal_names_the_step_and_the_tool_and_ends_the_walk(walk: Walked) -> None:
    called, shown = walk(create_model="That query cannot run.")

    assert shown.endswith(
        "WalkError: Step 4, Model the contacts: a query over Snowflake: "
        "create_model refused: That query cannot run."
    )
    assert called[-1][0] == "create_model"


def test_an_answer_without_what_is_shown_of_it_is_told(walk: Walked) -> None:
    _, shown = walk(of({"tool": "list_models", "shows": "{answer.items.3.name}"}))

    assert shown.endswith("WalkError: Step 1, Do: {answer.items.3.name} is in no earlier answer.")


def test_a_step_with_nothing_to_show_is_done(walk: Walked) -> None:
    _, shown = walk(of({"tool": "list_models"}))

    assert shown.endswith("→ done\n")


def test_requests_that_do_not_come_are_told(walk: Walked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "PATIENCE", 0.05)

    _, shown = walk(
        of(
            {"receive": "/hook", "as": "own", "do": "Listening at {answer.url}."},
            {"received": "{own.receiver}", "arguments": {"requests": 2}},
        )
    )

    assert "/hook.\n" in shown
    assert shown.endswith("WalkError: Do: 0 of 2 requests came.")


def test_a_clock_that_cannot_be_moved_is_told(walk: Walked) -> None:
    _, shown = walk(of({"clock": "soon"}))

    assert "WalkError: Do: the clock stayed where it was: " in shown
    assert "soon" in shown


def test_a_walk_can_be_given_other_values() -> None:
    step = {"do": "Do {given.what}", "tool": "list_models", "arguments": {"query": "{given.what}"}}
    guide = replace(of(step), given={"what": "this"})
    out = io.StringIO()

    async def take() -> None:
        async with Client(build_server(Settings(api_key=Secret("key")))) as client:
            answering = Interfering(client, {"list_models": {"items": []}})
            await Walk(answering, Screen(out), Settings()).take(guide, what="that")  # type: ignore[arg-type]

    anyio.run(take)

    assert '1. Do that\n   list_models {"query": "that"}' in out.getvalue()
