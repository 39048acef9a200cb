"""What of SOQL is refused: what is wrong with its reason, what is not emulated by its name."""

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
def test_what_is_not_emulated_is_refused_by_its_name(refusal: Refusal, soql: str, feature: str) -> None:
    reason = refusal(soql)

    assert "does not emulate SOQL's" in reason
    assert feature in reason


@pytest.mark.parametrize(
    ("soql", "reason"),
    [
        ("SELECT * FROM City", "SOQL has no SELECT *: name the fields, or write FIELDS(ALL) with LIMIT 200"),
        ("SELECT FIELDS(ALL) FROM City", "FIELDS(ALL) needs a LIMIT of 200 at most"),
        ("SELECT FIELDS(CUSTOM) FROM City LIMIT 201", "FIELDS(CUSTOM) needs a LIMIT of 200 at most"),
        ("SELECT FIELDS(SOME) FROM City", "FIELDS(SOME) cannot be selected without GROUP BY"),
        (
            "SELECT DAY_ONLY(CreatedDate) FROM Lead",
            "DAY_ONLY(CreatedDate) cannot be selected without GROUP BY",
        ),
        ("SELECT Nme FROM City", "City has no field Nme; did you mean Name?"),
        ("SELECT Xyz FROM City", "City has no field Xyz; there are Id, Name, Region__c"),
        ("SELECT Regin__r.Name FROM City", "City has no relationship Regin__r; did you mean Region__r?"),
        ("SELECT Mayor__r.Name FROM City", "City has no relationship Mayor__r"),
        ("SELECT Xyz.Name FROM Region__c", "Region__c has no relationship Xyz; there are none"),
        ("SELECT A.A.A.A.A.A.Name FROM City", "climbs over more than 5 parents"),
        ("SELECT Id FROM Citty", "There is no object Citty; did you mean City or Contact?"),
        ("SELECT (SELECT Id FROM Citys) FROM Region__c", "no child relationship Citys; did you mean Cities?"),
        ("SELECT (SELECT Id FROM Cities) FROM User", "User has no child relationship Cities"),
        ("SELECT Name n FROM City", "SOQL gives names to what is grouped only; select Name without n"),
        ("SELECT Name, name FROM City", "Name is selected twice"),
        ("SELECT Name a, COUNT(Id) A FROM City GROUP BY Name", "A names two columns"),
        ("SELECT COUNT(), Id FROM City", "COUNT() stands alone"),
        ("SELECT COUNT() FROM City GROUP BY Name", "COUNT() stands alone"),
        ("SELECT MAX() FROM City", "MAX() needs a field: MAX(Id)"),
        ("SELECT SUM(Name) FROM City", "SUM cannot take Name, which is of type text"),
        ("SELECT MAX(Is_Open__c) FROM Region__c", "MAX cannot take Is_Open__c, which is of type boolean"),
        ("SELECT Name, COUNT(Id) FROM City", "Name must be grouped or aggregated: GROUP BY Name"),
        ("SELECT COUNT(Id) FROM City ORDER BY Name", "Name must be grouped or aggregated"),
        ("SELECT (SELECT Id FROM Cities), COUNT(Id) FROM Region__c", "A group has no child records"),
        ("SELECT Name FROM City HAVING COUNT(Id) > 1", "HAVING needs a GROUP BY"),
        ("SELECT Name FROM City WHERE COUNT(Id) > 1", "COUNT(Id) stands after SELECT, HAVING or ORDER BY"),
        ("SELECT Name FROM City ORDER BY COUNT(Id)", "COUNT(Id) stands after SELECT, HAVING or ORDER BY"),
        (
            "SELECT Id FROM City WHERE UPPER(Name) = 'A'",
            "UPPER(Name) is no function that the sandbox emulates",
        ),
        ("SELECT Id FROM City WHERE DAY_ONLY() = TODAY", "DAY_ONLY() is no function"),
        (
            "SELECT Id FROM City WHERE DAY_ONLY(Name) = TODAY",
            "DAY_ONLY takes a date, and Name is of type text",
        ),
        ("SELECT Id FROM City WHERE Name = 1", "Name is of type text and cannot be compared with 1"),
        (
            "SELECT Id FROM City WHERE Name = TODAY",
            "cannot be compared with TODAY; write 'text' in single quotes",
        ),
        ("SELECT Id FROM Region__c WHERE Size__c = '1'", "write 5, without quotes"),
        ("SELECT Id FROM Region__c WHERE Size__c LIKE 1", "of type number and cannot be compared with LIKE"),
        ("SELECT Id FROM Region__c WHERE Is_Open__c > true", "of type boolean and cannot be compared with >"),
        ("SELECT Id FROM Region__c WHERE Is_Open__c = 1", "write true or false"),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = '2026-01-15'",
            "write 2026-01-15 or TODAY, without quotes",
        ),
        ("SELECT Id FROM Region__c WHERE Founded__c > 2026-01-15", "write 2026-01-15T09:00:00Z or TODAY"),
        ("SELECT Id FROM Region__c WHERE Opened__c > 2026-02-30", "2026-02-30 is no day of the calendar"),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = SOMEDAY",
            "SOMEDAY is neither a value nor one of SOQL's words",
        ),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = LAST_N_DAYS",
            "LAST_N_DAYS needs a number behind a colon",
        ),
        ("SELECT Id FROM Region__c WHERE Opened__c = LAST_N_DAYS:x", "'x' at character"),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = LAST_N_DAYS:9999999",
            "LAST_N_DAYS:9999999 leaves the calendar",
        ),
        (
            "SELECT Id FROM Region__c WHERE Opened__c = NEXT_N_YEARS:9999",
            "NEXT_N_YEARS:9999 leaves the calendar",
        ),
        ("SELECT Id FROM City WHERE Name > null", "Name > null means nothing; compare null with = or !="),
        ("SELECT Id FROM City WHERE Name IN (SELECT Id FROM City)", "Only an id can be IN (SELECT ...)"),
        ("SELECT Id FROM City WHERE Id IN (SELECT Name FROM City)", "selects one field that holds ids"),
        ("SELECT Id FROM City WHERE Id IN (SELECT Id, Id FROM City)", "selects one field that holds ids"),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT (SELECT Id FROM Contacts) FROM Account)",
            "selects one field",
        ),
        ("SELECT Id FROM City WHERE Id IN (SELECT Id FROM City LIMIT 1)", "takes a WHERE and nothing else"),
        (
            "SELECT Id FROM City WHERE Id = null AND Id = null OR Id = null",
            "parentheses around what AND and OR join",
        ),
        (r"SELECT Id FROM City WHERE Name = 'a\zb'", r"\z is no escape of SOQL"),
        ("SELECT Id FROM City OFFSET 2001", "SOQL's OFFSET is 2000 at most"),
        (
            "SELECT Id FROM City LIMIT 1.5",
            "Unexpected '1.5' at character 27 of the SOQL; a whole number is wanted",
        ),
        ("SELECT Id FROM City LIMIT 1 x", "the end of the query is wanted there"),
        ("SELECT Id", "Unexpected the end of the query of the SOQL; FROM is wanted there"),
        ("SELECT FROM City", "Unexpected 'FROM' at character 8 of the SOQL; a field is wanted there"),
        ("SELECT Id FROM City WHERE Id", "an operator is wanted there"),
        ("SELECT Id FROM City WHERE Id = (", "a value is wanted there"),
        ("SELECT Id FROM City -- all", "Unexpected '-- all' at character 21 of the SOQL"),
        ("SELECT Id FROM City; DROP TABLE City", "Unexpected '; DROP TABLE City'"),
        ("SELECT Id FROM City UNION SELECT Id FROM City", "Unexpected 'SELECT'"),
        ("SELECT read_text('/etc/passwd') FROM City", "a field is wanted there"),
        ('SELECT Id FROM "City"', "Unexpected '\"City\"'"),
        ("SELECT Id FROM information_schema.tables", "There is no object information_schema.tables"),
        ("DROP TABLE City", "SELECT is wanted there"),
        ("SELECT Id FROM City WHERE " + "(" * 20_000, "nested too deeply"),
        ("SELECT Id FROM City WHERE Name = '" + "x" * 100_000 + "'", "characters; 100000 are allowed"),
    ],
)
def test_what_is_wrong_is_said(refusal: Refusal, soql: str, reason: str) -> None:
    assert reason in refusal(soql)
