"""Pages of a list, by an opaque token that identifies the last item of the previous page."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store, Where

LARGEST_PAGE: Final = 50


def page(
    items: Sequence[JsonObject],
    key: Callable[[JsonObject], Sequence[Any]],
    *,
    token: str | None,
    limit: int = LARGEST_PAGE,
    largest: int = LARGEST_PAGE,
    ascending: bool = False,
) -> tuple[list[JsonObject], dict[str, str]]:
    """Return the items after the token, in the order of ``key``, and the answer's ``pagination``.

    ``key`` is unique for each item, so an item that is deleted meanwhile does not shift the pages.

    Raises:
        RefusalError: 400, the token or the limit is not valid.
    """
    _require_within(limit, largest)
    ordered = sorted(items, key=lambda item: list(key(item)), reverse=not ascending)
    if token:
        after = _read(token)
        ordered = [each for each in ordered if _is_after(list(key(each)), after, ascending=ascending)]
    shown = ordered[:limit]
    return shown, {"next_page_token": _write(key(shown[-1]))} if len(ordered) > limit else {}


def newest(
    store: Store, kind: str, where: Where, *, token: str | None, limit: int = LARGEST_PAGE
) -> tuple[list[JsonObject], dict[str, str]]:
    """Return the documents after the token, last changed first, and the answer's ``pagination``.

    Only the documents of the page are read.

    Raises:
        RefusalError: 400, the token or the limit is not valid.
    """
    _require_within(limit, LARGEST_PAGE)
    before = _read(token) if token else []
    if before and [type(part) for part in before] != [str, str]:
        raise _bad_token()
    found = store.newest(kind, limit + 1, before=before, where=where)
    shown = found[:limit]
    last = [shown[-1]["updated_at"], shown[-1]["id"]] if len(found) > limit else None
    return shown, {"next_page_token": _write(last)} if last else {}


def _require_within(limit: int, largest: int) -> None:
    if not 1 <= limit <= largest:
        raise RefusalError(400, f"limit must be between 1 and {largest}.", key="bad_request")


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
