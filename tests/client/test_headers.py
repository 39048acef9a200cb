"""The headers that an operation accepts, and those it does not."""

from typing import Any

import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.errors import ArgumentError, UnknownArgumentError


async def test_a_header_of_the_operation_is_sent_under_its_own_name(script: Any) -> None:
    api, network = script()

    await api.call("GET /api/queries/{id}", id="q", headers={"x-polytomic-harbor-session": "s-1"})

    assert (b"X-Polytomic-Harbor-Session", b"s-1") in network.request.headers.raw


async def test_the_callers_own_key_is_sent(script: Any) -> None:
    api, network = script()

    await api.call("POST /api/syncs/{id}/executions", id="s", headers={"Idempotency-Key": "run-of-monday"})

    assert network.keys == ["run-of-monday"]


@pytest.mark.parametrize(
    ("headers", "error", "says"),
    [
        (
            {"Authorization": "Bearer other"},
            UnknownArgumentError,
            "Unknown header 'Authorization'. Valid values: Idemp",
        ),
        ({"Idempotency-Key": "short"}, ArgumentError, "Idempotency-Key must be 8 to 255"),
        ({"Idempotency-Key": "line\r\nbreak: 1"}, ArgumentError, "must be printable ASCII"),
    ],
)
async def test_an_invalid_header_is_refused(
    script: Any, headers: dict[str, str], error: type[Exception], says: str
) -> None:
    api, network = script()

    with pytest.raises(error, match=says):
        await api.call("POST /api/syncs/{id}/activate", id="s", active=True, headers=headers)

    assert network.requests == []


async def test_an_operation_without_headers_says_so(script: Any) -> None:
    api, _ = script()

    with pytest.raises(UnknownArgumentError, match=r"Unknown header 'X-Other'\. There are none\."):
        await api.call("GET /api/me", headers={"X-Other": "1"})


def test_no_operation_has_an_argument_named_like_a_parameter_of_call() -> None:
    names = {parameter.name for operation in load_catalogue().values() for parameter in operation.parameters}

    assert "headers" not in names
