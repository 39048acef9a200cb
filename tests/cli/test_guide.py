"""The guide's steps, with a client that may interfere."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli.guide import Guide, GuideError
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.cli.web import listening
from polytomic_mcp.settings import Secret

RUN = {"id": "e", "sync_id": "s", "status": "completed", "counts": {"insert": 1, "total": 1, "error": 0}}

Calls = list[tuple[str, dict[str, Any]]]
Walk = Callable[..., tuple[Calls, str]]


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
def walk() -> Walk:
    """Walk the guide; return the calls made and what the screen shows."""

    def go(**instead: Any) -> tuple[Calls, str]:
        out = io.StringIO()
        with listening(create_sandbox(key="key")) as sandbox:
            settings = Settings(api_key=Secret("key"), api_url=sandbox.url)

            async def walk_it() -> Calls:
                async with Client(build_server(settings)) as client:
                    interfering = Interfering(client, instead)
                    try:
                        await Guide(interfering, Screen(out)).walk()  # type: ignore[arg-type]
                    except GuideError as error:
                        out.write(f"GuideError: {error}")
                    return interfering.called

            called = anyio.run(walk_it)
        return called, out.getvalue()

    return go


def test_the_six_requests_of_the_guide_are_made_in_their_order(walk: Walk) -> None:
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
        "get_sync_execution",
        "get_sync_execution",
        "create_model",
        "preview_model",
    ]
    assert called[6][1]["mode"] == "updateOrCreate"
    assert called[6][1]["identity"]["function"] == "equality"
    assert "my-gong-engage-flow" in shown
    assert "GuideError" not in shown


def test_the_password_is_sent_and_not_shown(walk: Walk) -> None:
    called, shown = walk()

    assert called[0][1]["configuration"]["password"] == "sandbox"
    assert '"password": "********"' in shown
    assert '"password": "sandbox"' not in shown


def test_progress_is_shown_while_the_run_lasts(walk: Walk) -> None:
    _, shown = walk(start_sync=RUN | {"status": "failed", "errors": ["The warehouse is asleep."]})

    assert "… running: 5 rows" in shown
    assert shown.endswith("GuideError: The run ended failed. The warehouse is asleep.")


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"insert": 0, "error": 0, "total": 0}, "The query gave no rows"),
        ({"insert": 0, "error": 2, "total": 2}, "Every row of the query was refused"),
    ],
)
def test_a_run_that_brings_nothing_is_an_error(walk: Walk, counts: dict[str, int], said: str) -> None:
    _, shown = walk(start_sync=RUN | {"counts": counts})

    assert f"GuideError: {said}" in shown


def test_counts_that_are_zero_are_not_told(walk: Walk) -> None:
    _, shown = walk(
        start_sync=RUN | {"counts": {"insert": 1500, "update": 0, "error": 1, "total": 1501}},
        get_sync_execution="enough",
    )

    assert "completed: 1,500 insert, 1 error, 1,501 total" in shown


def test_a_refusal_names_the_tool_and_ends_the_guide(walk: Walk) -> None:
    called, shown = walk(create_model="That query cannot run.")

    assert shown.endswith("GuideError: create_model refused: That query cannot run.")
    assert called[-1][0] == "create_model"
