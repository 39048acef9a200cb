"""Two servers with a table for each type, and syncs between them, through the API."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from tests.sandbox.conftest import InlineWorkers
from tests.sandbox.data.servers.exact.kinds import MYSQL, POSTGRESQL, Kind

SETUP = (
    "CREATE TYPE mood AS ENUM ('sad', 'o''k')",
    "CREATE DOMAIN short AS numeric(4,1)",
    "CREATE TYPE pair AS (a int, b text)",
)


@dataclass
class Side:
    """A server's database; ``text`` selects a column as the server's own text, ``bytes`` byte by byte."""

    type: str
    sql: Any
    schema: str
    kinds: tuple[Kind, ...]
    quote: str
    text: str
    bytes: str

    @property
    def place(self) -> str:
        """The schema that syncs create; on MySQL, all tests share one server."""
        return f"Copy of {self.schema}"

    def quoted(self, *names: str) -> str:
        return ".".join(f"{self.quote}{name}{self.quote}" for name in names)

    def read(self, form: str, schema: str, table: str, column: str = "v") -> dict[int, str | None]:
        """Return each value in a form, by the row's id."""
        value = form.format(self.quoted(column))
        return dict(self.sql(f"SELECT id, {value} FROM {self.quoted(schema, table)}"))  # noqa: S608 - our own

    def fill(self) -> None:
        """Create a table for each kind, with its values and a null."""
        for number, kind in enumerate(self.kinds):
            name = self.quoted(self.schema, f"t{number}")
            values = ", ".join(f"({id_}, {value})" for id_, value in enumerate((*kind.values, "NULL")))
            self.sql(f"CREATE TABLE {name} (id int PRIMARY KEY, v {kind.type} NULL)")
            self.sql(f"INSERT INTO {name} VALUES {values}")  # noqa: S608 - our own


@pytest.fixture
def pg_side(postgresql: Any) -> Side:
    for each in SETUP:
        postgresql(each)
    postgresql(f"ALTER DATABASE {postgresql.configuration['database']} SET timezone = 'UTC'")
    return Side("postgresql", postgresql, "public", POSTGRESQL, '"', "{}::text", "{}::text")


@pytest.fixture
def my_side(mysql: Any) -> Iterator[Side]:
    database = mysql.configuration["dbname"]
    mysql(f"ALTER DATABASE `{database}` CHARACTER SET utf8mb4")
    mysql("SET GLOBAL sql_mode = ''")  # so that the source can hold zero dates
    side = Side("mysql", mysql, database, MYSQL, "`", "CAST({} AS CHAR)", "HEX({})")
    yield side
    mysql(f"DROP DATABASE IF EXISTS `{side.place}`")


@dataclass
class Mover:
    """Runs syncs between two connections."""

    http: httpx.AsyncClient
    connect: Callable[..., Awaitable[dict[str, Any]]]

    async def call(self, method: str, path: str, **body: Any) -> Any:
        answer = await self.http.request(method, path, json=body if method == "POST" else None)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def connection(self, side: Side) -> str:
        id_: str = (await self.connect(side.type, **side.sql.configuration))["id"]
        return id_

    async def bulk(self, source: str, destination: str, schema: str, schemas: list[str]) -> dict[str, Any]:
        """Run a bulk sync; return what it says of each schema."""
        await self.call("GET", f"/api/connections/{source}/schemas/status")
        sync = await self.call(
            "POST",
            "/api/bulk/syncs",
            name=f"To {schema}",
            mode="replicate",
            source_connection_id=source,
            destination_connection_id=destination,
            destination_configuration={"schema": schema},
            default_schedule={"frequency": "manual"},
            schemas=schemas,
        )
        path = f"/api/bulk/syncs/{sync['id']}/executions"
        started = await self.call("POST", path)
        ended = await self.call("GET", f"{path}/{started['id']}")
        return {each["schema"]: each["status_message"] or "" for each in ended["schemas"]}

    async def sync(self, source: str, configuration: dict[str, str], place: str, names: list[str]) -> Any:
        """Run a model sync into a new table of the same server; return the execution."""
        body = {"name": "Values", "connection_id": source, "configuration": configuration}
        model = (await self.call("POST", "/api/models", **body))["id"]
        mapped = [{"source": {"model_id": model, "field": name}, "target": name} for name in names]
        sync = await self.call(
            "POST",
            "/api/syncs",
            name="Values",
            mode="updateOrCreate",
            active=True,
            schedule={"frequency": "manual"},
            target={"connection_id": source, "create": {"name": "values", "schema": place}},
            identity={**mapped[0], "function": "Equality"},
            fields=mapped[1:],
        )
        path = f"/api/syncs/{sync['id']}/executions"
        started = await self.call("POST", path)
        return await self.call("GET", f"{path}/{started['id']}")


@pytest.fixture
def mover(
    sandbox: Starlette, http: httpx.AsyncClient, workers: InlineWorkers, connect: Callable[..., Any]
) -> Mover:
    sandbox.state.workspace.workers = workers
    return Mover(http, connect)
