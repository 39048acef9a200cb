"""Fixtures for tests of syncs: sources and targets as needed, and runs that end before the call returns."""

from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, ClassVar

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.workspace.workspace import Workspace

Connect = Callable[..., Awaitable[dict[str, Any]]]
CreateScheduled = Callable[..., Awaitable[dict[str, Any]]]

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "mysql": {"hostname": "db.acme.example", "account": "ada", "passwd": "pw", "dbname": "shop"},
    "webhook": {"url": "https://hooks.acme.example"},
}

SQL_TYPES = {
    "string": "VARCHAR",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "array": "JSON",
}


FLOW: dict[str, dict[str, Any]] = {
    "Id": {"refers_to": "salesforce.Contact.Id"},
    "Name": {"from_reference": "Name", "identity_functions": ()},
    "Email": {"from_reference": "Email", "identity_functions": ()},
    "AddedAt": {"stamped": "created", "identity_functions": ()},
}
"""The properties of a flow's columns, besides their types."""


def column(name: str, type_: str = "string", *, required: bool = False) -> Column:
    return Column(name, type_, SQL_TYPES[type_], required)


def columns_of(text: str) -> tuple[Column, ...]:
    """Read ``"id email! age:number"``; an exclamation mark makes a column required."""
    found = []
    for word in text.split():
        name, _, type_ = word.partition(":")
        found.append(column(name.rstrip("!"), type_.rstrip("!") or "string", required=word.endswith("!")))
    return tuple(found)


class Stage:
    """Creates what a test of a sync needs, and runs the sync.

    ``MAPPED`` maps names, with the IDs as identity. ``SHOWN_ONLY`` are the fields of a sync that responses
    have and requests do not accept.
    """

    ADA: ClassVar = {"id": "1", "name": "Ada"}
    BOB: ClassVar = {"id": "2", "name": "Bob"}
    ROBERT: ClassVar = {"id": "2", "name": "Robert"}
    CYD: ClassVar = {"id": "3", "name": "Cyd"}
    HELD: ClassVar = [ROBERT, CYD]
    PEOPLE: ClassVar = [ADA | {"email": "ada@acme.example"}, BOB | {"email": "bob@acme.example"}]
    MAPPED: ClassVar = {"fields": "name>name", "identity": "id>id"}
    SHOWN_ONLY: ClassVar = (
        "id",
        "organization_id",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "model_ids",
        "problems",
    )

    def __init__(self, workspace: Workspace, http: httpx.AsyncClient, connect: Connect) -> None:
        self.workspace = workspace
        self.http = http
        self._connect = connect
        self._connections: dict[str, str] = {}

    async def connection(self, type_: str) -> str:
        if type_ not in self._connections:
            self._connections[type_] = (await self._connect(type_, **CONFIGURATIONS.get(type_, {})))["id"]
        return self._connections[type_]

    def table(
        self, name: str, columns: str, rows: Iterable[Row] = (), *, system: str = "postgresql", **more: Any
    ) -> Table:
        kind = more.get("kind", "table")
        found = columns_of(columns)
        if kind == "flow":
            found = tuple(replace(each, **FLOW.get(each.name, {})) for each in found)
        table = Table(system, name, name, kind, found, more.get("key"))
        self.workspace.tables.create(table)
        self.workspace.tables.insert(table, rows)
        return table

    async def model(
        self, name: str, columns: str, rows: Iterable[Row] = (), relations: Iterable[dict[str, Any]] = ()
    ) -> str:
        table = self.table(f"public.{name}", columns, rows)
        id_ = self.workspace.new_id()
        fields = [
            {
                "id": f"{id_}-{each.name}",
                "name": each.name,
                "label": each.name,
                "type": each.type,
                "user_added": False,
            }
            for each in table.columns
        ]
        document = {
            "id": id_,
            "name": name,
            "connection_id": await self.connection("postgresql"),
            "configuration": {"table": table.name},
            "fields": fields,
            "relations": list(relations),
        }
        self.workspace.store.put("model", id_, document)
        return id_

    async def body(
        self, model: str, target: str, /, *, system: str = "postgresql", **more: Any
    ) -> dict[str, Any]:
        """Return the body of a sync; ``fields`` and ``identity`` may be ``"source>target ..."``."""
        body: dict[str, Any] = {
            "name": "My sync",
            "mode": "updateOrCreate",
            "schedule": {"frequency": "manual"},
            "target": {"connection_id": await self.connection(system), "object": target},
            "fields": [],
            **more,
        }
        if isinstance(body["fields"], str):
            body["fields"] = [
                {"source": {"model_id": model, "field": source}, "target": to}
                for source, _, to in (pair.partition(">") for pair in body["fields"].split())
            ]
        if isinstance(body.get("identity"), str):
            source, _, to = body["identity"].partition(">")
            body["identity"] = {
                "source": {"model_id": model, "field": source},
                "target": to,
                "function": "Equality",
            }
        return body

    async def create(self, model: str, target: str = "public.arrivals", /, **more: Any) -> httpx.Response:
        """Send the request for a sync, mapped as ``MAPPED`` unless the test passes something else."""
        return await self.http.post(
            "/api/syncs", json=await self.body(model, target, **{**self.MAPPED, **more})
        )

    async def sync(self, model: str, target: str, /, **more: Any) -> dict[str, Any]:
        answer = await self.http.post("/api/syncs", json=await self.body(model, target, **more))
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def start(self, sync: dict[str, Any], **request: Any) -> dict[str, Any]:
        answer = await self.http.post(f"/api/syncs/{sync['id']}/executions", json=request)
        assert answer.status_code == 200, answer.text
        return await self.execution(sync, answer.json()["data"]["id"])

    async def execution(self, sync: dict[str, Any], id_: str) -> dict[str, Any]:
        answer = await self.http.get(f"/api/syncs/{sync['id']}/executions/{id_}")
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def moved(self, model: str, target: str, /, **more: Any) -> dict[str, int]:
        """Create a sync, run it, and return the counts that are not zero."""
        execution = await self.start(await self.sync(model, target, **more))
        assert execution["status"] == "completed", execution
        return {name: count for name, count in execution["counts"].items() if count}

    @staticmethod
    def codes(answer: httpx.Response) -> list[tuple[str, str]]:
        """Return the code and the path of each problem in a refusal."""
        assert answer.status_code == 422, answer.text
        return [(problem["code"], problem["path"]) for problem in answer.json()["metadata"]["problems"]]

    @staticmethod
    def counts(**counts: int) -> dict[str, int]:
        """Return an execution's counts: these, and zero for the others."""
        return dict.fromkeys(executions.COUNTS, 0) | counts

    def stored_table(self, name: str, *, system: str = "postgresql") -> Table:
        table = self.workspace.tables.get(system, name)
        assert table is not None
        return table

    def rows(self, name: str, *, system: str = "postgresql") -> list[Row]:
        table = self.stored_table(name, system=system)
        return [row for _, row in self.workspace.tables.read(table)]


@pytest.fixture
def workspace(sandbox: Starlette, workers: ThreadPoolExecutor) -> Workspace:
    workspace: Workspace = sandbox.state.workspace
    workspace.workers = workers
    return workspace


@pytest.fixture
def stage(workspace: Workspace, http: httpx.AsyncClient, connect: Connect) -> Stage:
    return Stage(workspace, http, connect)


@pytest.fixture
async def model(stage: Stage) -> str:
    """Create a model with one person, and a table that can be its target."""
    stage.table("public.arrivals", "id name! age:number")
    return await stage.model("people", "id name age:number", [{"id": "1", "name": "Ada", "age": 36}])


@pytest.fixture
def scheduled(stage: Stage, model: str) -> CreateScheduled:
    """Return a function that creates an active sync with a schedule."""

    async def create(schedule: dict[str, Any], **more: Any) -> dict[str, Any]:
        return await stage.sync(
            model, "public.arrivals", **stage.MAPPED, **{"schedule": schedule, "active": True, **more}
        )

    return create
