"""SOQL refusals: invalid queries with the reason, features that are not emulated with their names."""

from collections.abc import Callable

import pytest

Refusal = Callable[[str], str]


@pytest.mark.parametrize(
    ("soql", "feature"),
    [
        ("FIND {Ada} IN ALL FIELDS", "SOSL: FIND"),
        ("SELECT TYPEOF Owner WHEN User THEN Id END FROM Lead", "TYPEOF: TYPEOF"),
        ("SELECT Id FROM Contact USING SCOPE mine", "scopes: USING SCOPE"),
        ("SELECT Id FROM Contact WITH SECURITY_ENFORCED", "WITH: WITH SECURITY_ENFORCED"),
        ("SELECT Title FROM Question WITH DATA CATEGORY Geography__c AT Asia__c", "WITH: WITH DATA"),
        ("SELECT Id FROM Contact FOR VIEW", "FOR: FOR VIEW"),
        ("SELECT Id FROM Contact UPDATE TRACKING", "UPDATE: UPDATE TRACKING"),
        ("SELECT Id FROM Contact ALL ROWS", "deleted records: ALL ROWS"),
        ("SELECT Name FROM City GROUP BY ROLLUP(Name)", "subtotals: ROLLUP("),
        ("SELECT Id FROM Lead WHERE Tags__c INCLUDES ('a')", "multi-select picklists: INCLUDES ("),
        ("SELECT toLabel(Title) FROM Contact", "functions: toLabel("),
        (
            "SELECT Id FROM City WHERE DISTANCE(Place__c, GEOLOCATION(1, 2), 'mi') < 20",
            "functions: DISTANCE(",
        ),
        ("SELECT Id FROM Contact WHERE Name = :name", "bound variables: :name"),
        ("SELECT Id FROM City c, c.Region__r r", "aliases of parents"),
        ("SELECT (SELECT COUNT(Id) FROM Cities) FROM Region__c", "groups or children among children: Cities"),
        (
            "SELECT (SELECT (SELECT Id FROM Tasks) FROM Contacts) FROM Account",
            "children among children: Contacts",
        ),
    ],
)
def test_a_feature_that_is_not_emulated_is_refused_by_name(refusal: Refusal, soql: str, feature: str) -> None:
    reason = refusal(soql)

    assert "does not emulate SOQL's" in reason
    assert feature in reason


@pytest.mark.parametrize(
    ("soql", "reason"),
    [
        ("SELECT * FROM City", "SOQL has no SELECT *: name the fields, or write FIELDS(ALL) with LIMIT 200."),
        ("SELECT FIELDS(ALL) FROM City", "FIELDS(ALL) needs a LIMIT of up to 200."),
        ("SELECT FIELDS(CUSTOM) FROM City LIMIT 201", "FIELDS(CUSTOM) needs a LIMIT of up to 200."),
        ("SELECT FIELDS(SOME) FROM City", "FIELDS(SOME) cannot be selected without GROUP BY"),
        (
            "SELECT DAY_ONLY(CreatedDate) FROM Lead",
            "DAY_ONLY(CreatedDate) cannot be selected without GROUP BY",
        ),
        ("SELECT Nme FROM City", "Unknown City field 'Nme'. Did you mean 'Name'?"),
        ("SELECT Xyz FROM City", "Unknown City field 'Xyz'. Valid values: Id, Name, Region__c"),
        ("SELECT Regin__r.Name FROM City", "Unknown City relationship 'Regin__r'. Did you mean 'Region__r'?"),
        ("SELECT Mayor__r.Name FROM City", "Unknown City relationship 'Mayor__r'"),
        ("SELECT Xyz.Name FROM Region__c", "Unknown Region__c relationship 'Xyz'. There are none."),
        ("SELECT A.A.A.A.A.A.Name FROM City", "names more than 5 levels of parents"),
        ("SELECT Id FROM Citty", "Unknown object 'Citty'. Did you mean 'City'? Valid values: City, Account,"),
        (
            "SELECT (SELECT Id FROM Citys) FROM Region__c",
            "Unknown Region__c child relationship 'Citys'. Did you mean 'Cities'?",
        ),
        ("SELECT (SELECT Id FROM Cities) FROM User", "Unknown User child relationship 'Cities'"),
        (
            "SELECT Name n FROM City",
            "SOQL allows aliases only in a query with groups; select Name without n.",
        ),
        ("SELECT Name, name FROM City", "Name is selected twice"),
        ("SELECT Name a, COUNT(Id) A FROM City GROUP BY Name", "A names two columns"),
        ("SELECT COUNT(), Id FROM City", "COUNT() must be the only item"),
        ("SELECT COUNT() FROM City GROUP BY Name", "COUNT() must be the only item"),
        ("SELECT MAX() FROM City", "MAX() needs a field: MAX(Id)"),
        ("SELECT SUM(Name) FROM City", "SUM does not accept Name, which is of type text"),
        ("SELECT MAX(Is_Open__c) FROM Region__c", "MAX does not accept Is_Open__c, which is of type boolean"),
        ("SELECT Name, COUNT(Id) FROM City", "Name must be grouped or aggregated: GROUP BY Name"),
        ("SELECT COUNT(Id) FROM City ORDER BY Name", "Name must be grouped or aggregated"),
        ("SELECT (SELECT Id FROM Cities), COUNT(Id) FROM Region__c", "A group has no child records"),
        ("SELECT Name FROM City HAVING COUNT(Id) > 1", "HAVING needs a GROUP BY"),
        (
            "SELECT Name FROM City WHERE COUNT(Id) > 1",
            "COUNT(Id) is only allowed in SELECT, HAVING and ORDER BY",
        ),
        (
            "SELECT Name FROM City ORDER BY COUNT(Id)",
            "COUNT(Id) is only allowed in SELECT, HAVING and ORDER BY",
        ),
        (
            "SELECT Id FROM City WHERE UPPER(Name) = 'A'",
            "does not emulate SOQL's function UPPER(Name). Valid values: AVG",
        ),
        ("SELECT Id FROM City WHERE DAY_ONLY() = TODAY", "does not emulate SOQL's function DAY_ONLY()"),
        (
            "SELECT Id FROM City WHERE DAY_ONLY(Name) = TODAY",
            "DAY_ONLY needs a date; Name is of type text",
        ),
        ("SELECT Id FROM City WHERE Name = 1", "Name is of type text and cannot be compared with 1"),
        (
            "SELECT Id FROM City WHERE Name = TODAY",
            "cannot be compared with TODAY. Write 'text' in single quotes",
        ),
        ("SELECT Id FROM Region__c WHERE Size__c = '1'", "Write 5, without quotes"),
        ("SELECT Id FROM Region__c WHERE Size__c LIKE 1", "of type number and cannot be compared with LIKE"),
        ("SELECT Id FROM Region__c WHERE Is_Open__c > true", "of type boolean and cannot be compared with >"),
        ("SELECT Id FROM Region__c WHERE Is_Open__c = 1", "Write true or false"),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = '2026-01-15'",
            "Write 2026-01-15 or TODAY, without quotes",
        ),
        ("SELECT Id FROM Region__c WHERE Founded__c > 2026-01-15", "Write 2026-01-15T09:00:00Z or TODAY"),
        ("SELECT Id FROM Region__c WHERE Opened__c > 2026-02-30", "2026-02-30 is not a valid date"),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = SOMEDAY",
            "SOMEDAY is neither a value nor a date literal of SOQL",
        ),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = LAST_N_DAYS",
            "LAST_N_DAYS needs a number: LAST_N_DAYS:30.",
        ),
        ("SELECT Id FROM Region__c WHERE Opened__c = LAST_N_DAYS:x", "'x' at character"),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = LAST_N_DAYS:9999999",
            "LAST_N_DAYS:9999999 is out of range",
        ),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = NEXT_N_YEARS:9999",
            "NEXT_N_YEARS:9999 is out of range",
        ),
        ("SELECT Id FROM City WHERE Name > null", "Name > null is not valid; compare null with = or !="),
        ("SELECT Id FROM City WHERE Name IN (SELECT Id FROM City)", "Only an id can be IN (SELECT ...)"),
        ("SELECT Id FROM City WHERE Id IN (SELECT Name FROM City)", "must select one field that holds ids"),
        ("SELECT Id FROM City WHERE Id IN (SELECT Id, Id FROM City)", "must select one field that holds ids"),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT (SELECT Id FROM Contacts) FROM Account)",
            "must select one field",
        ),
        (
            "SELECT Id FROM City WHERE Id IN (SELECT Id FROM City LIMIT 1)",
            "can have a WHERE clause and no other",
        ),
        (
            "SELECT Id FROM City WHERE Id = null AND Id = null OR Id = null",
            "parentheses around the conditions that AND and OR join",
        ),
        (r"SELECT Id FROM City WHERE Name = 'a\zb'", r"\z is not an escape sequence of SOQL"),
        ("SELECT Id FROM City OFFSET 2001", "OFFSET can be up to 2000"),
        (
            "SELECT Id FROM City LIMIT 1.5",
            "Unexpected '1.5' at character 27 of the SOQL query; expected a whole number",
        ),
        ("SELECT Id FROM City LIMIT 1 x", "expected the end of the query"),
        ("SELECT Id", "Unexpected end of the SOQL query; expected FROM."),
        ("SELECT FROM City", "Unexpected 'FROM' at character 8 of the SOQL query; expected a field."),
        ("SELECT Id FROM City WHERE Id", "expected an operator"),
        ("SELECT Id FROM City WHERE Id = (", "expected a value"),
        ("SELECT Id FROM City - all", "Unexpected '- all' at character 21 of the SOQL"),
        ("SELECT Id FROM City; DROP TABLE City", "Send one query; something else follows the semicolon."),
        ("SELECT Id FROM City UNION SELECT Id FROM City", "Unexpected 'SELECT'"),
        ("SELECT read_text('/etc/passwd') FROM City", "expected a field"),
        ('SELECT Id FROM "City"', "Unexpected '\"City\"'"),
        ("SELECT Id FROM information_schema.tables", "Unknown object 'information_schema.tables'"),
        ("DROP TABLE City", "expected SELECT"),
        ("SELECT Id FROM City WHERE " + "(" * 20_000, "nested too deeply"),
        ("SELECT Id FROM City WHERE Name = '" + "x" * 100_000 + "'", "characters; the limit is 100000."),
    ],
)
def test_an_invalid_query_is_refused_with_the_reason(refusal: Refusal, soql: str, reason: str) -> None:
    assert reason in refusal(soql)


@pytest.mark.parametrize("more", [";; x", "; -- c\nSELECT Id FROM City;", ";/* c */ 1"])
def test_a_second_query_is_refused(refusal: Refusal, more: str) -> None:
    soql = "SELECT Id FROM City"

    assert "Send one query; something else follows the semicolon." in refusal(soql + more)


@pytest.mark.parametrize(
    "soql", ["SELECT Id; FROM City", "SELECT Id FROM City WHERE Name = ;", ";", "/* open"]
)
def test_a_semicolon_inside_a_query_is_refused(refusal: Refusal, soql: str) -> None:
    assert "Unexpected" in refusal(soql)
