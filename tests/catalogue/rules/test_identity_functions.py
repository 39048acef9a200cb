"""The names of identity functions."""

import pytest

from polytomic_mcp.catalogue.rules.identity_functions import canonical


@pytest.mark.parametrize(
    ("name", "found"),
    [("equality", "Equality"), ("ISUBSTRING", "ISubstring"), ("domain match", "DomainMatch"), ("x", None)],
)
def test_a_function_is_found_in_any_case(name: str, found: str | None) -> None:
    assert canonical(name) == found
