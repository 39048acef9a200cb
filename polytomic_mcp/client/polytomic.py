"""The API client: one method for all operations."""

import random
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

import anyio
import httpx

from polytomic_mcp.catalogue import Operation, Request, load_catalogue
from polytomic_mcp.client.address import Address
from polytomic_mcp.client.auth import Credential
from polytomic_mcp.client.bodies import decode, encode
from polytomic_mcp.client.dates import ServerDate
from polytomic_mcp.client.delivery import Delivery
from polytomic_mcp.client.message import IDEMPOTENCY_KEY, Message, check_headers
from polytomic_mcp.client.names import ARGUMENTS, VARIABLES, Names
from polytomic_mcp.client.older_versions import for_version
from polytomic_mcp.client.paging import next_page
from polytomic_mcp.client.quirks import adapt, own_headers
from polytomic_mcp.client.refusals import refusal
from polytomic_mcp.client.retries import RetryPolicy
from polytomic_mcp.client.transport import Transport
from polytomic_mcp.errors import AccessDeniedError, ArgumentError, ConfigurationError, UnexpectedAnswerError
from polytomic_mcp.settings import DEFAULT_API_URL, DEFAULT_API_VERSION, AccessMode, AuthMode, Settings

__all__ = ["Polytomic"]

_DEFAULT_RETRY: Final = RetryPolicy()
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_VERSION: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Polytomic:
    """Polytomic's API for one caller.

    ::

        async with Polytomic("key") as api:
            me = await api.call("GET /api/me")
            async for page in api.pages("GET /api/syncs", active=True):
                ...

    The constructor never fails and reads nothing: each call reports what is wrong with the key, the address
    or the version (``ConfigurationError``), so that a server can start and explain it. Calls may run
    concurrently. ``aclose`` closes the connections; a later call opens new ones. A call ends before the
    deadline of an anyio scope around it (``anyio.fail_after``), and then says what is known of its effect.

    Args:
        api_key: The key; ``repr`` and errors never show it.
        base_url: The address of Polytomic, with or without a scheme and a path prefix.
        api_version: Sent as ``X-Polytomic-Version`` on every call.
        auth_mode: ``partner`` and ``deployment`` keys act in ``organization_id``.
        organization_id: The organization those keys act in.
        access_mode: ``read-only`` refuses every operation that writes before it is sent.
        transport: Replaces the network, for a sandbox or a test.
        timeout: Seconds without a byte after which an attempt has failed.
        retry: How often, and for how long in total, one call is tried.
        largest_answer: The most bytes that an answer may have.
        most_pages: How many pages ``pages`` yields before it assumes that the listing is endless.
        sleep: Waits for a number of seconds.
        clock: Returns seconds since the epoch.
        chance: Returns a random number from 0 to 1.
        names: What errors call the arguments above.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str = DEFAULT_API_URL,
        api_version: str = DEFAULT_API_VERSION,
        auth_mode: AuthMode = "user",
        organization_id: str | None = None,
        access_mode: AccessMode = "full-access",
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 60.0,
        retry: RetryPolicy = _DEFAULT_RETRY,
        largest_answer: int = 64 * 1024 * 1024,
        most_pages: int = 10_000,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        names: Names = ARGUMENTS,
    ) -> None:
        self._base_url = base_url
        self._api_version = api_version
        self._access_mode: AccessMode = access_mode
        self._most_pages = most_pages
        self._names = names
        self._credential = Credential(api_key, auth_mode, organization_id, names)
        self._transport = Transport(transport, timeout, largest_answer)
        self._date = ServerDate(clock)
        self._delivery = Delivery(self._transport, retry, sleep, clock, chance)

    @classmethod
    def from_settings(
        cls, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None, **options: Any
    ) -> Self:
        """Return a client with these settings, whose errors name the variables; ``options`` are arguments."""
        return cls(
            settings.api_key,
            base_url=settings.api_url,
            api_version=settings.api_version,
            auth_mode=settings.auth_mode,
            organization_id=settings.organization_id,
            access_mode=settings.access_mode,
            transport=transport,
            names=replace(VARIABLES, unset=settings.unset),
            **options,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    def __repr__(self) -> str:
        version, mode = self._api_version, self._access_mode
        return f"Polytomic({self._credential!r}, api_version={version!r}, access_mode={mode!r})"

    def date(self) -> datetime:
        """Return the date at the API, in UTC: that of its latest answer and the time since.

        Before the first answer, it is this machine's.
        """
        return self._date.now()

    async def call(
        self, operation: str, /, *, headers: Mapping[str, str] = _NO_HEADERS, **arguments: Any
    ) -> Any:
        """Call an operation, such as ``call("GET /api/syncs/{id}", id="...")``, and return its body.

        The body is the decoded JSON, including its envelope, or None if it is empty. A log file
        (``GET .../{type}/{filename}``) is returned as text, or as bytes if it is not text. ``headers`` are
        those that the operation accepts in addition to the usual ones, such as your own ``Idempotency-Key``.

        Raises:
            ConfigurationError: The key, address or version is not valid.
            ArgumentError: The operation does not exist, or the arguments are not valid for it.
            AccessDeniedError: The access mode does not allow it.
            NoAnswerError: No answer came.
            UnexpectedAnswerError: The answer cannot be the API's.
            RefusedError: The API answered with an error; the subclass says which.
        """
        return await self._send(self._message(operation, arguments, headers))

    async def pages(
        self, operation: str, /, *, headers: Mapping[str, str] = _NO_HEADERS, **arguments: Any
    ) -> AsyncGenerator[Any, None]:
        """Call a listing operation and yield the body of each page, with one request for each.

        It ends if the API gives no next page, or one that was yielded before. Errors are those of ``call``.
        """
        message = self._message(operation, arguments, headers)
        if message.method != "GET":
            raise ArgumentError(f"{operation} is not paginated. Use call instead.")
        seen = {message.url}
        for _ in range(self._most_pages):
            body = await self._send(message)
            yield body
            url = next_page(operation, body, message.url, self._address())
            if url is None or url in seen:
                return
            seen.add(url)
            message = message.to(url)
        raise UnexpectedAnswerError(
            f"{operation} did not end after {self._most_pages:,} pages. Narrow it with a filter."
        )

    def request(self, operation: str, /, **arguments: Any) -> Request:
        """Return the request that ``call`` would send, in the form of the API's version, without sending it.

        Raises:
            ConfigurationError: The version is not valid.
            ArgumentError: The operation does not exist, or the arguments are not valid for it.
        """
        return for_version(adapt(load_catalogue().find(operation).bind(arguments)), self._version())

    def _message(
        self, operation_id: str, arguments: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Message:
        operation = self._permitted(operation_id)
        address, version = self._address(), self._version()
        credential = self._credential.authorization()
        request = self.request(operation_id, **arguments)
        given = check_headers(operation, headers)
        key = given.pop(IDEMPOTENCY_KEY, None)
        try:
            url = address.url(request.path, request.query)
        except httpx.InvalidURL as error:
            raise ArgumentError(
                f"{operation.id}: the path or query is too long for a URL. Shorten it."
            ) from error
        return Message(
            operation=operation,
            method=request.method,
            url=url,
            headers={"X-Polytomic-Version": version, **own_headers(operation), **given},
            credential=credential,
            content=encode(request.body),
            names=self._names,
        ).with_key(key)

    def _permitted(self, operation_id: str) -> Operation:
        operation = load_catalogue().find(operation_id)
        if self._access_mode == "read-only" and operation.effect != "read":
            raise AccessDeniedError(
                f"{operation.id} was not sent: it may change something, and {self._names.access_mode} is "
                "read-only. Set it to full-access to allow the call."
            )
        return operation

    async def _send(self, message: Message) -> Any:
        answer = await self._delivery.deliver(message)
        if not answer.is_elsewhere:
            self._date.read(answer.headers)
        if httpx.codes.is_success(answer.status):
            return decode(message, answer)
        redacted = replace(answer, content=self._credential.redact(answer.content))
        raise refusal(message, redacted, load_catalogue())

    def _address(self) -> Address:
        return Address.parse(self._base_url, self._names)

    def _version(self) -> str:
        if not _VERSION.fullmatch(self._api_version):
            raise ConfigurationError(f"{self._names.api_version} must be a date, such as 2025-09-18.")
        return self._api_version
