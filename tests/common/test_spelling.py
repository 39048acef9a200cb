import pytest

from polytomic_mcp.catalogue.rules import filter_functions, frequencies, identity_functions
from polytomic_mcp.common.spelling import canonical, nearest, quoted, unknown, valid_values

MODES = ["create", "update", "updateOrCreate", "replace"]


def test_a_long_text_is_cut() -> None:
    assert quoted("a" * 100) == f"'{'a' * 80}…'"


def test_the_nearest_name_is_found_in_any_case() -> None:
    assert nearest("UPDATEORCREAT", MODES) == " Did you mean 'updateOrCreate'?"
    assert nearest("zzz", MODES) == ""


def test_an_unknown_name_is_refused_with_the_valid_ones_nearest_first() -> None:
    assert unknown("mode", "replaced", MODES) == (
        "Unknown mode 'replaced'. Did you mean 'replace'? "
        "Valid values: replace, create, update, updateOrCreate."
    )


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert unknown("mode", "zzz", MODES) == (
        "Unknown mode 'zzz'. Valid values: create, update, updateOrCreate, replace."
    )


def test_a_long_list_of_valid_names_is_counted() -> None:
    names = [f"field_{number}" for number in range(20)]

    assert valid_values("zzz", names) == f" Valid values: {', '.join(names[:12])}, and 8 more."


def test_where_nothing_is_valid_it_says_so() -> None:
    assert unknown("mode", "x", []) == "Unknown mode 'x'. There are none."


def test_a_value_that_is_not_a_string_is_written_as_json() -> None:
    assert quoted(None) == "null"
    assert quoted({"a": ["b" * 100]}) == '{"a": ["' + "b" * 72 + "…"
    assert unknown("mode", 5, MODES) == (
        "Unknown mode 5. Valid values: create, update, updateOrCreate, replace."
    )


def test_a_name_that_contains_a_wrong_one_is_near() -> None:
    assert nearest("user", ["public.orders", "public.users"]) == " Did you mean 'public.users'?"
    assert nearest("timezone", MODES) == ""


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ON_OR_AFTER", "OnOrAfter"),
        ("greater than", "GreaterThan"),
        ("is-not-null", "IsNotNull"),
        ("domain match", "DomainMatch"),
        ("Run After", "runafter"),
        ("dbt_cloud", "dbtcloud"),
        ("Equals", None),
        ("", None),
    ],
)
def test_a_name_is_found_whatever_its_case_and_separators(name: str, found: str | None) -> None:
    known = [*filter_functions.FUNCTIONS, *identity_functions.FUNCTIONS[1:], *frequencies.FREQUENCIES]

    assert canonical(name, known) == found
