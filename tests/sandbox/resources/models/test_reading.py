"""Reading what a model selects, row by row."""

from collections.abc import Iterator
from typing import Any

import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from polytomic_mcp.sandbox.resources.models import reading
from polytomic_mcp.sandbox.resources.models.reading import read_model, read_source
from polytomic_mcp.sandbox.workspace.workspace import Workspace

CONNECTION: dict[str, Any] = {"id": "c", "type": {"id": "snowflake"}, "configuration": {"dbname": "db"}}


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(Store(), "key")
    workspace.store.put("connection", "c", CONNECTION)
    yield workspace
    workspace.close()


def model(query: str, *fields: str) -> dict[str, Any]:
    described = [{"name": name, "label": name, "type": "number", "user_added": False} for name in fields]
    return {"name": "M", "connection_id": "c", "configuration": {"query": query}, "fields": described}


def test_a_model_reads_its_fields_in_its_order(workspace: Workspace) -> None:
    read = read_model(workspace, model("SELECT 1 AS a, 2 AS b, 3 AS c", "c", "A"))

    assert [column.name for column in read.columns] == ["c", "A"]
    assert read.columns[0].sql_type == "INTEGER"
    assert list(read.rows) == [{"c": 3, "A": 1}]


def test_a_query_of_a_salesforce_model_is_soql(workspace: Workspace) -> None:
    salesforce = CONNECTION | {"type": {"id": "salesforce"}}
    query = "SELECT Account.Name FROM Contact WHERE {} LIMIT 1"

    found = read_source(workspace, salesforce, {"query": query.format("CreatedDate > 2020-01-01T00:00:00Z")})

    assert [list(row) for row in found.rows] == [["Account.Name"]]
    with pytest.raises(RefusalError, match="CreatedDate is of type datetime"):
        read_source(workspace, salesforce, {"query": query.format("CreatedDate > 2020-01-01")})


def test_a_limit_restricts_the_rows(workspace: Workspace) -> None:
    query = "SELECT seq4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 5))"

    assert len(list(read_model(workspace, model(query, "n"), limit=2).rows)) == 2
    assert len(list(read_model(workspace, model(query, "n")).rows)) == 5


def test_an_error_in_a_later_row_is_raised_while_reading(workspace: Workspace) -> None:
    query = "SELECT CAST(CASE WHEN r < 50000 THEN '1' ELSE 'x' END AS INT) AS n FROM range(60000) AS t(r)"
    workspace.store.put("connection", "c", CONNECTION | {"type": {"id": "motherduck"}})

    read = read_model(workspace, model(query, "n"))

    with pytest.raises(RefusalError, match="Could not convert") as refusal:
        list(read.rows)
    assert refusal.value.status == 422


def test_a_query_with_too_many_rows_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    # The limit, a million rows, is too high to reach in a test.
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    source = read_source(workspace, CONNECTION, {"query": "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3"})
    longer = read_source(
        workspace, CONNECTION, {"query": "SELECT n FROM (VALUES (1), (2), (3), (4)) AS t(n)"}
    )

    assert len(list(source.rows)) == 3
    with pytest.raises(RefusalError, match="more than 3 rows"):
        list(longer.rows)


def test_a_table_with_too_many_rows_is_refused(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 1)
    table = Table("snowflake", "public.pairs", "Pairs", "table", (Column("n", "number", "DOUBLE"),))
    workspace.tables.create(table)
    workspace.tables.insert(table, [{"n": 1}, {"n": 2}])

    source = read_source(workspace, CONNECTION, {"table": "public.pairs"})

    with pytest.raises(RefusalError, match=r"more than 1 rows\. Select fewer with a query"):
        list(source.rows)


def test_deleted_records_of_salesforce_are_read_on_request(workspace: Workspace) -> None:
    connection = CONNECTION | {"type": {"id": "salesforce"}}

    def names(**configuration: Any) -> dict[str, bool | None]:
        read = read_source(workspace, connection, {"table": "Contact"} | configuration)
        return {row["Name"]: row.get("IsDeleted") for row in read.rows}

    alive, everyone = names(), names(include_deleted=True)

    assert set(alive.values()) == {None}
    assert names(include_deleted=False) == alive
    assert {name for name, is_deleted in everyone.items() if is_deleted} == everyone.keys() - alive.keys()
    assert everyone.keys() - alive.keys() == {f"Former Contact {number}" for number in (1, 2, 3)}


@pytest.mark.parametrize("query", ["SELECT Name FROM Contact", "SELECT count(Id) FROM Contact"])
def test_deleted_records_are_not_read_with_soql(workspace: Workspace, query: str) -> None:
    connection = CONNECTION | {"type": {"id": "salesforce"}}

    found = str(list(read_source(workspace, connection, {"query": query}).rows))
    with pytest.raises(RefusalError, match="include_deleted with table only"):
        read_source(workspace, connection, {"query": query, "include_deleted": True})

    assert "Former" not in found


def test_include_deleted_has_no_effect_in_a_system_without_it(workspace: Workspace) -> None:
    connection = CONNECTION | {"type": {"id": "hubspot"}}
    selected = {"table": "contacts", "include_deleted": True}

    read = read_source(workspace, connection, selected)

    assert "IsDeleted" not in [column.name for column in read.columns]
