"""Proxies of the environment: when they are used, what cannot be read, and what is blamed on them."""

import asyncio
from typing import Any

import httpx
import pytest

from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.errors import ConfigurationError, NoAnswerError, RefusedError

TWICE = RetryPolicy(attempts=2, shortest_delay=0, first_delay=0)
WHOLE = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": 1}'
REMOTE = "https://polytomic.example.com"
PLAIN = "http://polytomic.example.com"
NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*NAMES, "NO_PROXY", "no_proxy"]:
        monkeypatch.delenv(name, raising=False)


def client(base_url: str, **options: Any) -> Polytomic:
    return Polytomic("a-very-secret-key", base_url=base_url, retry=TWICE, **options)


async def refused(base_url: str, **options: Any) -> str:
    """Call an operation, and return why it got no answer."""
    async with client(base_url, **options) as api:
        with pytest.raises(NoAnswerError) as caught:
            await api.call("POST /api/models", connection_id="1", name="M", configuration={})
    assert caught.value.__cause__ is not None
    return str(caught.value)


class Proxy:
    """A proxy that answers each request with the same bytes, and counts them."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()


@pytest.mark.parametrize("name", NAMES)
async def test_a_proxy_receives_the_requests_to_another_machine(
    name: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(WHOLE)

    async with listen(proxy) as port, client(PLAIN if "http_" in name.lower() else REMOTE) as api:
        monkeypatch.setenv(name, f" 'user:pass@127.0.0.1:{port}' ")
        if "http_" in name.lower():
            assert await api.call("GET /api/me") == {"data": 1}
        else:
            with pytest.raises(NoAnswerError):  # the tunnel stands, but the proxy ends it
                await api.call("GET /api/me")

    assert proxy.requests[0].split()[1] in {
        b"http://polytomic.example.com/api/me",
        b"polytomic.example.com:443",
    }
    assert b"Proxy-Authorization: Basic" in proxy.requests[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "http://[::1"])
async def test_this_machine_is_reached_without_a_proxy(
    host: str, proxy: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setenv("HTTP_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "[::1]")

    async with listen(Proxy(WHOLE)) as port, client(f"http://{host}:{port}") as api:
        assert await api.call("GET /api/me") == {"data": 1}


@pytest.mark.parametrize("host", ["127.8.8.8", "[::1]", "[::ffff:127.0.0.1]", "sandbox.localhost"])
async def test_every_loopback_address_is_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    text = await refused(f"http://{host}:9")

    assert f"could not connect to http://{host}:9 " in text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("http://user:s3cret#x@proxy:1", "is not the address of an HTTP proxy. Set"),
        ("http://user:s3cret@proxy:port", "is not the address of an HTTP proxy. Set"),
        ("ftp://user:s3cret@proxy", "is not the address of an HTTP proxy. Set"),
        ("http://user:s3cret@proxy:70000", "is not the address of an HTTP proxy. Set"),
        ("http://", "is not the address of an HTTP proxy. Set"),
        ("socks5://user:s3cret@proxy:1080", "names a SOCKS proxy, which needs a package that is missing"),
    ],
)
async def test_a_proxy_that_cannot_be_used_is_named_and_its_password_is_not_shown(
    name: str, value: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    async with client(REMOTE) as api:
        with pytest.raises(ConfigurationError) as caught:
            await api.call("GET /api/me")

    assert str(caught.value).startswith(f"{name} {why}")
    assert "s3cret" not in str(caught.value)


async def test_a_socks_proxy_is_used_if_its_package_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polytomic_mcp.client.proxies.find_spec", lambda name: name)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")

    async with client(REMOTE) as api:
        with pytest.raises(ImportError, match="socksio"):  # it is not: httpx looks for it as well
            await api.call("GET /api/me")


async def test_the_proxy_of_other_schemes_is_not_read_where_each_has_its_own(
    listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")

    async with listen(Proxy(WHOLE)) as port, client(PLAIN) as api:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        assert await api.call("GET /api/me") == {"data": 1}


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("entry", ["[::1]", "fd00::/8", "[fd00::1]:80", "http://[::1]:x"])
async def test_an_exception_that_cannot_be_read_is_named(
    name: str, entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, f"localhost, {entry}")

    async with client(REMOTE) as api:
        with pytest.raises(ConfigurationError, match=f"^{name} has ") as caught:
            await api.call("GET /api/me")

    assert f"{entry!r}, which cannot be read. Write an IPv6 address without brackets" in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "exceptions"),
    [
        (PLAIN, "*"),
        (PLAIN, "other,*.example.com"),
        (PLAIN, ".example.com"),
        (PLAIN, "example.com"),
        (PLAIN, "http://polytomic.example.com"),
        ("http://192.0.2.7", "192.0.2.7"),
        ("http://[2001:db8::1]", "localhost,2001:db8::1"),
    ],
)
async def test_exceptions_are_reached_without_the_proxy(
    base_url: str, exceptions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[httpx.Request] = []

    async def answer(self: Any, request: httpx.Request) -> httpx.Response:
        del self
        seen.append(request)
        return httpx.Response(200, json={})

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", exceptions)

    async with client(base_url) as api:
        await api.call("GET /api/me")

    assert "trace" not in seen[0].extensions


async def test_a_placeholder_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(self: Any, request: httpx.Request) -> httpx.Response:
        del self, request
        return httpx.Response(200, json={})

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer)
    monkeypatch.setenv("HTTPS_PROXY", "${HTTPS_PROXY}")

    async with client(REMOTE) as api:
        assert await api.call("GET /api/me") == {}


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (b"407 bad login s3cret", "(status 407). RIGHT Check the user and the password in HTTPS_PROXY."),
        (
            b"403 Forbidden",
            "(status 403). RIGHT Check HTTPS_PROXY, or add polytomic.example.com to NO_PROXY.",
        ),
        (b"502 Bad Gateway", "(status 502). RIGHT Check HTTPS_PROXY, or add"),
    ],
)
async def test_a_proxy_that_refuses_is_blamed_and_asked_once(
    status: bytes, advice: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    async with listen(proxy) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:s3cret@127.0.0.1:{port}")
        text = await refused(REMOTE)

    assert f"got no answer: the proxy http://127.0.0.1:{port} did not connect to {REMOTE} " in text
    assert advice.replace("RIGHT", "Nothing is wrong with the call.") in text
    assert "s3cret" not in text
    assert "may have taken effect" not in text
    assert len(proxy.requests) == 1


@pytest.mark.parametrize("base_url", [REMOTE, PLAIN])
async def test_a_dead_proxy_is_blamed(base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://user:s3cret@127.0.0.1:9")

    text = await refused(base_url)

    assert (
        "got no answer: the proxy http://127.0.0.1:9 did not answer (All connection attempts failed)" in text
    )
    assert text.endswith(
        "Nothing is wrong with the call. Check ALL_PROXY, or add polytomic.example.com to NO_PROXY. "
        "It was not sent, so nothing was changed."
    )


@pytest.mark.parametrize("is_silent", [True, False])
async def test_a_proxy_that_does_not_open_the_tunnel_is_blamed(
    *, is_silent: bool, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if is_silent:
            await reader.read()
        writer.close()

    async with listen(ignore) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        text = await refused(REMOTE, timeout=0.1)

    assert f"got no answer: the proxy http://127.0.0.1:{port} did not answer" in text
    assert "may have taken effect" not in text


@pytest.mark.parametrize(
    ("base_url", "answer", "what"),
    [
        (REMOTE, b"HTTP/1.1 200 OK\r\n\r\nnot TLS at all", f"TLS with {REMOTE} failed"),
        (PLAIN, b"", "broke before the answer was complete"),
    ],
)
async def test_what_fails_behind_a_proxy_names_it_too(
    base_url: str, answer: bytes, what: str, listen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listen(Proxy(answer)) as port:
        monkeypatch.setenv("ALL_PROXY", f"http://user:s3cret@127.0.0.1:{port}")
        text = await refused(base_url)

    assert what in text
    assert f"The request went through the proxy http://127.0.0.1:{port} (ALL_PROXY)." in text
    assert "s3cret" not in text


async def test_calls_that_wait_for_a_connection_are_not_blamed_on_the_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def full(self: Any, request: httpx.Request) -> httpx.Response:
        del self, request
        raise httpx.PoolTimeout("")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", full)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")

    assert "too many calls are running" in await refused(REMOTE)


async def test_a_proxy_that_asks_for_a_password_in_an_answer_is_explained(script: Any) -> None:
    api, _ = script(httpx.Response(407))

    with pytest.raises(RefusedError, match="A proxy asks for a user and a password"):
        await api.call("GET /api/me")


async def test_a_secure_proxy_whose_tls_fails_is_blamed(listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listen(plain) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{port}")
        text = await refused(REMOTE, timeout=0.5)

    assert f"got no answer: the proxy https://127.0.0.1:{port} did not answer" in text
