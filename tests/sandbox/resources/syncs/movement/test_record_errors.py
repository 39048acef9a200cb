"""Records that cannot be written: each counts as an error, and the run continues."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.backend import RefusedRowsError
from polytomic_mcp.sandbox.data.tables.tables import Row, Table, Tables
from tests.sandbox.resources.syncs.conftest import Stage


async def test_a_record_without_an_identity_is_an_error(stage: Stage) -> None:
    model = await stage.model(
        "people", "id name", [{"id": None, "name": "Nobody"}, {"id": " ", "name": "Blank"}, stage.ADA]
    )
    stage.table("public.arrivals", "id name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["status"] == "completed"
    assert execution["counts"]["error"] == 2
    assert execution["errors"][0] == "Record 1: the identity id has no value"
    assert stage.rows("public.arrivals") == [stage.ADA]


@pytest.mark.parametrize("mode", ["updateOrCreate", "update"])
async def test_a_missing_required_value_is_an_error(stage: Stage, mode: str) -> None:
    model = await stage.model("people", "id name", [{"id": "2", "name": None}])
    stage.table("public.arrivals", "id name!", [stage.ROBERT] if mode == "update" else [])
    sync = await stage.sync(model, "public.arrivals", mode=mode, **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["errors"] == ["Record 1: name is required and has no value"]


async def test_a_value_that_does_not_fit_its_column_is_an_error(stage: Stage) -> None:
    model = await stage.model("people", "id age", [{"id": "1", "age": "old"}, {"id": "2", "age": "41"}])
    stage.table("public.arrivals", "id age:number")
    sync = await stage.sync(model, "public.arrivals", fields="age>age", identity="id>id")

    execution = await stage.start(sync)

    assert execution["errors"] == ['Record 1: "old" does not fit age, which is of type number (DOUBLE)']
    assert stage.rows("public.arrivals") == [{"id": "2", "age": 41}]


async def test_an_identity_that_does_not_fit_its_column_is_an_error(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": "one", "name": "Ada"}])
    stage.table("public.arrivals", "id:number name")
    sync = await stage.sync(model, "public.arrivals", **stage.MAPPED)

    execution = await stage.start(sync)

    assert execution["counts"]["error"] == 1
    assert stage.rows("public.arrivals") == []


async def test_only_the_first_hundred_errors_are_listed(stage: Stage) -> None:
    model = await stage.model("people", "id name", [{"id": None, "name": "Nobody"}] * 101)
    stage.table("public.arrivals", "id name")

    execution = await stage.start(await stage.sync(model, "public.arrivals", **stage.MAPPED))

    assert execution["counts"]["error"] == 101
    assert len(execution["errors"]) == 100


async def test_a_record_is_written_whole_or_not_at_all(stage: Stage) -> None:
    model = await stage.model("people", "id name age", [{"id": "1", "name": "Ada", "age": "old"}])
    held = [{"id": "1", "name": None, "age": 36}, {"id": "1", "name": None, "age": None}]
    stage.table("public.arrivals", "id name age:number", held)
    fields = [
        {"source": {"model_id": model, "field": field}, "target": field, "sync_mode": "create"}
        for field in ("name", "age")
    ]

    counts = await stage.moved(model, "public.arrivals", fields=fields, identity="id>id")

    assert counts == {"error": 1, "total": 1}
    assert stage.rows("public.arrivals") == held


def refuse_bad_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tables refuse a change of a row named ``bad``, as a real server does."""
    insert, update, delete = Tables.insert, Tables.update, Tables.delete

    def require_good(rows: Mapping[int, Row]) -> None:
        if bad := {id_: f"no {row['id']}" for id_, row in rows.items() if row["name"] == "bad"}:
            raise RefusedRowsError(bad)

    def insert_good(self: Tables, table: Table, rows: Iterable[Row]) -> Any:
        found = [*rows]
        require_good(dict(enumerate(found)))
        return insert(self, table, found)

    def update_good(self: Tables, table: Table, rows: Mapping[int, Row]) -> None:
        require_good(rows)
        update(self, table, rows)

    def delete_good(self: Tables, table: Table, row_ids: Iterable[int]) -> None:
        ids = [*row_ids]
        require_good(self.pick(table, ids))
        delete(self, table, ids)

    # A real server needs a database; it refuses rows in the same way.
    monkeypatch.setattr(Tables, "insert", insert_good)
    monkeypatch.setattr(Tables, "update", update_good)
    monkeypatch.setattr(Tables, "delete", delete_good)


GOOD = {"id": "1", "name": "good"}
BAD = {"id": "2", "name": "bad"}
LAST = {"id": "3", "name": "last"}


@pytest.mark.parametrize(
    ("mode", "held", "counts", "left"),
    [
        ("updateOrCreate", [], {"insert": 2, "error": 1}, [GOOD, LAST]),
        ("append", [], {"insert": 2, "error": 1}, [GOOD, LAST]),
        ("replace", [{"id": "9", "name": "old"}], {"insert": 2, "delete": 1, "error": 1}, [GOOD, LAST]),
        (
            "update",
            [each | {"name": "old"} for each in (GOOD, BAD, LAST)],
            {"update": 2, "error": 1},
            [GOOD, BAD | {"name": "old"}, LAST],
        ),
        ("remove", [GOOD, BAD, LAST], {"delete": 2, "error": 1}, [BAD]),
    ],
)
@pytest.mark.parametrize("function", ["Equality", "ISubstring"])
async def test_a_row_that_the_target_refuses_costs_that_row_alone(
    mode: str,
    function: str,
    held: list[Row],
    counts: dict[str, int],
    left: list[Row],
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = await stage.model("people", "id name", [GOOD, BAD, LAST])
    where: Any = {"system": "snowflake"}
    table = stage.table("public.arrivals", "id name", **where)
    stage.workspace.tables.insert(table, held)
    mapping = {"source": {"model_id": model, "field": "id"}, "target": "id", "function": function}
    sync = await stage.sync(
        model, "public.arrivals", mode=mode, fields="name>name", identity=mapping, **where
    )
    refuse_bad_rows(monkeypatch)

    first = await stage.start(sync)
    second = await stage.start(sync)

    assert first["counts"] == stage.counts(total=3, **counts)
    assert first["errors"] == ["Record 2: no 2"]
    assert second["counts"]["total"] == (3 if mode == "replace" else 1)
    assert [row["name"] for row in stage.rows("public.arrivals", **where)] == [row["name"] for row in left]
