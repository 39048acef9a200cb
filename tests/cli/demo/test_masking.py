"""Secrets, masked before they are shown."""

from typing import Any

import pytest

from polytomic_mcp.cli.demo.masking import MASK, masked, masked_answer


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "passwd",
        "consumer_secret",
        "token",
        "access_token",
        "api_key",
        "aws_secret_access_key",
        "aws_access_key_id",
        "service_account",
        "secret",
    ],
)
def test_what_is_named_like_a_secret_is_masked_at_any_depth(name: str) -> None:
    shown = masked({"list": [{"configuration": {name: "hidden", "host": "db"}}]})

    assert shown == {"list": [{"configuration": {name: MASK, "host": "db"}}]}


@pytest.mark.parametrize(
    "shown",
    [
        {"page_token": "abc", "next_page_token": "d", "key": "high.csv", "identity": {"target": "Id"}},
        {"has_password": True, "password": "", "idempotency_key": "my-own-key"},
    ],
)
def test_what_is_not_a_secret_is_unchanged(shown: dict[str, Any]) -> None:
    assert masked(shown) == shown


def test_a_header_that_authenticates_is_masked() -> None:
    assert masked({"header": {"name": "X-Api-Key", "value": "hidden"}}) == {
        "header": {"name": "X-Api-Key", "value": MASK}
    }


def test_a_created_key_is_masked_in_its_answer() -> None:
    assert masked_answer("create_api_key", {"user": "ada", "value": "hidden"})["value"] == MASK
    assert masked_answer("create_api_key", {"user": "ada"}) == {"user": "ada"}
    assert masked_answer("get_model", {"value": "shown"}) == {"value": "shown"}
