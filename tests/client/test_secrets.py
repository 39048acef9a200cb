"""The key appears in no repr, no message and no traceback."""

import base64
import traceback
from typing import Any

import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.client.auth import Credential
from polytomic_mcp.client.message import Message
from polytomic_mcp.errors import PolytomicError

ME = load_catalogue()["GET /api/me"]
ONCE = RetryPolicy(attempts=1)


def _forms(key: str) -> list[str]:
    return [key, base64.b64encode(f"org-1:{key}".encode()).decode(), repr(key.encode())]


def _everything(error: BaseException) -> str:
    """Show the error as a log with the values of all local variables would."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    parts = [repr(error), str(error), repr(vars(error)), "".join(traceback.format_exception(error))]
    return "".join([*parts, *(_locals(shown))])


def _locals(shown: traceback.TracebackException | None) -> list[str]:
    if shown is None:
        return []
    # The frames of httpx and of the test itself hold what they must; ours are the ones to watch.
    ours = [frame for frame in shown.stack if "polytomic_mcp" in frame.filename]
    own = [str(frame.locals) for frame in ours]
    return [*own, *_locals(shown.__cause__), *_locals(shown.__context__)]


@pytest.mark.parametrize(
    "outcome",
    [
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        *(httpx.Response(status, text="no") for status in (400, 401, 403, 404, 409, 429, 500, 503)),
        httpx.Response(200, html="<html>"),
        httpx.Response(302, headers={"Location": "https://evil.example.com"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("auth_mode", ["user", "partner"])
async def test_no_error_shows_the_key(script: Any, key: str, auth_mode: str, outcome: Any) -> None:
    api, _ = script(outcome, auth_mode=auth_mode, organization_id="org-1", retry=ONCE)

    with pytest.raises(PolytomicError) as caught:
        await api.call("POST /api/syncs/{id}/cancel", id="1")

    shown = _everything(caught.value)
    assert "GET /api/" in shown or "POST /api/" in shown
    assert [form for form in _forms(key) if form in shown] == []


async def test_no_refusal_of_the_configuration_shows_the_key(script: Any) -> None:
    api, _ = script(api_key="a key with spaces")

    with pytest.raises(PolytomicError) as caught:
        await api.call("GET /api/me")

    assert "a key with spaces" not in _everything(caught.value)


def test_a_client_hides_its_key(key: str) -> None:
    shown = repr(Polytomic(key, auth_mode="partner", organization_id="org-1"))

    assert "org-1" in shown
    assert [form for form in _forms(key) if form in shown] == []


async def test_what_a_client_sends_hides_its_key(script: Any, key: str) -> None:
    api, network = script()

    await api.call("GET /api/me")

    message = Message(ME, "GET", httpx.URL("https://h"), {}, f"Bearer {key}", key.encode())
    assert key not in repr([network.request, network.request.headers, message, Credential(key)])
