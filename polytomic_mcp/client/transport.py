"""Transport: sends a message over HTTP and reads its whole answer."""

import ssl
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import httpx
import truststore

from polytomic_mcp.client.address import is_loopback
from polytomic_mcp.client.message import Message
from polytomic_mcp.client.proxies import mounts
from polytomic_mcp.client.redirects import is_redirect, leaves_api, redirect
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["Answer", "Transport"]

_MOST_REDIRECTS: Final = 5
_CONNECT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. ``is_elsewhere`` is true for a file from a signed address, outside the API.

    ``is_unsure`` is true if an earlier attempt of the same call may have taken effect. ``retry_after`` is
    the seconds to wait that the server asked for.
    """

    status: int
    headers: httpx.Headers
    content: bytes = field(repr=False)
    is_elsewhere: bool = False
    is_unsure: bool = False
    retry_after: float | None = None

    @property
    def is_server_error(self) -> bool:
        """Whether the server failed, so that the call may or may not have taken effect."""
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


class Transport:
    """Holds one ``httpx.AsyncClient``, created at the first use and again after ``aclose``.

    ``transport`` replaces the network. ``timeout`` is the seconds without a byte, ``largest_answer`` the
    decompressed bytes.
    """

    def __init__(
        self, transport: httpx.AsyncBaseTransport | None, timeout: float, largest_answer: int
    ) -> None:
        self._transport = transport
        self._timeout = httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS))
        self._largest_answer = largest_answer
        self._client: httpx.AsyncClient | None = None

    async def aclose(self) -> None:
        """Close every connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def send(self, message: Message) -> Answer:
        """Send a message and return its answer, following redirects within the API's origin.

        Raises:
            httpx.TransportError: No answer came, or only part of one.
            UnexpectedAnswerError: The answer is too large, garbled, or redirects elsewhere.
        """
        headers, url, is_elsewhere = message.all_headers(), message.url, False
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._exchange(message, url, headers, is_elsewhere=is_elsewhere)
            if not is_redirect(answer.status, answer.headers):
                return answer
            url = redirect(message, url, answer.status, answer.headers["Location"])
            if leaves_api(message, url, answer.status):
                headers, is_elsewhere = httpx.Headers(), True
        raise UnexpectedAnswerError(
            f"{message.operation.id} was redirected more than {_MOST_REDIRECTS} times. "
            f"{message.names.check(message.names.api_url)}"
        )

    async def _exchange(
        self, message: Message, url: httpx.URL, headers: httpx.Headers, *, is_elsewhere: bool
    ) -> Answer:
        client = self._open(url)
        stream = client.stream(message.method, url, headers=headers, content=message.content)
        try:
            async with stream as response:
                content = await self._read(message, response)
        except httpx.DecodingError as error:
            raise UnexpectedAnswerError(
                f"{message.operation.id} got an answer with broken compression. A proxy may cause that."
            ) from error
        return Answer(response.status_code, response.headers, content, is_elsewhere=is_elsewhere)

    async def _read(self, message: Message, response: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._largest_answer:
                raise UnexpectedAnswerError(
                    f"{message.operation.id} answered with more than {self._largest_answer:,} bytes, "
                    "which were not read. Request less: use a filter, a smaller limit, or one page at a time."
                )
        return bytes(content)

    def _open(self, url: httpx.URL) -> httpx.AsyncClient:
        if self._client is None:
            headers = {"User-Agent": "polytomic-mcp", "Accept": "application/json"}
            # Unlike httpx's own list, the operating system's authorities include that of a company's proxy.
            # Loading them is slow, so it happens at the first call.
            trust = True if self._transport else truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            # A proxy cannot reach this machine's own ports, whatever the environment says.
            is_direct = trust is True or is_loopback(url.host)
            self._client = httpx.AsyncClient(
                transport=self._transport,
                verify=trust,
                trust_env=False,
                headers=headers,
                timeout=self._timeout,
                mounts={} if is_direct else mounts(trust),
            )
        return self._client
