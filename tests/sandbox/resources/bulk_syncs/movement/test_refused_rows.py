"""A row that the destination's server refuses costs that row alone, whatever the mode is."""

from typing import Any

import pytest

from tests.sandbox.resources.bulk_syncs.conftest import Stage

pytestmark = pytest.mark.slow

RULE = "ALTER TABLE copy.shop_people ADD CHECK (n < 100)"
ROWS = "SELECT id, n FROM copy.shop_people ORDER BY id"


class Server:
    """A real server as the destination of bulk syncs of the sandbox's MySQL."""

    def __init__(self, stage: Stage, sql: Any, connection: str) -> None:
        self._stage = stage
        self._connection = connection
        self.sql = sql
        self.people = stage.table("shop.people", "id n:number", [{"id": str(n), "n": n} for n in range(3)])

    async def sync(self, **more: Any) -> dict[str, Any]:
        return await self._stage.sync(
            **{"destination_connection_id": self._connection, "schemas": [self.people.name], **more}
        )

    async def run(self, sync: dict[str, Any], **request: Any) -> tuple[int, int]:
        """Return how many rows were copied and how many were refused, as the counts and the logs say."""
        ended = await self._stage.start(sync, **request)
        (schema,) = ended["schemas"]
        assert schema["status"] == "completed", schema
        assert ended["status"] == ("errors" if schema["error_count"] else "completed")
        return schema["record_count"], schema["error_count"]

    async def read_again(self) -> str:
        """Let the sandbox read which tables the server has, and return the connection's id."""
        path = f"/api/connections/{self._connection}/schemas"
        await self._stage.http.post(f"{path}/refresh")
        await self._stage.http.get(f"{path}/status")
        return self._connection

    def rows(self) -> list[tuple[Any, ...]]:
        return [(id_, int(n)) for id_, n in self.sql(ROWS)]

    def put(self, **row: Any) -> None:
        self._stage.put(self.people, row)

    def remove(self, key: str) -> None:
        self._stage.remove(self.people, key)


@pytest.fixture(params=["postgresql", "mysql"])
async def server(request: pytest.FixtureRequest, stage: Stage, connect: Any) -> Any:
    sql = request.getfixturevalue(request.param)
    found = await connect(request.param, name="The real one", **sql.configuration)
    yield Server(stage, sql, found["id"])
    if request.param == "mysql":  # all tests share one server
        sql("DROP DATABASE IF EXISTS copy")


@pytest.mark.parametrize("mode", ["replicate", "append"])
async def test_a_refused_row_costs_that_row_alone_and_is_tried_again(server: Server, mode: str) -> None:
    sync = await server.sync(mode=mode)
    await server.run(sync)
    server.sql(RULE)
    server.put(id="1", n=500)
    server.put(id="2", n=20)
    server.put(id="3", n=600)
    server.put(id="4", n=4)

    counts = [await server.run(sync)]
    held = server.rows()
    server.put(id="3", n=3)
    counts.append(await server.run(sync))

    older = [("2", 2)] if mode == "append" else []
    assert counts == [(2, 2), (1, 1)]
    assert sorted(held) == sorted([("0", 0), ("1", 1), *older, ("2", 20), ("4", 4)])
    assert ("3", 3) in server.rows()


@pytest.mark.parametrize("resync_mode", ["resync", "rebuild"])
async def test_a_replaced_table_lacks_the_refused_rows_only(server: Server, resync_mode: str) -> None:
    sync = await server.sync(mode="replicate")
    await server.run(sync)
    if resync_mode == "resync":
        server.sql(RULE)
        server.put(id="1", n=500)
    else:  # which creates the table again, without the rule
        server.remove("1")
        server.put(id=None, n=1)

    assert await server.run(sync, resync_mode=resync_mode) == (2, 1)
    assert server.rows() == [("0", 0), ("2", 2)]


@pytest.mark.parametrize("is_hard", [False, True])
async def test_a_row_that_the_server_refuses_to_delete_is_tried_again(
    server: Server, *, is_hard: bool
) -> None:
    configuration = {"schema": "copy", "advanced": {"hard_deletes": is_hard}}
    sync = await server.sync(mode="replicate", destination_configuration=configuration)
    await server.run(sync)
    if is_hard:
        server.sql("CREATE TABLE copy.children AS SELECT id FROM copy.shop_people WHERE id = '1'")
        server.sql("ALTER TABLE copy.children ADD FOREIGN KEY (id) REFERENCES copy.shop_people (id)")
    else:
        server.sql("ALTER TABLE copy.shop_people ADD CHECK (n <> 1 OR _polytomic_deleted_at IS NULL)")
    server.remove("1")
    server.remove("2")

    counts = [await server.run(sync), await server.run(sync)]

    assert counts == [(1, 1), (0, 1)]


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
async def test_columns_that_differ_by_case_alone_stay_apart(server: Server) -> None:
    server.sql('CREATE TABLE public.cased (id int PRIMARY KEY, "Name" text, name text)')
    server.sql("INSERT INTO public.cased VALUES (1, 'a', 'b')")
    found = await server.read_again()
    sync = await server.sync(source_connection_id=found, schemas=["public.cased"], normalize_names="disabled")

    counts = [await server.run(sync)]
    server.sql("UPDATE public.cased SET name = 'c'")
    counts.append(await server.run(sync))

    assert counts == [(1, 0), (1, 0)]
    assert server.sql('SELECT id, "Name", name FROM copy."public.cased"') == [(1, "a", "c")]


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
async def test_a_table_of_the_sandbox_refuses_columns_that_differ_by_case_alone(
    server: Server, stage: Stage, connect: Any
) -> None:
    server.sql('CREATE TABLE public.cased (id int PRIMARY KEY, "Name" text, name text)')
    source = await server.read_again()
    to = (await connect("snowflake"))["id"]
    sync = await server.sync(
        source_connection_id=source,
        destination_connection_id=to,
        schemas=["public.cased"],
        normalize_names="disabled",
    )

    ended = await stage.start(sync)

    assert ended["status"] == "failed"
    assert "cannot have columns that differ by case alone: 'Name', 'name'" in ended["status_message"]


@pytest.mark.parametrize("server", ["mysql"], indirect=True)
async def test_a_table_that_is_created_again_is_held_to_its_own_limits(server: Server) -> None:
    server.put(id="1", n="NaN")  # which MySQL has no value for, and PostgreSQL has
    sync = await server.sync(mode="replicate")

    counts = [await server.run(sync), await server.run(sync, resync_mode="rebuild")]

    assert counts == [(2, 1), (2, 1)]
    assert server.rows() == [("0", 0), ("2", 2)]
