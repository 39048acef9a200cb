"""What a SOQL query selects: fields, parents, children and groups, with their names and order."""

from collections.abc import Callable
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.soql import to_sql
from polytomic_mcp.sandbox.workspace.workspace import Workspace

Ask = Callable[[str], list[tuple[Any, ...]]]
Columns = Callable[[str], list[str]]


def test_fields_are_named_as_salesforce_spells_them(columns: Columns) -> None:
    soql = "select id, c.NAME, region__r.name, C.OwnerId FROM city C WHERE Id = null"

    assert columns(soql) == ["Id", "Name", "Region__r.Name", "OwnerId"]
    assert columns("SELECT City.Owner.Email FROM City") == ["Owner.Email"]


def test_a_parent_that_is_missing_has_no_values(ask: Ask) -> None:
    rows = ask("SELECT Name, Region__r.Name, Region__r.Size__c FROM City ORDER BY Name")

    assert rows == [
        ("Aarhus", "North", 3),
        ("bergen", "North", 3),
        ("Cork", "south", 2),
        ("Delft", None, None),
    ]


def test_fields_of_parents_of_parents_are_selected(ask: Ask) -> None:
    assert ask("SELECT Account.Owner.Name FROM Contact WHERE Account.Owner.Name != null LIMIT 1")[0][0]


def test_children_are_returned_as_a_list(ask: Ask, columns: Columns) -> None:
    soql = (
        "SELECT Name, (SELECT Name, Region__r.Size__c FROM cities ORDER BY Name DESC) FROM Region__c LIMIT 2"
    )

    assert columns(soql) == ["Name", "Cities"]
    assert ask(soql) == [
        ("North", [{"Name": "bergen", "Region__r.Size__c": 3}, {"Name": "Aarhus", "Region__r.Size__c": 3}]),
        ("south", [{"Name": "Cork", "Region__r.Size__c": 2}]),
    ]


def test_children_have_their_own_limit_and_offset(ask: Ask) -> None:
    first = ask("SELECT (SELECT Name FROM Region__c.Cities LIMIT 1) FROM Region__c LIMIT 1")
    second = ask(
        "SELECT (SELECT Name FROM Cities c WHERE c.Name != 'x' LIMIT 5 OFFSET 1) FROM Region__c LIMIT 1"
    )
    later = ask("SELECT (SELECT Name FROM Cities OFFSET 1) FROM Region__c LIMIT 1")
    custom = ask("SELECT (SELECT RegionId FROM Surveys__r) FROM Region__c LIMIT 1")

    assert first == [([{"Name": "Aarhus"}],)]
    assert second == later == [([{"Name": "bergen"}],)]
    assert custom == [([{"RegionId": "a01Sb0000000001AAA"}],)]


def test_an_object_without_children_has_null(ask: Ask) -> None:
    assert ask("SELECT (SELECT Id FROM Cities) FROM Region__c WHERE Size__c = null") == [(None,)]


def test_all_records_are_counted_in_one_row(ask: Ask, columns: Columns) -> None:
    assert ask("SELECT COUNT() FROM City") == [(4,)]
    assert columns("SELECT COUNT() FROM City") == ["expr0"]


def test_functions_without_an_alias_are_numbered(ask: Ask, columns: Columns) -> None:
    soql = (
        "SELECT Region__r.Name, COUNT(Id), MAX(Name) latest, CALENDAR_YEAR(Region__r.Opened__c)"
        " FROM City GROUP BY Region__r.Name, CALENDAR_YEAR(Region__r.Opened__c) ORDER BY COUNT(Id) DESC"
    )

    assert columns(soql) == ["Name", "expr0", "latest", "expr1"]
    assert ask(soql.replace("ORDER BY", "HAVING COUNT(Id) > 1 ORDER BY")) == [("North", 2, "bergen", 2026)]


def test_groups_ignore_case(ask: Ask) -> None:
    sums = "SELECT Name, SUM(Size__c), AVG(Size__c), MIN(Opened__c) FROM Region__c"
    soql = f"{sums} GROUP BY Name HAVING Name = 'north'"

    assert ask(soql) == [("NORTH", 3, 3.0, "2026-01-15")]
    assert ask("SELECT COUNT_DISTINCT(Name), COUNT(Size__c) FROM Region__c") == [(3, 3)]
    assert ask("SELECT Is_Open__c, COUNT(Id) n FROM Region__c GROUP BY Is_Open__c ORDER BY Is_Open__c") == [
        (None, 1),
        (False, 1),
        (True, 2),
    ]


def test_nulls_are_first_unless_the_query_says_last(ask: Ask) -> None:
    sizes = "SELECT Size__c FROM Region__c ORDER BY Size__c"

    assert ask(sizes) == ask(f"{sizes} ASC NULLS FIRST") == [(None,), (-1,), (2,), (3,)]
    assert ask(f"{sizes} DESC") == [(None,), (3,), (2,), (-1,)]
    assert ask(f"{sizes} DESC NULLS LAST LIMIT 2 OFFSET 1") == [(2,), (-1,)]


def test_rows_are_ordered_by_several_criteria(ask: Ask) -> None:
    rows = ask("SELECT Name, Size__c FROM Region__c ORDER BY Name, Size__c DESC NULLS LAST")

    assert [size for _, size in rows] == [-1, 3, None, 2]


def test_fields_are_selected_by_group(columns: Columns) -> None:
    assert columns("SELECT FIELDS(CUSTOM) FROM City LIMIT 200") == ["Region__c", "Mayor__c"]
    assert columns("SELECT FIELDS(STANDARD), Region__c FROM City") == ["Id", "Name", "OwnerId", "Region__c"]
    assert len(columns("SELECT FIELDS(ALL) FROM City LIMIT 1")) == 5


def test_a_statement_names_the_tables_of_its_system_only(workspace: Workspace) -> None:
    sql = to_sql("SELECT Owner.Name FROM City", workspace.tables.list("salesforce"), workspace.clock().date())

    assert 'FROM "City" AS t0 LEFT JOIN "User" AS t1 ON t0."OwnerId" = t1."Id"' in sql


@pytest.mark.parametrize(
    "ending",
    [
        ";",
        " ; ;\n",
        "-- it's with a comment",
        "/* FOR VIEW; */",
        "-- c\n;",
        "; -- c",
        ";\n/* a */ -- b\n;",
        "--",
    ],
)
def test_a_query_may_end_in_semicolons_and_comments(ask: Ask, ending: str) -> None:
    first = "SELECT Name FROM City WHERE Name != '; -- x' ORDER BY Name LIMIT 1"
    none = "SELECT Name FROM City WHERE Region__r.Size__c = -2"

    assert ask(first + ending) == [("Aarhus",)]
    assert ask(none + ending) == []


def test_comments_may_stand_before_a_query_and_in_it(ask: Ask) -> None:
    assert ask("-- first\nSELECT /* all */ Name FROM City -- here\nLIMIT 1 /* one */") == [("Aarhus",)]
