"""A state file survives the process that wrote it, however it ends."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from polytomic_mcp.sandbox import create_sandbox

SERVE = """
import socket, sys, uvicorn
from polytomic_mcp.sandbox import create_sandbox
config = uvicorn.Config(create_sandbox(state=sys.argv[1]), log_level="critical", ws="none")
uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[2]))])
"""
HEADERS = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}


def body(number: int) -> dict[str, object]:
    return {"name": f"Connection {number}", "type": "hubspot", "configuration": {"oauth_refresh_token": "r"}}


@contextmanager
def killed(state: Path) -> Iterator[httpx.Client]:
    """Serve a state file from another process, and end it with a SIGKILL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-c", SERVE, str(state), str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])  # noqa: S603 - the command is the test's own
    try:
        with httpx.Client(base_url=url, headers=HEADERS, timeout=60, trust_env=False) as http:
            yield http
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)


def test_no_acknowledged_write_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with killed(state) as http:
        first = [
            http.post("/api/connections", json=body(n), headers={"Idempotency-Key": f"connection-{n}"}).json()
            for n in range(20)
        ]

    with killed(state) as http:
        replayed = http.post(
            "/api/connections", json=body(7), headers={"Idempotency-Key": "connection-7"}
        ).json()
        listed = http.get("/api/connections").json()["data"]

    assert [row["id"] for row in listed] == [answer["data"]["id"] for answer in first]
    assert replayed == first[7]


def test_a_call_interrupted_by_a_kill_can_be_repeated_and_takes_effect_once(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    acknowledged: list[str] = []
    attempted = 0
    enough = threading.Event()

    def post(http: httpx.Client, number: int) -> str:
        key = {"Idempotency-Key": f"connection-{number}"}
        return http.post("/api/connections", json=body(number), headers=key).json()["data"]["id"]

    def keep_posting(http: httpx.Client) -> None:
        nonlocal attempted
        with contextlib.suppress(httpx.TransportError):
            while True:
                attempted += 1
                acknowledged.append(post(http, attempted))
                if len(acknowledged) == 25:
                    enough.set()
        enough.set()

    with httpx.Client(headers=HEADERS, timeout=60, trust_env=False) as client:
        poster = threading.Thread(target=keep_posting, args=[client])
        with killed(state) as http:
            client.base_url = http.base_url
            poster.start()
            enough.wait(timeout=60)
        poster.join(timeout=60)

    with killed(state) as http:
        repeated = [post(http, number + 1) for number in range(attempted)]
        listed = [row["id"] for row in http.get("/api/connections").json()["data"]]

    assert len(acknowledged) >= 25
    assert listed == repeated
    assert repeated[: len(acknowledged)] == acknowledged


async def test_a_state_file_can_be_opened_by_the_next_sandbox(tmp_path: Path) -> None:
    listed: list[list[str]] = []
    for number in range(2):
        app = create_sandbox(state=tmp_path / "state.db")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as http:
            await http.post("/api/connections", json=body(number))
            listed.append([row["name"] for row in (await http.get("/api/connections")).json()["data"]])
        app.state.workspace.close()

    assert listed == [["Connection 0"], ["Connection 0", "Connection 1"]]
