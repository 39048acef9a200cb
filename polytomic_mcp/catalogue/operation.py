"""An operation of the API as data, and how arguments become a request."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import quote

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import ArgumentError, MissingArgumentError, UnknownArgumentError

__all__ = ["Effect", "Operation", "Parameter", "Place", "Request"]

Effect = Literal["read", "write", "destroy"]
Place = Literal["path", "query", "body"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument of an operation, under its wire name.

    ``schema`` is JSON Schema 2020-12; its references, ``#/$defs/Name``, point into
    ``Catalogue.definitions``. Known values of an enumeration are in ``examples``: the API may accept
    more, so validators do too. ``style`` is ``deepObject`` for an object that a query contains as
    ``name[member]=value``. ``is_in_sdk`` is false for arguments that the API's documentation names and the
    2025-09-18 SDK lacks.
    """

    name: str
    place: Place
    required: bool
    schema: Mapping[str, Any] = field(hash=False)
    style: Literal["simple", "deepObject"] = "simple"
    is_in_sdk: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """The request for one call. Its ``repr`` shows only arguments in the path, since any may be a secret.

    ``path`` is quoted and starts with ``/api/``, ``query`` is not quoted yet, ``body`` is None for no body.
    """

    operation: "Operation" = field(repr=False)
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: dict[str, Any] | None = field(default=None, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, under the API's own name for it: ``METHOD /api/path``.

    ``effect`` is ``destroy`` if a person should confirm it. ``headers`` are those that it accepts in addition
    to the headers of every call. ``is_paged`` means that its answer may have more pages,
    ``is_async_capable`` that ``async=true`` may return a job. ``words`` are those that people use for it.
    """

    id: str
    method: str
    path: str
    summary: str
    effect: Effect
    parameters: tuple[Parameter, ...] = ()
    headers: tuple[str, ...] = ()
    is_paged: bool = False
    is_async_capable: bool = False
    has_body: bool = False
    words: str = ""

    @property
    def takes_idempotency_key(self) -> bool:
        """Whether the API replays the first outcome for a repeated ``Idempotency-Key``."""
        return "Idempotency-Key" in self.headers

    def bind(self, arguments: Mapping[str, Any]) -> Request:
        """Return the request with each argument, a JSON value, in the path, the query or the body.

        Omitted arguments are absent. None is null in a body; a query has no null, so there it is absent.

        Raises:
            UnknownArgumentError: The operation does not have an argument of that name.
            MissingArgumentError: A required argument is missing.
            ArgumentError: A value cannot be sent, or would change another part of the request.
        """
        self._refuse_unknown(arguments)
        self._refuse_missing(arguments)
        self._refuse_unsendable(arguments)
        return Request(
            operation=self,
            method=self.method,
            path=self._path(arguments),
            query=tuple(self._query(arguments)),
            body={p.name: value for p, value in self._given("body", arguments)} if self.has_body else None,
        )

    def _refuse_unknown(self, arguments: Mapping[str, Any]) -> None:
        known = [parameter.name for parameter in self.parameters]
        for name in arguments:
            if name not in known:
                raise UnknownArgumentError(f"{self.id}: {unknown('argument', name, known)}")

    def _refuse_missing(self, arguments: Mapping[str, Any]) -> None:
        present = {name for name, value in arguments.items() if value is not None}
        missing = [
            parameter.name
            for parameter in self.parameters
            if parameter.required
            and parameter.name not in (arguments if parameter.place == "body" else present)
        ]
        if missing:
            raise MissingArgumentError(f"{self.id}: missing {' and '.join(missing)}.")

    def _refuse_unsendable(self, arguments: Mapping[str, Any]) -> None:
        for name, value in arguments.items():
            try:
                json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
            except UnicodeEncodeError as error:
                raise self._invalid(name, "contains half of a surrogate pair, which is not UTF-8") from error
            except RecursionError as error:
                raise self._invalid(name, "is nested too deeply") from error
            except (TypeError, ValueError) as error:
                raise self._invalid(name, f"is not a JSON value ({error})") from error

    def _given(self, place: Place, arguments: Mapping[str, Any]) -> Iterator[tuple[Parameter, Any]]:
        for parameter in self.parameters:
            if parameter.place == place and parameter.name in arguments:
                yield parameter, arguments[parameter.name]

    def _path(self, arguments: Mapping[str, Any]) -> str:
        parts = {f"{{{p.name}}}": self._quote(p.name, value) for p, value in self._given("path", arguments)}
        return "/".join(parts.get(part, part) for part in self.path.split("/"))

    def _quote(self, name: str, value: Any) -> str:
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise self._invalid(name, "is part of the path and must be text")
        # Clients and proxies resolve dot segments, quoted ones too, and collapse empty ones.
        if value in ("", ".", ".."):
            raise self._invalid(name, f"is part of the path and cannot be {value!r}")
        return quote(str(value), safe="")

    def _query(self, arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for parameter, value in self._given("query", arguments):
            name = parameter.name
            if parameter.style == "deepObject" and value is not None:
                for member, inner in self._members(name, value).items():
                    yield from (
                        (f"{name}[{member}]", text) for text in self._texts(name, inner, is_list=True)
                    )
            else:
                is_list = parameter.schema.get("type") == "array"
                yield from ((name, text) for text in self._texts(name, value, is_list=is_list))

    def _members(self, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._invalid(name, "must be an object of names and values")
        members = {str(member): inner for member, inner in cast("dict[Any, Any]", value).items()}
        if any(not member or {"[", "]"}.intersection(member) for member in members):
            raise self._invalid(name, "has a member whose name is empty or contains a bracket")
        return members

    def _texts(self, name: str, value: Any, *, is_list: bool) -> Iterator[str]:
        """Yield a value, or each one of a list, as text: numbers and booleans as in JSON, null not at all."""
        items = cast("list[Any]", value if is_list and isinstance(value, list | tuple) else [value])
        for item in items:
            if isinstance(item, dict | list | tuple):
                expected = "single values" if is_list else "one value"
                raise self._invalid(name, f"must be {expected}, not an object or a list")
            if item is not None:
                yield item if isinstance(item, str) else json.dumps(item)

    def _invalid(self, name: str, reason: str) -> ArgumentError:
        return ArgumentError(f"{self.id}: {name} {reason}.")
