"""The logs of a run: their counts, files and signed URLs, and the console."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.resources.runs import logs
from tests.sandbox.conftest import Clock
from tests.sandbox.resources.syncs.conftest import Stage


@pytest.fixture
async def stranger(sandbox: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that does not have the sandbox's key."""
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        yield client


@pytest.fixture
async def run(stage: Stage) -> str:
    """Run a sync with an inserted, an updated and a refused record; return its execution's path."""
    people = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bøb"}, {"id": None, "name": "Nobody"}]
    model = await stage.model("people", "id name", people)
    stage.table("public.arrivals", "id name", [{"id": "2", "name": "Robert"}, {"id": "2", "name": "Rob"}])
    sync = await stage.sync(model, "public.arrivals", fields="name>name", identity="id>id")
    execution = await stage.start(sync)
    return f"/api/syncs/{sync['id']}/executions/{execution['id']}"


async def test_the_index_has_the_count_and_the_url_of_each_log(stage: Stage, run: str) -> None:
    answer = await stage.http.get(f"{run}/logs")

    data = answer.json()["data"]
    counts = {type_: entry["count"] for type_, entry in data.items()}
    assert counts == {"records": 3, "errors": 1, "warnings": 1, "inserts": 1, "updates": 2, "deletes": 0}
    assert data["errors"]["url"] == f"http://sandbox{run}/errors"


async def test_a_signed_url_needs_no_key(stage: Stage, run: str, stranger: httpx.AsyncClient) -> None:
    answer = await stage.http.get(f"{run}/errors")
    (url,) = answer.json()["data"]["urls"]

    file = await stranger.get(url)

    assert answer.json()["data"]["expires"] == "2026-01-15T09:15:00Z"
    assert file.headers["content-type"] == "application/jsonl"
    (line,) = map(json.loads, file.text.splitlines())
    assert line == {"row": {"id": None, "name": "Nobody"}, "error": "the identity id has no value"}


async def test_an_empty_log_has_no_file(stage: Stage, run: str) -> None:
    answer = await stage.http.get(f"{run}/deletes")

    assert answer.json()["data"]["urls"] == []


async def test_a_file_redirects_to_its_signed_url(
    stage: Stage, run: str, stranger: httpx.AsyncClient
) -> None:
    answer = await stage.http.get(f"{run}/updates/part-0.jsonl")

    file = await stranger.get(answer.headers["Location"])

    assert answer.status_code == 302
    assert answer.content == b""
    assert [json.loads(line)["name"] for line in file.text.splitlines()] == ["Bøb", "Bøb"]


async def test_a_signed_url_expires(
    stage: Stage, run: str, stranger: httpx.AsyncClient, clock: Clock
) -> None:
    (url,) = (await stage.http.get(f"{run}/errors")).json()["data"]["urls"]
    clock.advance(minutes=16)

    file = await stranger.get(url)

    assert file.status_code == 403
    assert "expired" in file.json()["message"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/errors/", "/inserts/"),
        ("signature=", "signature=0"),
        ("expires=1", "expires=9"),
        ("expires=", "expires=x"),
        ("expires=", "expires=" + "9" * 5_000),
    ],
)
async def test_a_signature_is_valid_only_for_its_url(
    stage: Stage, run: str, stranger: httpx.AsyncClient, old: str, new: str
) -> None:
    (url,) = (await stage.http.get(f"{run}/errors")).json()["data"]["urls"]

    file = await stranger.get(url.replace(old, new))

    assert file.status_code == 403


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/error", 404, "Did you mean 'errors'?"),
        ("/errors/other.json", 404, "part-0.jsonl"),
        ("/consolelog?after=x", 400, "is not a cursor"),
    ],
)
async def test_an_unknown_log_file_or_cursor_is_refused(
    stage: Stage, run: str, path: str, status: int, message: str
) -> None:
    answer = await stage.http.get(f"{run}{path}")

    assert answer.status_code == status
    assert message in answer.json()["message"]


async def test_the_console_continues_after_a_cursor(stage: Stage, run: str) -> None:
    entries = (await stage.http.get(f"{run}/consolelog?limit=0")).json()["data"]["entries"]
    path = f"{run}/consolelog?after={entries[0]['id']}&limit=1"
    second = (await stage.http.get(path)).json()["data"]
    third = (await stage.http.get(f"{run}/consolelog?after={second['next_cursor']}")).json()["data"]

    assert entries[0]["message"] == "Started in mode updateOrCreate"
    assert second["entries"][0]["payload"]["insert"] == 1
    assert third == {"entries": [], "next_cursor": second["next_cursor"]}


async def test_the_console_shows_its_latest_messages(stage: Stage, run: str) -> None:
    entries = (await stage.http.get(f"{run}/consolelog?limit=500")).json()["data"]["entries"]
    latest = (await stage.http.get(f"{run}/consolelog?limit=1")).json()["data"]

    assert latest == {"entries": entries[-1:], "next_cursor": entries[-1]["id"]}


async def test_the_console_has_the_last_fifty_messages(stage: Stage, run: str) -> None:
    execution_id = run.rpartition("/")[2]
    for number in range(60):
        logs.say(stage.workspace, execution_id, "info", f"message {number}")

    entries = (await stage.http.get(f"{run}/consolelog")).json()["data"]["entries"]

    assert [entry["message"] for entry in entries] == [f"message {number}" for number in range(10, 60)]


async def test_lines_beyond_ten_thousand_are_only_counted(stage: Stage) -> None:
    journal = logs.Journal(stage.workspace, "e")
    for number in range(logs.MOST_LINES + 5):
        journal.add("records", number)
    journal.store()

    assert logs.counts(stage.workspace, "e")["records"] == logs.MOST_LINES + 5
    assert len(list(logs.lines(stage.workspace, "e", "records"))) == logs.MOST_LINES


async def test_the_logs_of_a_deleted_sync_are_deleted(stage: Stage, run: str) -> None:
    sync_path, _, rest = run.partition("/executions/")

    answer = await stage.http.delete(sync_path)

    assert answer.status_code == 204
    assert logs.counts(stage.workspace, rest)["records"] == 0
    assert list(logs.lines(stage.workspace, rest, "records")) == []
