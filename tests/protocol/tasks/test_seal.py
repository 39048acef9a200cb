"""Task ids: whoever has the key makes and reads them, on any server; nobody else does."""

import base64
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.protocol.tasks import Seal
from polytomic_mcp.protocol.tasks.seal import Reference
from tests.protocol.tasks.conftest import Api, Connect, Tasks

NO_TASK = -32602
REFERENCE = Reference("start_sync", ("a", "b"), {"limit": 5}, datetime(2026, 1, 1, tzinfo=UTC))


async def test_any_server_with_the_key_follows_and_stops_a_task(
    tasks: Tasks, api: Api, serve: Any, connect: Connect
) -> None:
    api.runs("running")
    task_id = await tasks.begin()

    async with connect(serve()) as replica:
        seen = await replica.ask("get", task_id)
        await replica.ask("cancel", task_id)

    assert (seen["taskId"], seen["status"]) == (task_id, "working")
    assert api.asked[-1].endswith("/cancel")


@pytest.mark.parametrize("method", ["get", "cancel", "update"])
async def test_a_server_with_another_key_knows_no_such_task(
    method: str, tasks: Tasks, api: Api, serve: Any, connect: Connect
) -> None:
    api.runs("running")
    task_id = await tasks.begin()
    api.asked.clear()

    more = {"inputResponses": {}} if method == "update" else {}
    async with connect(serve(key="another-secret-key")) as other:
        code, _ = await other.refused(method, task_id, **more)

    assert code == NO_TASK
    assert api.asked == []


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "v1.",
        "44444444-0000-0000-0000-000000000001",
        "start_sync:a:b",
        "v1." + base64.urlsafe_b64encode(b'["start_sync",["a","b"],{},"2026-01-01T00:00:00"]').decode(),
        "v1.\u00e9\u00e9",
        "v1." + "A" * 100,
        "v1." + "A" * 5000,
    ],
)
async def test_a_forged_id_is_no_task_and_asks_polytomic_nothing(forged: str, tasks: Tasks, api: Api) -> None:
    code, _ = await tasks.refused("get", forged)

    assert code == NO_TASK
    assert api.asked == []


async def test_each_changed_character_makes_an_id_no_task(tasks: Tasks, api: Api) -> None:
    api.runs("running")
    task_id = await tasks.begin()

    codes = set[int]()
    for place in range(0, len(task_id), 7):
        letter = "A" if task_id[place] != "A" else "B"
        code, _ = await tasks.refused("get", task_id[:place] + letter + task_id[place + 1 :])
        codes.add(code)

    assert codes == {NO_TASK}


async def test_an_id_of_a_tool_this_server_does_not_follow_is_no_task(tasks: Tasks, api: Api) -> None:
    elsewhere = Seal.of_key("a-very-secret-key").close(
        Reference("start_world", ("a",), {}, datetime(2026, 1, 1, tzinfo=UTC))
    )

    assert (await tasks.refused("get", elsewhere))[0] == NO_TASK
    assert api.asked == []


@given(st.text(min_size=1), st.lists(st.text()), st.dictionaries(st.text(), st.integers() | st.text()))
def test_what_is_sealed_is_read_again(tool: str, ids: list[str], kept: dict[str, Any]) -> None:
    reference = Reference(tool, tuple(ids), kept, REFERENCE.began)

    assert Seal.of_key("key").open(Seal.of_key("key").close(reference)) == reference


@given(st.binary(max_size=200))
def test_nothing_but_a_sealed_id_is_read(content: bytes) -> None:
    forged = "v1." + base64.urlsafe_b64encode(content).decode().rstrip("=")

    assert Seal.of_key("key").open(forged) is None


def test_an_id_shows_neither_the_key_nor_the_work() -> None:
    seal = Seal.of_key("key-" + os.urandom(4).hex())

    task_id = seal.close(REFERENCE)

    assert task_id != seal.close(REFERENCE)
    opened = base64.urlsafe_b64decode(task_id.removeprefix("v1.") + "==")
    assert not any(part in opened for part in (b"key-", b"start_sync", b"limit"))
    assert "key-" not in repr(seal)
