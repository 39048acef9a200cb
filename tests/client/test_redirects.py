"""A redirect never sends the key, or a change, to another host."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.errors import ForbiddenError, NoAnswerError, UnexpectedAnswerError

LOG_FILE = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"
LOG_FILE_ARGUMENTS = {"sync_id": "s", "id": "e", "type": "errors", "filename": "1.json"}
DONE = httpx.Response(200, json={"data": "done"})
CONNECT = "POST /api/connections/connect/"


def _to(location: str, status: int = 307) -> httpx.Response:
    return httpx.Response(status, headers={"Location": location})


@pytest.mark.parametrize("status", [307, 308])
async def test_a_write_is_followed_within_the_origin_with_its_body(script: Any, status: int) -> None:
    api, network = script(_to("/api/connections/connect", status), DONE)

    body = await api.call(CONNECT, name="n", redirect_url="https://me")

    first, second = network.requests
    assert body == {"data": "done"}
    assert (second.method, second.url.path) == ("POST", "/api/connections/connect")
    assert second.content == first.content
    assert network.keys[0] == network.keys[1]
    assert second.headers["Authorization"] == first.headers["Authorization"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_read_is_followed_within_the_origin(script: Any, status: int) -> None:
    api, network = script(_to("https://app.polytomic.com:443/api/me/", status), DONE)

    assert await api.call("GET /api/me") == {"data": "done"}
    assert "Authorization" in network.requests[1].headers


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_write_is_not_turned_into_a_read(script: Any, status: int) -> None:
    api, network = script(_to("/api/connections", status))

    with pytest.raises(UnexpectedAnswerError, match=r"POST /api/connections/connect/ was redirected"):
        await api.call(CONNECT, name="n", redirect_url="https://me")

    assert len(network.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.com/api/me",
        "//evil.example.com/api/me",
        "http://app.polytomic.com/api/me",
        "https://app.polytomic.com:8443/api/me",
        "https://app.polytomic.com@evil.example.com/api/me",
        "file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("status", [302, 307])
async def test_another_origin_never_gets_a_request(script: Any, location: str, status: int) -> None:
    api, network = script(_to(location, status))

    with pytest.raises(UnexpectedAnswerError, match="not followed"):
        await api.call("GET /api/me")

    assert len(network.requests) == 1


@pytest.mark.parametrize("user", ["ada:secret", "ada", ":secret"])
@pytest.mark.parametrize("status", [302, 307])
async def test_a_redirect_as_another_user_is_not_followed(script: Any, user: str, status: int) -> None:
    api, network = script(_to(f"https://{user}@app.polytomic.com/api/me", status))

    with pytest.raises(UnexpectedAnswerError, match="as another user, which was not followed") as caught:
        await api.call("GET /api/me")

    assert len(network.requests) == 1
    assert user not in str(caught.value)


async def test_a_redirect_to_the_right_address_names_the_setting(script: Any) -> None:
    api, _ = script(
        _to("https://polytomic.example.com/api/me?token=x", 301), base_url="http://polytomic.example.com"
    )

    with pytest.raises(
        UnexpectedAnswerError, match=r"to https://polytomic.example.com,.* base_url"
    ) as caught:
        await api.call("GET /api/me")

    assert "token" not in str(caught.value)


async def test_circular_redirects_end(script: Any) -> None:
    api, network = script(_to("/api/me"))

    with pytest.raises(UnexpectedAnswerError, match="redirected more than 5 times"):
        await api.call("GET /api/me")

    assert len(network.requests) == 6


async def test_a_redirect_to_an_invalid_address_is_an_error(script: Any) -> None:
    api, _ = script(_to("https://host:port/"))

    with pytest.raises(NoAnswerError, match="Invalid URL in location header"):
        await api.call("GET /api/me")


@pytest.mark.parametrize(
    "signed", ["https://files.example.com/1.json?signature=x", "/files/1.json?signature=x"]
)
async def test_a_log_file_is_fetched_from_its_signed_address_without_the_key(
    script: Any, signed: str
) -> None:
    api, network = script(_to(signed, 302), httpx.Response(200, text='{"id": 1}'))

    text = await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS)

    second = network.requests[1]
    assert text == '{"id": 1}'
    assert second.url.params["signature"] == "x"
    assert "Authorization" not in second.headers
    assert "X-Polytomic-Version" not in second.headers


async def test_a_dropped_key_is_not_sent_again(script: Any) -> None:
    api, network = script(
        _to("https://files.example.com/1", 302),
        _to("https://app.polytomic.com/api/me"),
        httpx.Response(200, text="x"),
    )

    await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS)

    assert ["Authorization" in request.headers for request in network.requests] == [True, False, False]


async def test_a_log_file_is_not_fetched_without_tls(script: Any) -> None:
    api, _ = script(_to("http://files.example.com/1.json", 302))

    with pytest.raises(UnexpectedAnswerError, match="not followed"):
        await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS)


async def test_an_expired_signed_address_says_to_call_again(script: Any) -> None:
    api, _ = script(
        _to("https://files.example.com/1.json", 302), httpx.Response(403, text="<Error>expired</Error>")
    )

    with pytest.raises(ForbiddenError, match="Make the call again for a new one"):
        await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS)
