"""A guide, run by a client that may interfere; and what a run does besides calls of tools."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli.demo import receiver
from polytomic_mcp.cli.demo.command import GUIDE
from polytomic_mcp.cli.demo.runner import Runner, StepError
from polytomic_mcp.cli.demo.screen import Screen
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.guides import Argument, Guide, Step, load_guides
from polytomic_mcp.settings import TOOLSETS, Secret

RUN = {"id": "e", "sync_id": "s", "status": "completed", "counts": {"insert": 1, "total": 1, "error": 0}}

Calls = list[tuple[str, dict[str, Any]]]
Run = Callable[..., tuple[Calls, str]]


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
def run() -> Run:
    """Run a guide; return the calls made and what the screen shows."""

    def go(guide: Guide | None = None, **instead: Any) -> tuple[Calls, str]:
        out = io.StringIO()
        with listening(create_sandbox(key="key")) as sandbox:
            settings = Settings(api_key=Secret("key"), api_url=sandbox.url, toolsets=TOOLSETS)

            async def run_it() -> Calls:
                async with Client(build_server(settings)) as client:
                    interfering = Interfering(client, instead)
                    try:
                        runner = Runner(interfering, Screen(out), settings)  # type: ignore[arg-type]
                        await runner.run(guide or load_guides()[GUIDE])
                    except StepError as error:
                        out.write(f"StepError: {error}")
                    return interfering.called

            called = anyio.run(run_it)
        return called, out.getvalue()

    return go


def of(*steps: dict[str, Any]) -> Guide:
    """A guide with the given steps."""
    return Guide("A test", "A test.", {}, tuple(Step.from_json({"do": "Do", **step}) for step in steps))


def test_the_requests_of_the_guide_are_made_in_their_order(run: Run) -> None:
    called, shown = run()

    assert [name for name, _ in called] == [
        "list_connections",
        "create_connection",
        "create_connection",
        "get_connection",
        "preview_model",
        "create_model",
        "list_target_objects",
        "list_target_fields",
        "create_sync",
        "create_sync",
        "start_sync",
        "create_model",
        "preview_model",
        "get_sync_execution",
        "get_sync_execution",
    ]
    assert called[9][1]["mode"] == "updateOrCreate"
    assert called[9][1]["identity"]["function"] == "Equality"
    assert called[8][1] == called[9][1] | {"dry_run": True}
    assert "my-gong-engage-flow" in shown
    assert "StepError" not in shown


def test_the_password_is_sent_and_not_shown(run: Run) -> None:
    called, shown = run()

    assert called[1][1]["configuration"]["password"] == "secret"
    assert '"password": "********"' in shown
    assert '"password": "secret"' not in shown


def test_progress_is_shown_while_the_run_lasts(run: Run) -> None:
    _, shown = run(start_sync=RUN | {"status": "failed", "errors": ["The warehouse is asleep."]})

    assert "… running: 5 rows" in shown
    assert shown.endswith(
        "StepError: Step 11, Run the sync: the run ended as failed. The warehouse is asleep."
    )


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"insert": 0, "error": 0, "total": 0}, "The query returned no rows"),
        ({"insert": 0, "error": 2, "total": 2}, "Every row of the query was refused"),
    ],
)
def test_a_run_that_brings_nothing_is_an_error(run: Run, counts: dict[str, int], said: str) -> None:
    _, shown = run(start_sync=RUN | {"counts": counts})

    assert f"StepError: {said}" in shown


def test_counts_that_are_zero_are_not_shown(run: Run) -> None:
    _, shown = run(
        start_sync=RUN | {"counts": {"insert": 1500, "update": 0, "error": 1, "total": 1501}},
        get_sync_execution="enough",
    )

    assert "completed: 1,500 insert, 1 error, 1,501 total" in shown


def test_a_refusal_names_the_step_and_the_tool_and_ends_the_run(run: Run) -> None:
    called, shown = run(create_model="That query cannot run.")

    assert shown.endswith("StepError: Step 6, Create the model: create_model failed: That query cannot run.")
    assert called[-1][0] == "create_model"


def test_an_answer_without_what_is_shown_of_it_is_reported(run: Run) -> None:
    _, shown = run(of({"tool": "list_models", "shows": "{answer.items.3.name}"}))

    assert shown.endswith("StepError: Step 1, Do: No earlier answer has {answer.items.3.name}.")


def test_a_step_with_nothing_to_show_is_done(run: Run) -> None:
    _, shown = run(of({"tool": "list_models"}))

    assert shown.endswith("→ done\n")


def test_requests_that_do_not_come_are_reported(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # Requests that never come would take the full ten seconds.
    monkeypatch.setattr(receiver, "PATIENCE", 0.05)

    _, shown = run(
        of(
            {"receive": "/hook", "as": "own", "do": "Listening at {answer.url}"},
            {"received": "{own.receiver}", "arguments": {"requests": 2}},
        )
    )

    assert "/hook.\n" in shown
    assert shown.endswith("StepError: Do: 0 of 2 requests arrived.")


def test_a_clock_that_cannot_be_moved_is_reported(run: Run) -> None:
    _, shown = run(of({"clock": "soon"}))

    assert "StepError: Do: the clock was not moved: " in shown
    assert "soon" in shown


def test_a_run_can_use_other_values_than_the_demos_own() -> None:
    step = {"do": "Do {what}", "tool": "list_models", "arguments": {"query": "{what}", "fields": "{none}"}}
    arguments = {"what": Argument("text", demo="this"), "none": Argument("text", default="")}
    guide = replace(of(step), arguments=arguments)
    out = io.StringIO()

    async def run_it() -> None:
        async with Client(build_server(Settings(api_key=Secret("key")))) as client:
            answering = Interfering(client, {"list_models": {"items": []}})
            await Runner(answering, Screen(out), Settings()).run(guide, what="that")  # type: ignore[arg-type]

    anyio.run(run_it)

    assert '1. Do that\n   list_models {"query": "that"}' in out.getvalue()
