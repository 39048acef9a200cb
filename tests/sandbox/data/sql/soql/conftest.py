"""A Salesforce with regions and cities in addition to the sample company's objects."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from polytomic_mcp.sandbox.resources.models.reading import read_source
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.sandbox.conftest import Clock

Ask = Callable[[str], list[tuple[Any, ...]]]

CONNECTION: dict[str, Any] = {
    "id": "c",
    "name": "CRM",
    "type": {"id": "salesforce"},
    "configuration": {},
}

REGIONS = [
    ("a01Sb0000000001AAA", "North", 3, True, "2026-01-15", "2026-01-15T08:59:59Z"),
    ("a01Sb0000000002AAA", "south", 2, False, "2026-01-14", "2026-01-14T23:00:00Z"),
    ("a01Sb0000000003AAA", "NORTH", None, None, None, None),
    ("a01Sb000000000bAAA", "50%_\\'q'", -1, True, "2025-12-31", "2024-02-29T00:00:00Z"),
]
CITIES = [
    ("a02Sb0000000001AAA", "Aarhus", REGIONS[0][0], "005Sb00000ZCavdIAD"),
    ("a02Sb0000000002AAA", "bergen", REGIONS[0][0], None),
    ("a02Sb0000000003AAA", "Cork", REGIONS[1][0], None),
    ("a02Sb0000000004AAA", "Delft", None, None),
]


def _column(name: str, sql_type: str = "VARCHAR", **more: Any) -> Column:
    return Column(name, "string", sql_type, **more)


@pytest.fixture
def workspace(clock: Clock) -> Iterator[Workspace]:
    """A workspace at 2026-01-15T09:00:00Z, a Thursday."""
    workspace = Workspace(Store(), "k", base=clock)
    region = Table(
        "salesforce",
        "Region__c",
        "Region",
        "object",
        (
            _column("Id"),
            _column("Name"),
            _column("Size__c", "BIGINT"),
            _column("Is_Open__c", "BOOLEAN"),
            _column("Opened__c", "DATE"),
            _column("Founded__c", "TIMESTAMP WITH TIME ZONE"),
        ),
        "Id",
    )
    city = Table(
        "salesforce",
        "City",
        "City",
        "object",
        (
            _column("Id"),
            _column("Name"),
            _column("Region__c", refers_to="Region__c.Id"),
            _column("OwnerId", refers_to="User.Id"),
            _column("Mayor__c", refers_to="Mayor.Id"),
        ),
        "Id",
    )
    survey = Table("salesforce", "Survey__c", "S", "object", (_column("RegionId", refers_to="Region__c.Id"),))
    for table, rows in ((region, REGIONS), (city, CITIES), (survey, [(REGIONS[0][0],)])):
        workspace.tables.create(table)
        names = [column.name for column in table.columns]
        workspace.tables.insert(table, [dict(zip(names, row, strict=False)) for row in rows])
    yield workspace
    workspace.close()


@pytest.fixture
def ask(workspace: Workspace) -> Ask:
    """Return the rows of a model with this query: ``ask("SELECT Name FROM City")``."""

    def rows(soql: str) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in read_source(workspace, CONNECTION, {"query": soql}).rows]

    return rows


@pytest.fixture
def columns(workspace: Workspace) -> Callable[[str], list[str]]:
    """Return the names of a query's columns."""

    def names(soql: str) -> list[str]:
        return [column.name for column in read_source(workspace, CONNECTION, {"query": soql}).columns]

    return names


@pytest.fixture
def refusal(ask: Ask) -> Callable[[str], str]:
    """Return the reason why a query is refused."""

    def reason(soql: str) -> str:
        with pytest.raises(RefusalError) as refused:
            ask(soql)
        assert refused.value.status == 422
        return str(refused.value)

    return reason
