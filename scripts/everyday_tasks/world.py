"""The world of a task: a sandbox in a process of its own, its rows in SQL, and the person who uses it."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx

from polytomic_mcp.cli.demo.consent import consent
from polytomic_mcp.common.json_values import JsonObject, as_object

_KEY: Final = "a-key-of-the-tasks"
_OVER: Final = ("completed", "failed", "canceled", "interrupted")
_PATIENCE: Final = 60.0
_NOON: Final = "2026-02-10T12:00:00Z"
"""A Tuesday after which nothing of the sample company's data changed."""


class NotDoneError(Exception):
    """A task did not end as it should; the text says how it ended."""


@dataclass(frozen=True)
class World:
    """A sandbox, over its API as anyone may call it, and over the SQLite file that holds its state."""

    url: str
    state: Path
    api: httpx.AsyncClient

    @property
    def environ(self) -> dict[str, str]:
        """The variables that tell a server where the sandbox is, and its key."""
        return {"POLYTOMIC_API_URL": self.url, "POLYTOMIC_API_KEY": _KEY}

    async def get(self, path: str) -> Any:
        """Return the data of an answer."""
        return await self._data("GET", path)

    async def post(self, path: str, **body: Any) -> Any:
        """Send a body, and return the data of the answer."""
        return await self._data("POST", path, body)

    async def put(self, path: str, **body: Any) -> Any:
        """Replace an object, and return it."""
        return await self._data("PUT", path, body)

    async def named(self, kind: str, name: str) -> JsonObject:
        """Return the one object of a kind, such as ``syncs``, that has a name."""
        found = [item for item in await self.get(f"/api/{kind}") if item["name"] == name]
        if len(found) != 1:
            raise NotDoneError(f"there are {len(found)} {kind} named {name!r}")
        return await self.get(f"/api/{kind}/{found[0]['id']}")

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the state. Each table that was used is a view, "gong.people"."""
        with closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)) as database:
            return database.execute(sql, values).fetchall()

    def column(self, sql: str, *values: object) -> list[Any]:
        """Return the first column of a query on the state."""
        return [row[0] for row in self.rows(sql, *values)]

    async def consent(self, auth_url: str) -> None:
        """Open a consent page and press Allow."""
        await consent(auth_url)

    async def advance(self, duration: str) -> None:
        """Move the clock, such as by ``1d``, and run what is due meanwhile."""
        await self._data("POST", "/sandbox/clock", {"advance": duration})

    async def fault(self, **fault: Any) -> None:
        """Add a fault to the sandbox."""
        await self._data("POST", "/sandbox/faults", fault)

    async def mend(self) -> None:
        """Remove every fault."""
        await self._data("DELETE", "/sandbox/faults")

    async def run(self, sync_id: str, **options: Any) -> JsonObject:
        """Run a sync to its end, and return the run."""
        started = await self.post(f"/api/syncs/{sync_id}/executions", **options)
        return await self.ended(f"/api/syncs/{sync_id}/executions/{started['id']}")

    async def try_to_run(self, sync_id: str) -> None:
        """Run a sync that cannot start, or ends in whatever way."""
        answer = await self.api.post(f"/api/syncs/{sync_id}/executions", json={})
        if answer.is_success:
            await self.ended(f"/api/syncs/{sync_id}/executions/{answer.json()['data']['id']}")

    async def sample(self, model_id: str) -> list[JsonObject]:
        """Return sample rows of a model."""
        answer = await self.get(f"/api/models/{model_id}/sample")
        return [row for record in answer["records"] for row in record.values()]

    def stored(self, kind: str, id_: str) -> JsonObject:
        """Return an object as the sandbox stores it, with its secrets."""
        (body,) = self.column("SELECT body FROM documents WHERE kind = ? AND id = ?", kind, id_)
        return json.loads(body)

    async def schemas_read(self, connection_id: str) -> None:
        """Wait until the schemas of a new connection were read."""
        path = f"/api/connections/{connection_id}/schemas/status"
        async with asyncio.timeout(_PATIENCE):
            while (await self.get(path))["cache_status"] != "fresh":  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)

    async def ended(self, path: str) -> JsonObject:
        """Wait for a run to end, and return it."""
        async with asyncio.timeout(_PATIENCE):
            while (seen := await self.get(path))["status"] not in _OVER:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
        return seen

    async def _data(self, method: str, path: str, body: JsonObject | None = None) -> Any:
        answer = await self.api.request(method, path, json=body)
        if answer.is_error:
            raise NotDoneError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        content: Any = answer.json() if answer.content else {}
        return as_object(content).get("data", content)


@asynccontextmanager
async def world(options: Sequence[str] = ("--clock", _NOON)) -> AsyncGenerator[World]:
    """Start a sandbox with these options, and stop it at the end."""
    with TemporaryDirectory(prefix="tasks-") as folder:
        state = Path(folder, "state.db")
        words = ("-m", "polytomic_mcp", "sandbox", "--empty", "--key", _KEY, "--state", str(state), *options)
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            line = (await process.stdout.readline()).decode() if process.stdout else ""
            url = next(word for word in line.split() if word.startswith("http://"))
            headers = {"Authorization": f"Bearer {_KEY}", "X-Polytomic-Version": "2025-09-18"}
            async with httpx.AsyncClient(
                base_url=url, headers=headers, timeout=_PATIENCE, trust_env=False
            ) as api:
                yield World(url, state, api)
        finally:
            process.terminate()
            await process.wait()


def expect(what: str, found: object, wanted: object) -> None:
    """Raise ``NotDoneError`` unless two values are equal."""
    if found != wanted:
        raise NotDoneError(f"{what}: {_short(found)} instead of {_short(wanted)}")


def expect_words(text: str, words: Sequence[object]) -> None:
    """Raise ``NotDoneError`` unless a text has all the words."""
    if missing := [word for word in words if str(word) not in text]:
        raise NotDoneError(f"the answers do not say {_short(missing)}")


def _short(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}…"  # noqa: PLR2004 - a line or three
