"""Arguments: the path, query and JSON body of a request, read into one flat mapping.

Values never appear in a message, since any of them may be a secret.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NoReturn

from starlette.requests import Request

from polytomic_mcp.catalogue import Operation
from polytomic_mcp.common.json_values import JsonObject, as_object, children
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.query import read_query

DEEPEST: Final = 64
"""The levels of arrays and objects that a body may nest; a guess, as the API documents no limit."""

LARGEST_BODY: Final = 16 * 1024 * 1024
"""The bytes that a body may have; a guess, as the API documents no limit."""

_OLDER_NAMES: Final = MappingProxyType({"redirectURL": "redirect_url"})
"""How the table of the guide for embedded authentication spells an argument, and its name."""


def read_arguments(
    operation: Operation, path: Mapping[str, str], query: Iterable[tuple[str, str]], body: bytes
) -> JsonObject:
    """Return the arguments in the path, the query and the body.

    The body may hold arguments that the catalogue places in the query, since the SDKs and the guides
    disagree on where a query's text goes. A null counts as absent (a guess).

    Raises:
        RefusalError: 400, the body is not a JSON object, or one argument is given two different values.
    """
    arguments: JsonObject = {**read_query(operation, query), **path}
    for name, value in _read_body(body).items():
        if value is None:
            continue
        if arguments.setdefault(_OLDER_NAMES.get(name, name), value) != value:
            raise _bad(f"{operation.id}: {name} was sent with two different values. Send one of them.")
    _require_storable(arguments)
    return arguments


async def read_call_body(request: Request) -> bytes:
    """Return the body of a call.

    Raises:
        RefusalError: 415, the body is compressed; 413, it is too large.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusalError(
            415, "The body is compressed. Send it without Content-Encoding.", key="unsupported_encoding"
        )
    body = await read_body(request, LARGEST_BODY)
    if body is None:
        raise RefusalError(413, f"The body is larger than {LARGEST_BODY} bytes.", key="too_large")
    return body


async def read_body(request: Request, largest: int) -> bytes | None:
    """Return a request's body, or None as soon as it exceeds ``largest`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return bytes(body)


def _read_body(body: bytes) -> JsonObject:
    if not body.strip():
        return {}
    try:
        document = json.loads(body, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise _bad(f"The body is not JSON: {error.msg} at {where}.") from error
    except UnicodeDecodeError as error:
        raise _bad(f"The body is not UTF-8: byte {error.start} is invalid.") from error
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _bad("The body is not JSON: it contains a number that is out of range.") from error
    if not isinstance(document, dict):
        raise _bad("The body must be a JSON object.")
    return as_object(document)


def _refuse_constant(name: str) -> NoReturn:
    raise _bad(f"The body is not JSON: {name} is not a JSON number.")


def _require_storable(arguments: JsonObject) -> None:
    """Refuse what no later stage could store or send back: deep nesting and lone surrogates."""
    level: list[Any] = [arguments]
    for _ in range(DEEPEST):
        level = [part for value in level for part in children(value)]
        if not level:
            break
    else:
        raise _too_deep()
    try:
        json.dumps(arguments, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _bad(
            "An argument contains half of a surrogate pair, which is not valid Unicode text."
        ) from error


def _too_deep() -> RefusalError:
    return _bad(f"The body is nested too deeply. The maximum is {DEEPEST} levels.")


def _bad(message: str) -> RefusalError:
    return RefusalError(400, message, key="bad_request")
