"""When a person's consent replaces credentials, and what is then not required."""

from typing import Any

import pytest

from polytomic_mcp.catalogue.rules.consent import needs_consent, required_fields, sign_in_method

FIELDS = {
    "auth_method": {"enum": [{"value": "token", "label": "Token"}, "oauth"]},
    "access_key": {"sensitive": True},
    "client_secret": {"sensitive": True},
    "accounts": {"completions": True},
    "domain": {},
}


@pytest.mark.parametrize(
    ("selector", "configuration", "is_needed"),
    [
        (None, {}, True),
        (None, {"client_secret": "s"}, True),
        (None, {"access_key": "k"}, False),
        (None, {"oauth_refresh_token": "t"}, False),
        ("auth_method", {}, False),
        ("auth_method", {"auth_method": "oauth"}, True),
        ("auth_method", {"auth_method": "oauth", "access_token": "t"}, False),
    ],
)
def test_consent_is_needed_unless_there_are_credentials(
    selector: str | None, configuration: Any, *, is_needed: bool
) -> None:
    assert needs_consent(selector, FIELDS, configuration, has_oauth=True) == is_needed


def test_without_oauth_no_consent_is_needed() -> None:
    assert not needs_consent(None, FIELDS, {}, has_oauth=False)


@pytest.mark.parametrize(
    ("schema", "method"),
    [({"default": "jwt", "enum": ["browser"]}, "jwt"), ({"enum": ["browser"]}, "browser"), ({}, None)],
)
def test_the_method_is_the_default_or_the_first(schema: Any, method: str | None) -> None:
    assert sign_in_method("mode", {"mode": schema}, {}) == method


@pytest.mark.parametrize(("by_consent", "required"), [(True, ["domain"]), (False, list(FIELDS)[1:])])
def test_what_consent_provides_is_not_required(*, by_consent: bool, required: list[str]) -> None:
    names = list(FIELDS)[1:]

    assert required_fields(names, FIELDS, is_signed_in_by_consent=by_consent) == required
