"""New rows that are inserted together: they are the same as rows that are written one by one."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.tables.table import Column, Table
from polytomic_mcp.sandbox.resources.runs import logs
from tests.sandbox.resources.syncs.conftest import Stage

PEOPLE = [
    {"id": "003A", "plan": "pro"},
    {"id": "003B", "plan": "pro"},
    {"id": "003B", "plan": "twice"},
    {"id": "nobody", "plan": "pro"},
    {"id": None, "plan": "pro"},
    {"id": "003C", "plan": None},
    {"id": "003D", "plan": "free"},
]


@pytest.fixture(params=[0, 10_000], ids=["together", "one by one"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log no line, or all of them, for which each record must be written by itself."""
    # Records are inserted together only after the limit of 10,000 log lines, too many for each test.
    monkeypatch.setattr(logs, "MOST_LINES", request.param)


def flow(stage: Stage, *columns: Column) -> None:
    """Create a target whose key refers to a table of contacts, and those contacts."""
    held = [{"id": f"003{letter}", "name": f"Ms {letter}"} for letter in "ABCD"]
    stage.table("public.crm", "id name", [{"id": "003A", "name": "of old"}, *held])
    key = Column("Id", "string", "VARCHAR", required=True, refers_to="postgresql.public.crm.id")
    name = Column("Name", "string", "VARCHAR", from_reference="name")
    other = Column("Other", "string", "VARCHAR", from_reference="no such column")
    stamp = Column("At", "datetime", "TIMESTAMP WITH TIME ZONE", stamped="created")
    table = Table("postgresql", "public.flow", "flow", "table", (key, name, other, stamp, *columns), "Id")
    stage.workspace.tables.create(table)
    stage.workspace.tables.insert(table, [{"Id": "003D", "Name": "held"}])


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("more", [[], [{"id": "003\0", "plan": "pro"}]], ids=["", "with a NUL"])
async def test_new_rows_are_written_with_all_columns(stage: Stage, more: list[dict[str, Any]]) -> None:
    plan = Column("Plan", "string", "VARCHAR", required=True)
    flow(stage, plan)
    model = await stage.model("people", "id plan", [*PEOPLE, *more])

    execution = await stage.start(
        await stage.sync(model, "public.flow", mode="create", fields="plan>Plan", identity="id>Id")
    )

    rows = stage.rows("public.flow")
    arrived = [(row["Id"], row["Name"], row["Other"], row["Plan"]) for row in rows[1:]]
    assert execution["counts"] == stage.counts(insert=2, error=3 + len(more), total=7 + len(more))
    assert arrived == [("003A", "Ms A", None, "pro"), ("003B", "Ms B", None, "pro")]
    assert {row["At"] for row in rows[1:]} == {stage.workspace.now()}
    assert execution["errors"][0].startswith("Record 4: nobody is not known")


@pytest.mark.usefixtures("_way")
async def test_a_value_that_does_not_fit_and_a_field_that_is_not_createable(stage: Stage) -> None:
    people = [{"id": "1", "age": 36, "note": "n"}, {"id": "2", "age": "old", "note": "n"}]
    model = await stage.model("people", "id age note", people)
    columns = (
        Column("id", "string", "VARCHAR"),
        Column("age", "number", "DOUBLE"),
        Column("note", "string", "VARCHAR", createable=False),
    )
    for name, mapped in (("numbers", "age>age"), ("later", "age>age note>note")):
        stage.workspace.tables.create(Table("postgresql", f"public.{name}", name, "table", columns, "id"))
        sync = await stage.sync(model, f"public.{name}", mode="create", fields=mapped, identity="id>id")

        execution = await stage.start(sync)

        assert execution["counts"] == stage.counts(insert=1, error=1, total=2)
        assert stage.rows(f"public.{name}") == [{"id": "1", "age": 36, "note": None}]


@pytest.mark.usefixtures("_way")
async def test_rows_that_all_exist_leave_the_table_unchanged(stage: Stage) -> None:
    flow(stage, Column("Plan", "string", "VARCHAR"))
    model = await stage.model("people", "id plan", [{"id": "003D", "plan": "pro"}])

    execution = await stage.start(
        await stage.sync(model, "public.flow", mode="create", fields="plan>Plan", identity="id>Id")
    )

    assert execution["counts"] == stage.counts(total=1)
    assert [row["Name"] for row in stage.rows("public.flow")] == ["held"]
