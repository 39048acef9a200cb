"""The records that SOQL conditions match: comparisons, null, dates, and text in any case."""

from collections.abc import Callable
from typing import Any

import pytest

from polytomic_mcp.sandbox.workspace.workspace import Workspace

Ask = Callable[[str], list[tuple[Any, ...]]]

_LAST_OF_2025 = "50%_\\'q'"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Name = 'north'", ["North", "NORTH"]),
        ("Name != 'north'", ["south", _LAST_OF_2025]),
        ("Name <> 'NORTH' AND Name > 'a'", ["south"]),
        ("Name LIKE 'NO_TH'", ["North", "NORTH"]),
        (r"Name LIKE '50\%\_\\\'%'", [_LAST_OF_2025]),
        (r"Name LIKE '5\_%'", []),
        (r"Name = '50\%\_\\\'q\''", [_LAST_OF_2025]),
        ("Name IN ('SOUTH', 'x')", ["south"]),
        ("NOT Name LIKE 'n%'", ["south", _LAST_OF_2025]),
        ("Name = ''", []),
        ("Name != NULL", ["North", "south", "NORTH", _LAST_OF_2025]),
        ("Size__c = 3.0", ["North"]),
        ("Size__c >= 2", ["North", "south"]),
        ("Size__c < 2", [_LAST_OF_2025]),
        ("NOT Size__c < 2", ["North", "south", "NORTH"]),
        ("Size__c <= -1", [_LAST_OF_2025]),
        ("Size__c != 3", ["south", "NORTH", _LAST_OF_2025]),
        ("Size__c = null", ["NORTH"]),
        ("Size__c IN (2, null)", ["south", "NORTH"]),
        ("Size__c IN (null)", ["NORTH"]),
        ("Size__c NOT IN (2, 3)", ["NORTH", _LAST_OF_2025]),
        ("Is_Open__c = true", ["North", _LAST_OF_2025]),
        ("Is_Open__c = FALSE", ["south"]),
        ("Is_Open__c = null", ["south", "NORTH"]),
        ("Is_Open__c != null", ["North", _LAST_OF_2025]),
        ("Opened__c = 2026-01-15", ["North"]),
        ("Opened__c IN (2026-01-15, YESTERDAY)", ["North", "south"]),
        ("Opened__c < TODAY", ["south", _LAST_OF_2025]),
        ("Founded__c > 2026-01-14T22:59:59.5Z", ["North", "south"]),
        ("Founded__c = 2026-01-15T00:00:00+01:00", ["south"]),
        ("Founded__c = TODAY", ["North"]),
        ("Founded__c != TODAY", ["south", "NORTH", _LAST_OF_2025]),
        ("Founded__c > YESTERDAY", ["North"]),
        ("Founded__c >= YESTERDAY", ["North", "south"]),
        ("Founded__c <= YESTERDAY", ["south", _LAST_OF_2025]),
        ("CALENDAR_YEAR(Founded__c) = 2024", [_LAST_OF_2025]),
        ("DAY_ONLY(Founded__c) = 2026-01-14", ["south"]),
        ("DAY_IN_WEEK(Opened__c) = 5", ["North"]),
        ("Id = 'A01SB0000000001AAA'", ["North"]),
        ("Id = 'a01Sb000000000b'", [_LAST_OF_2025]),
        ("Id = 'a01Sb000000000B'", []),
        ("Id IN ('a01Sb0000000001', 'a01Sb0000000002AAA')", ["North", "south"]),
        ("(Size__c = 2 OR Size__c = 3) AND NOT (Name = 'south')", ["North"]),
        ("Id IN (SELECT Region__c FROM City)", ["North", "south"]),
        ("Id NOT IN (SELECT Region__c FROM City c WHERE c.Name = 'CORK')", ["North", "NORTH", _LAST_OF_2025]),
        ("Region__c.Name = 'south'", ["south"]),
    ],
)
def test_a_condition_matches_the_records_that_salesforce_would(
    ask: Ask, condition: str, found: list[str]
) -> None:
    soql = f"SELECT Name FROM Region__c WHERE {condition}"  # noqa: S608 - a test's own

    assert ask(soql) == [(name,) for name in found]


def test_a_long_list_of_ids_is_fast(ask: Ask) -> None:
    ids = ", ".join(f"'a01Sb00{number:08}AAA'" for number in range(3_000))

    soql = f"SELECT Name FROM Region__c WHERE Id IN ({ids})"  # noqa: S608 - a test's own

    assert len(ask(soql)) == 3


def test_conditions_may_name_fields_of_parents(ask: Ask) -> None:
    assert ask("SELECT Name FROM City WHERE Region__r.Name = 'NORTH' AND Owner.Email != null") == [
        ("Aarhus",)
    ]
    assert ask("SELECT Name FROM City c WHERE c.Region__r.Name = null") == [("Delft",)]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("YESTERDAY", "2026-01-14", "2026-01-14"),
        ("TODAY", "2026-01-15", "2026-01-15"),
        ("tomorrow", "2026-01-16", "2026-01-16"),
        ("LAST_WEEK", "2026-01-04", "2026-01-10"),
        ("THIS_WEEK", "2026-01-11", "2026-01-17"),
        ("NEXT_WEEK", "2026-01-18", "2026-01-24"),
        ("LAST_MONTH", "2025-12-01", "2025-12-31"),
        ("THIS_MONTH", "2026-01-01", "2026-01-31"),
        ("NEXT_QUARTER", "2026-04-01", "2026-06-30"),
        ("LAST_FISCAL_QUARTER", "2025-10-01", "2025-12-31"),
        ("THIS_YEAR", "2026-01-01", "2026-12-31"),
        ("LAST_90_DAYS", "2025-10-17", "2026-01-15"),
        ("NEXT_90_DAYS", "2026-01-16", "2026-04-15"),
        ("LAST_N_DAYS:2", "2026-01-13", "2026-01-15"),
        ("NEXT_N_DAYS:2", "2026-01-16", "2026-01-17"),
        ("N_DAYS_AGO:3", "2026-01-12", "2026-01-12"),
        ("LAST_N_WEEKS:2", "2025-12-28", "2026-01-10"),
        ("LAST_N_MONTHS:3", "2025-10-01", "2025-12-31"),
        ("NEXT_N_QUARTERS:2", "2026-04-01", "2026-09-30"),
        ("N_FISCAL_YEARS_AGO:1", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_date_literal_is_relative_to_the_sandboxs_clock(
    ask: Ask, workspace: Workspace, period: str, first: str, last: str
) -> None:
    region = workspace.tables.get("salesforce", "Region__c")
    assert region
    workspace.tables.clear(region)
    days = f"SELECT CAST(d AS DATE) FROM range(DATE '{first}' - 1, DATE '{last}' + 2, INTERVAL 1 DAY) AS t(d)"  # noqa: S608 - a test's own
    near = [row[0] for row in workspace.engine.query("salesforce", days, dialect="duckdb").rows]
    workspace.tables.insert(region, [{"Name": day, "Opened__c": day} for day in near])

    soql = f"SELECT Name FROM Region__c WHERE Opened__c = {period}"  # noqa: S608 - a test's own

    assert [name for (name,) in ask(soql)] == near[1:-1]
