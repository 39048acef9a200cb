"""``polytomic-mcp clock``: the clock of a sandbox, read and moved from a shell."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from polytomic_mcp import create_sandbox
from polytomic_mcp.cli.shared.web import Listening, listening


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    """A sandbox that the environment names."""
    with listening(create_sandbox(key="k")) as server:
        monkeypatch.setenv("POLYTOMIC_API_URL", server.url)
        yield server


@pytest.fixture
def other() -> Iterator[Any]:
    """A server that answers every request with a status and a text."""
    answer = {"status": 200, "text": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(str(answer["text"]).encode())

        do_POST = do_GET  # noqa: N815 - the name http.server looks for

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()

    def says(text: str, status: int = 200) -> str:
        answer.update(status=status, text=text)
        return f"http://127.0.0.1:{server.server_port}"

    yield says
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("sandbox")
def test_it_tells_the_time_and_moves_it(command: Callable[..., Any]) -> None:
    first = command("clock", "--json")
    moved = command("clock", "--advance", "1w", "--json")
    later = command("clock", "--set", "2999-01-01T00:00:00Z")

    assert (first.status, first.err) == (0, "")
    assert json.loads(first.out)["now"] < json.loads(moved.out)["now"]
    assert json.loads(moved.out)["started"] == []
    assert later.out.startswith("2999-01-01T00:00:")
    assert later.out.endswith("Z  now\n")


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--advance", "soon"], "'soon' is not a duration"),
        (["--set", "2000-01-01"], "cannot be moved back"),
    ],
)
def test_a_move_that_is_none_is_refused_in_the_sandbox_s_words(
    command: Callable[..., Any], words: list[str], said: str
) -> None:
    done = command("clock", *words)

    assert (done.status, done.out) == (1, "")
    assert said in done.err


def test_what_happened_is_reported_in_order(command: Callable[..., Any], other: Any) -> None:
    run = {"sync_id": "a", "due": "2026-01-16T06:00:00Z", "status": "completed"}
    bulk = {"bulk_sync_id": "b", "due": "2026-01-15T06:00:00Z", "reason": "an execution is under way"}
    sent = {"attempted_at": "2026-01-14T06:00:00Z", "event_type": "sync.running"}
    url = other(
        json.dumps(
            {
                "now": "2026-01-17T00:00:00Z",
                "started": [run],
                "skipped": [bulk],
                "left_out": [bulk | {"due": "2026-01-16T07:00:00Z", "reason": "too many"}],
                "deliveries": [
                    {**sent, "success": False, "error_kind": "status"},
                    {**sent, "attempted_at": "2026-01-14T06:01:00Z", "success": True},
                ],
            }
        )
    )

    done = command("clock", "--url", f"{url}/", "--advance", "1d")

    assert done.out.splitlines() == [
        "2026-01-14T06:00:00Z  sync.running not delivered: status",
        "2026-01-14T06:01:00Z  sync.running delivered",
        "2026-01-15T06:00:00Z  bulk sync b did not run: an execution is under way",
        "2026-01-16T06:00:00Z  sync a completed",
        "2026-01-16T07:00:00Z  bulk sync b did not run: too many",
        "2026-01-17T00:00:00Z  now",
    ]


@pytest.mark.parametrize(("text", "status"), [("hello", 200), ("[]", 200), ("{}", 200), ("{}", 404)])
def test_what_is_no_sandbox_is_said_to_be_none(
    command: Callable[..., Any], other: Any, text: str, status: int
) -> None:
    done = command("clock", "--url", other(text, status))

    assert done.status == 1
    assert "is not a sandbox" in done.err


def test_polytomic_itself_has_no_clock_to_move(command: Callable[..., Any]) -> None:
    done = command("clock", "--advance", "1d")

    assert done.status == 1
    assert "Name a sandbox with --url or POLYTOMIC_API_URL" in done.err


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nowhere", "http://["])
def test_a_sandbox_that_is_not_there_is_one_line(command: Callable[..., Any], url: str) -> None:
    done = command("clock", "--url", url)

    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("polytomic-mcp: Cannot reach a sandbox at ")
    assert done.err.count("\n") == 1


def test_a_sandbox_starts_at_a_time_and_goes_on_from_where_it_was(
    interrupted: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    times: list[str] = []

    def visit(line: str) -> None:
        times.append(httpx.get(f"{line.split()[3]}/sandbox/clock", trust_env=False).json()["now"])

    state = f"--state={tmp_path / 'box.db'}"
    interrupted("sandbox", "--clock=2020-01-01", state, visit=visit)
    interrupted("sandbox", state, visit=visit)

    assert times[0].startswith("2020-01-01T00:00:")
    assert times[0] < times[1] < "2020-01-01T01"


def test_a_sandbox_cannot_start_before_its_own_time(command: Callable[..., Any], tmp_path: Path) -> None:
    state = tmp_path / "box.db"
    create_sandbox(state=state).state.workspace.close()

    done = command("sandbox", f"--state={state}", "--clock=2020-01-01T00:00:00Z")

    assert done.status == 1
    assert "cannot be moved back" in done.err


def test_what_is_no_time_is_not_understood(command: Callable[..., Any]) -> None:
    done = command("sandbox", "--clock=soon")

    assert done.status == 2
    assert "'soon' is not a time" in done.err
