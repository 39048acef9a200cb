"""What every test shares: asyncio, an environment without settings, commands as processes, a scripted API."""

import contextlib
import functools
import gc
import gzip
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final, cast
from urllib.parse import SplitResult, urlsplit

import anyio.lowlevel
import httpx
import pytest
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.types import CallToolResult, TextContent

from polytomic_mcp import Settings, build_server
from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.settings import Secret
from polytomic_mcp.tools.api_access.caller import Caller

settings.register_profile("quick", max_examples=4)

EVERY_HEALTH_CHECK: Final = cast("list[HealthCheck]", list(HealthCheck))  # Hypothesis does not annotate this

if "PYTEST_XDIST_WORKER" in os.environ:
    # The worker itself is measured already; the processes that tests start are not.
    os.environ.pop("COVERAGE_PROCESS_START", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the slow tests first, so that no worker is busy with one when the others have finished."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_unconfigure() -> None:
    """Let go of everything before the interpreter ends.

    Hypothesis watches the garbage collector, which holds what watches it to the very end; by that way
    pytest and every fixture stay alive, and DuckDB then reports its own objects as leaked.
    """
    gc.callbacks.clear()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Handle SIGINT again: a shell makes its background jobs ignore it, and their processes inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _no_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in list(os.environ):
            if name.startswith("POLYTOMIC_"):
                patched.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _schemas_checked_once() -> Iterator[None]:
    """Check a JSON Schema against the metaschema once: each of the MCP clients would do it again (20 ms)."""
    check = Draft202012Validator.check_schema
    valid: set[str] = set()

    def check_once(schema: Any, *options: Any, **more: Any) -> None:
        text = json.dumps([schema, repr(options), repr(more)], sort_keys=True, default=repr)
        if text not in valid:
            check(schema, *options, **more)
            valid.add(text)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Draft202012Validator, "check_schema", check_once)
        yield


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start commands as processes; what still runs in the end is killed by its id."""
    started: list[subprocess.Popen[str]] = []

    def popen(*words: str, **environ: str) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-m", "polytomic_mcp", *words],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
            encoding="utf-8",
            env={**os.environ, **environ},
        )
        started.append(process)
        return process

    yield popen
    for process in started:
        process.kill()
        process.communicate(timeout=10)


def text_of(result: CallToolResult) -> str:
    """Return the text of a tool's result, which is its only content."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


class Database:
    """A database of a test's own on a real server, and what a connection to it takes."""

    def __init__(self, configuration: dict[str, Any], connect: Callable[[], Any]) -> None:
        self.configuration = configuration
        self._connect = connect

    def __call__(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement and commit it; return its rows, if it has any."""
        with contextlib.closing(self._connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            rows = [*cursor.fetchall()] if cursor.description else []
            connection.commit()
            return rows


@pytest.fixture
def postgresql() -> Iterator[Database]:
    """A PostgreSQL database, if scripts/test started the server."""
    address = _address("TEST_POSTGRESQL")
    psycopg = pytest.importorskip("psycopg")
    access = {"host": address.hostname, "port": address.port}
    access |= {"user": address.username, "password": address.password}
    name = f"test_{secrets.token_hex(4)}"
    with psycopg.connect(**access, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        configuration = {
            "hostname": address.hostname,
            "port": address.port,
            "database": name,
            "username": address.username,
            "password": address.password,
        }
        yield Database(configuration, functools.partial(psycopg.connect, **access, dbname=name))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def mysql() -> Iterator[Database]:
    """A MySQL database, if scripts/test started the server, which is MariaDB."""
    address = _address("TEST_MYSQL")
    pymysql = pytest.importorskip("pymysql")
    access = {"host": address.hostname, "port": address.port}
    access |= {"user": address.username, "password": address.password}
    name = f"test_{secrets.token_hex(4)}"
    with contextlib.closing(pymysql.connect(**access)) as server:
        server.cursor().execute(f"CREATE DATABASE {name}")
        configuration = {
            "hostname": address.hostname,
            "port": address.port,
            "dbname": name,
            "account": address.username,
            "passwd": address.password,
        }
        yield Database(configuration, functools.partial(pymysql.connect, **access, database=name))
        server.cursor().execute(f"DROP DATABASE {name}")


def _address(variable: str) -> SplitResult:
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set: scripts/test without arguments starts the server")
    return urlsplit(os.environ[variable])


class Receiver:
    """A web server that takes what is posted to it, and answers with ``statuses``, then ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.statuses: list[int] = []
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append((self.path, dict(self.headers), body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else receiver.status)
                self.end_headers()
                self.wfile.write(b'{"access_token": "issued"}')

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(gzip.decompress(body)) for _, _, body in self.came]


@pytest.fixture
def web_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.server.shutdown()
    thread.join()
    receiver.server.server_close()


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    """The tokenizer by which tokens are counted: o200k."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import opens its data in an old way
        import bpe_openai  # noqa: PLC0415 - the warnings are those of its import

        return bpe_openai.get_encoding("o200k_base")


class Script(httpx.AsyncBaseTransport):
    """A Polytomic that answers each ``METHOD /path`` from a table.

    An answer is JSON, a status, a response, or a function of nothing that gives one of these.

    A status is answered with a message. What is not in the table is answered with 404.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []
        self.queries: list[tuple[str, dict[str, str]]] = []

    def __setitem__(self, operation: str, answer: Any) -> None:
        self.answers[operation] = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        operation = f"{request.method} {request.url.path}"
        self.asked.append(operation)
        self.queries.append((operation, dict(request.url.params)))
        answer = self.answers.get(operation, 404)
        if callable(answer):
            answer = answer()
        if isinstance(answer, int):
            return httpx.Response(answer, json={"message": "no such thing"})
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, json=answer)

    def holds(self, kind: str, *objects: dict[str, Any]) -> None:
        """Serve objects of a kind (``connections``): the list of them, and each by its id."""
        self[f"GET /api/{kind}"] = {"data": list(objects)}
        for item in objects:
            self[f"GET /api/{kind}/{item['id']}"] = {"data": item}


class Pauses(list[float]):
    """A clock whose pauses take no time: each lets the others go on, and is written down, in seconds."""

    time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)
        self.time += seconds
        await anyio.lowlevel.checkpoint()


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def serve(script: Script, pauses: Pauses) -> Callable[..., AbstractAsyncContextManager[Client]]:
    """Connect a client to the real server over the scripted API; nothing is repeated, nobody sleeps."""

    def caller(_: Polytomic) -> Caller:
        api = Polytomic(Secret("key"), transport=script, retry=RetryPolicy(attempts=1))
        return Caller(api, sleep=pauses.sleep, now=pauses.now)

    @asynccontextmanager
    async def served(settings: Settings | None = None, **options: Any) -> AsyncIterator[Client]:
        server = build_server(settings or Settings(api_key=Secret("key")), transport=script, caller=caller)
        async with Client(server, **options) as client:
            yield client

    return served
