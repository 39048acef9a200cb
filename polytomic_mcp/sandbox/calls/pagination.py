"""Pages of a list, by an opaque token that identifies the last item of the previous page.

A ``limit`` above a list's most is reduced to it, and 0 or less means the list's default (the SDK's docstrings
say so of model syncs and models; that the other lists do the same is a guess).
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Where

LARGEST_PAGE: Final = 50


def page(
    call: Call,
    items: Sequence[JsonObject],
    key: Callable[[JsonObject], Sequence[Any]],
    *,
    usual: int = LARGEST_PAGE,
    largest: int = LARGEST_PAGE,
    ascending: bool = False,
) -> tuple[list[JsonObject], dict[str, str]]:
    """Return the items that the call's ``page_token`` and ``limit`` select, and the answer's ``pagination``.

    They are in the order of ``key``, which is unique for each item, so an item that is deleted meanwhile does
    not shift the pages.

    Raises:
        RefusalError: 400, the token is not from this list.
    """
    ordered = sorted(items, key=lambda item: list(key(item)), reverse=not ascending)
    if token := call.arguments.get("page_token"):
        after = _read(token)
        ordered = [each for each in ordered if _is_after(list(key(each)), after, ascending=ascending)]
    limit = page_size(call, usual, largest)
    shown = ordered[:limit]
    return shown, {"next_page_token": _write(key(shown[-1]))} if len(ordered) > limit else {}


def newest(call: Call, kind: str, where: Where) -> tuple[list[JsonObject], dict[str, str]]:
    """Return the documents that the call's ``page_token`` and ``limit`` select, last changed first.

    Only the documents of the page are read. The second result is the answer's ``pagination``.

    Raises:
        RefusalError: 400, the token is not from this list.
    """
    token, limit = call.arguments.get("page_token"), page_size(call, LARGEST_PAGE, LARGEST_PAGE)
    before = _read(token) if token else []
    if before and [type(part) for part in before] != [str, str]:
        raise _bad_token()
    found = call.workspace.store.newest(kind, limit + 1, before=before, where=where)
    shown = found[:limit]
    last = [shown[-1]["updated_at"], shown[-1]["id"]] if len(found) > limit else None
    return shown, {"next_page_token": _write(last)} if last else {}


def page_size(call: Call, usual: int, largest: int) -> int:
    """Return how many items a call's ``limit`` asks for: at most ``largest``, and ``usual`` by default."""
    limit: int = call.arguments.get("limit", usual)
    return min(limit, largest) if limit > 0 else usual


def _is_after(key: list[Any], after: list[Any], *, ascending: bool) -> bool:
    if list(map(type, key)) != list(map(type, after)):
        raise _bad_token()
    return key > after if ascending else key < after


def _write(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def _read(token: str) -> list[Any]:
    try:
        parsed = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _bad_token() from error
    if not isinstance(parsed, list) or not parsed:
        raise _bad_token()
    return cast(list[Any], parsed)


def _bad_token() -> RefusalError:
    return RefusalError(
        400, "page_token is not from this list. Omit it to start at the first page.", key="bad_request"
    )
