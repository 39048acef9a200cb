"""Names of what a request creates."""

import pytest

from polytomic_mcp.catalogue.rules.names import identifier_problem, name_problem, table_problem


@pytest.mark.parametrize("name", ["a", " a ", "Ünïcode name", "x" * 300, "{x}", '"q"'])
def test_every_visible_name_is_valid(name: str) -> None:
    assert name_problem("A sync", name) is identifier_problem("A field", name) is None
    assert table_problem("A table", f"crm.{name}") is None


def test_a_name_that_cannot_be_is_refused_with_the_reason() -> None:
    assert name_problem("A sync", " \n") == "A sync needs a name."
    assert identifier_problem("A field", "") == "A field needs a name."
    assert identifier_problem("A field", "a\tb") == (
        "A field cannot be named 'a\\tb', which has a control character. Send another name."
    )
    assert table_problem("A table", "a..b") == (
        "A table cannot be named 'a..b', which has an empty part. Send another name."
    )
    assert table_problem("A table", ".\0") == (
        "A table cannot be named '.\\x00', which has a control character. Send another name."
    )
