"""A request as it is sent, with everything that is needed to repeat it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self
from uuid import uuid4

import httpx

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.client.names import ARGUMENTS, Names
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import ArgumentError, UnknownArgumentError

__all__ = ["IDEMPOTENCY_KEY", "Message", "check_headers", "key_problem"]

IDEMPOTENCY_KEY: Final = "Idempotency-Key"

_KEYED: Final = frozenset({"POST", "PATCH"})
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,255}")
_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


@dataclass(frozen=True, slots=True)
class Message:
    """A request to the API; ``credential`` is its Authorization header, ``headers`` are all others."""

    operation: Operation
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    credential: str = field(repr=False)
    content: bytes | None = field(repr=False, default=None)
    key: str | None = None
    has_callers_key: bool = False
    names: Names = field(repr=False, default=ARGUMENTS)

    @property
    def is_recognized(self) -> bool:
        """Whether the API recognizes a repetition by its key, and does not do it twice."""
        return self.key is not None and self.method in _KEYED

    @property
    def is_write(self) -> bool:
        """Whether the request may change something."""
        return self.operation.effect != "read"

    def with_key(self, callers_key: str | None) -> Self:
        """Return the message with an idempotency key if the operation should have one.

        The API's documentation asks for one on POST. PATCH gets one as well, since repeating it is as unsafe
        and the SDK offers it. GET, PUT and DELETE have one only if the caller gave it.
        """
        if callers_key is not None:
            return replace(self, key=callers_key, has_callers_key=True)
        if self.operation.takes_idempotency_key and self.method in _KEYED:
            return replace(self, key=str(uuid4()))
        return self

    def with_new_key(self) -> Self:
        """Return the message with a new key: for the old one the API replays the old outcome."""
        return self if self.key is None else replace(self, key=str(uuid4()))

    def to(self, url: httpx.URL) -> Self:
        """Return the same request for another URL of the API."""
        return replace(self, url=url)

    def all_headers(self) -> httpx.Headers:
        """Return every header that is sent, in a mapping whose ``repr`` masks the key."""
        content = {} if self.content is None else {"Content-Type": "application/json"}
        key = {} if self.key is None else {IDEMPOTENCY_KEY: self.key}
        return httpx.Headers({**self.headers, **content, **key, "Authorization": self.credential})


def check_headers(operation: Operation, headers: Mapping[str, str]) -> dict[str, str]:
    """Return a caller's headers with their names as the operation writes them.

    Raises:
        UnknownArgumentError: The operation does not accept the header.
        ArgumentError: The value is not valid in that header.
    """
    known = {name.lower(): name for name in operation.headers}
    for name, value in headers.items():
        if name.lower() not in known:
            raise UnknownArgumentError(f"{operation.id}: {unknown('header', name, operation.headers)}")
        if not _HEADER_SAFE.fullmatch(value):
            raise ArgumentError(f"{operation.id}: the header {name} must be printable ASCII.")
    checked = {known[name.lower()]: value for name, value in headers.items()}
    if IDEMPOTENCY_KEY in checked and (problem := key_problem(checked[IDEMPOTENCY_KEY])):
        raise ArgumentError(f"{operation.id}: {IDEMPOTENCY_KEY} {problem}.")
    return checked


def key_problem(key: str) -> str | None:
    """Return why a text cannot be an idempotency key; None if it can."""
    return None if _KEY.fullmatch(key) else "must be 8 to 255 characters of A-Z, a-z, 0-9, _ and -"
