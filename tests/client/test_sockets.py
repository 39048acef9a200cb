"""What goes wrong on a real network, over loopback sockets."""

import asyncio
import logging
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from polytomic_mcp.client import Polytomic, RetryPolicy
from polytomic_mcp.errors import NoAnswerError, UnexpectedAnswerError

TWICE = RetryPolicy(attempts=2, shortest_delay=0, first_delay=0)


def _client(base_url: str, **options: Any) -> Polytomic:
    return Polytomic("a-very-secret-key", base_url=base_url, retry=TWICE, **options)


def _answering(*answers: bytes) -> Any:
    """Answer each connection with the next of these bytes, then hang up."""
    left = list(answers)

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0))
        await writer.drain()

    return exchange


async def test_json_is_read_over_a_real_connection(listen: Any) -> None:
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": 1}'

    async with listen(_answering(whole)) as port, _client(f"http://127.0.0.1:{port}") as api:
        assert await api.call("GET /api/me") == {"data": 1}


async def test_a_read_that_breaks_halfway_is_repeated(listen: Any) -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"da'
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": 1}'

    async with listen(_answering(half, whole)) as port, _client(f"http://127.0.0.1:{port}") as api:
        assert await api.call("GET /api/me") == {"data": 1}


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{", b"SSH-2.0\r\n\r\n"]
)
async def test_a_connection_that_keeps_breaking_is_explained(listen: Any, answer: bytes) -> None:
    async with listen(_answering(answer, answer)) as port, _client(f"http://127.0.0.1:{port}") as api:
        with pytest.raises(NoAnswerError, match="broke before the answer was complete") as caught:
            await api.call("GET /api/me")

    assert caught.value.may_have_arrived


async def test_silence_is_explained(listen: Any) -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        await reader.read()

    async with listen(nothing) as port, _client(f"http://127.0.0.1:{port}", timeout=0.05) as api:
        with pytest.raises(NoAnswerError, match="stopped responding"):
            await api.call("GET /api/me")


async def test_a_closed_port_is_explained() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with _client(base_url) as api:
            with pytest.raises(
                NoAnswerError, match=f"could not connect to {base_url} .*Check base_url"
            ) as caught:
                await api.call("DELETE /api/syncs/{id}", id="1")

    assert not caught.value.may_have_arrived


async def test_a_web_page_is_not_taken_for_the_api(listen: Any) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"

    async with listen(_answering(page)) as port, _client(f"http://127.0.0.1:{port}") as api:
        with pytest.raises(UnexpectedAnswerError, match="does not look like the Polytomic API"):
            await api.call("GET /api/me")


async def test_a_port_without_tls_is_explained(listen: Any) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with listen(plain) as port, _client(f"https://127.0.0.1:{port}") as api:
        with pytest.raises(NoAnswerError, match=r"TLS with https://127.0.0.1:\d+ failed .* use http:// in"):
            await api.call("GET /api/me")


async def test_an_untrusted_certificate_is_explained_and_gets_no_key(listen: Any, tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def overhear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        seen.append(await reader.read())

    async with (
        listen(overhear, ssl=_self_signed(tmp_path)) as port,
        _client(f"https://127.0.0.1:{port}") as api,
    ):
        with pytest.raises(
            NoAnswerError, match="add its own certificate to those that the operating system trusts"
        ):
            await api.call("GET /api/me")

    assert b"".join(seen) == b""


async def test_too_many_concurrent_calls_are_explained(script: Any) -> None:
    api, _ = script(httpx.PoolTimeout(""))

    with pytest.raises(NoAnswerError, match="too many calls are running at the same time"):
        await api.call("GET /api/me")


async def test_the_key_is_not_in_a_log(listen: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    whole = b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"data": 1}'

    async with listen(_answering(whole)) as port, _client(f"http://127.0.0.1:{port}") as api:
        await api.call("GET /api/me")

    assert "/api/me" in caplog.text
    assert "a-very-secret-key" not in caplog.text


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "self-signed.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
