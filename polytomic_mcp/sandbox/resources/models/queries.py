"""Queries that callers run on a connection: a worker reads the rows, the store keeps them in pages."""

import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid5

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import public
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.data.sql.backend import QueryError, Stream
from polytomic_mcp.sandbox.data.systems.systems import described, holds_nothing, system_of
from polytomic_mcp.sandbox.resources.models.reading import SECONDS, stream_query
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "query"

PAGE: Final = 100
"""Rows of a page; a guess, the API states no number."""

LARGEST: Final = 128 * 1024 * 1024
"""Characters that all rows of a result may take as JSON."""

KEPT: Final = timedelta(hours=1)
"""How long the rows of a query are kept; a guess, the API shows an instant and no length."""

_LOG: Final = logging.getLogger(__name__)
_UNDER_WAY: Final = ("created", "running")


def submit(workspace: Workspace, connection: JsonObject, sql: str, user_id: str) -> JsonObject:
    """Hand a user's query to the workers and return it as it is now; refuse a connection that takes none."""
    key = system_of(connection)
    if described(key).query is None:
        reason = (
            holds_nothing(key) or f"Connection {connection['name']} is of type {key}, which takes no queries."
        )
        raise RefusalError(400, reason, key="query_unsupported")
    for earlier in workspace.store.list(KIND):
        _expire(workspace, earlier)
    query: JsonObject = {
        "id": workspace.new_id(),
        "status": "created",
        "_user_id": user_id,
        "_connection_id": connection["id"],
        "_created_at": workspace.now(),
    }
    workspace.store.put(KIND, query["id"], query)
    workspace.run_later(partial(_run, workspace, connection, query, sql))
    return public(query)


def results(workspace: Workspace, id_: str, page: str | None, user_id: str) -> JsonObject:
    """Return what a poll answers: the query, and once it is done a page of its rows with its links.

    Rows that were kept too long are gone; the query is ``unknown`` then.

    Raises:
        RefusalError: 404, there is no such query, or it is another user's (the API's documentation).
    """
    query = _expire(workspace, workspace.find(KIND, id_))
    if query.get("_user_id") != user_id:
        raise not_found(KIND, id_)
    if query["status"] != "done":
        return {"data": public(query)}
    kept = _page(workspace, query, page)
    objects = [dict(zip(query["fields"], row, strict=True)) for row in kept["rows"]]
    return {"data": public(query) | {"results": objects}, "links": _links(query, kept["number"])}


def interrupt_all(workspace: Workspace) -> None:
    """End what was not over when an earlier process ended; to be called before anything starts."""
    for query in workspace.store.list(KIND):
        if query["status"] in _UNDER_WAY:
            _fail(workspace, query, "The sandbox was restarted before this query ended; run it again.")


def _run(workspace: Workspace, connection: JsonObject, query: JsonObject, sql: str) -> None:
    workspace.store.put(KIND, query["id"], query | {"status": "running"})
    try:
        found = _read(workspace, connection, query["id"], sql)
    except QueryError as error:
        _fail(workspace, query, str(error))
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: whoever polls must hear of it
        _LOG.debug("a query failed", exc_info=True)
        _fail(workspace, query, "The sandbox failed; that is a fault of the sandbox.")
    else:
        expires = (workspace.clock() + KEPT).isoformat()
        workspace.store.put(KIND, query["id"], query | found | {"status": "done", "expires": expires})


def _read(workspace: Workspace, connection: JsonObject, id_: str, sql: str) -> JsonObject:
    with stream_query(workspace, connection, sql, SECONDS) as stream:
        sizes = [_put_page(workspace, id_, number, rows) for number, rows in _pages(stream)]
        return {
            "fields": [column.name for column in stream.columns],
            "count": sum(sizes),
            "_pages": len(sizes),
        }


def _pages(stream: Stream) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    size = 0
    pages = iter(lambda: list(islice(stream.rows, PAGE)), [])
    for number, rows in enumerate(pages):
        size += len(json.dumps(rows))
        if size > LARGEST:
            raise QueryError(f"The result is larger than {LARGEST} characters; select less")
        yield number, rows


def _put_page(workspace: Workspace, id_: str, number: int, rows: list[tuple[Any, ...]]) -> int:
    workspace.store.put(_rows_of(id_), _token(id_, number), {"number": number, "rows": rows})
    return len(rows)


def _page(workspace: Workspace, query: JsonObject, token: str | None) -> JsonObject:
    id_ = query["id"]
    if not token and not query["_pages"]:
        return {"number": 0, "rows": []}
    page = workspace.store.get(_rows_of(id_), token or _token(id_, 0))
    if page is None:
        raise RefusalError(
            400, f"page is none that query {id_} gave out; start without one.", key="bad_request"
        )
    return page


def _links(query: JsonObject, number: int) -> dict[str, str]:
    """Return where the neighbours are, without a host: so the API may answer, and so nobody relies on one."""
    neighbours = {"previous": number - 1, "next": number + 1}
    return {
        name: f"/api/queries/{query['id']}?{urlencode({'page': _token(query['id'], neighbour)})}"
        for name, neighbour in neighbours.items()
        if 0 <= neighbour < query["_pages"]
    }


def _token(id_: str, number: int) -> str:
    """Return a page's token: it tells nobody how to make the next one."""
    return str(uuid5(UUID(id_), str(number)))


def _expire(workspace: Workspace, query: JsonObject) -> JsonObject:
    """Return the query as it is by now; forget its rows if their time is over."""
    if query["status"] != "done" or datetime.fromisoformat(query["expires"]) > workspace.clock():
        return query
    kept = ("id", "_user_id", "_connection_id", "_created_at")
    lost = {name: query.get(name) for name in kept} | {"status": "unknown"}
    _end(workspace, lost)
    return lost


def _fail(workspace: Workspace, query: JsonObject, error: str) -> None:
    _end(workspace, query | {"status": "failed", "error": error})


def _end(workspace: Workspace, query: JsonObject) -> None:
    """Store the end of a query that has no rows, and remove those it had."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind = ?", (_rows_of(query["id"]),))
        workspace.store.put(KIND, query["id"], query)


def _rows_of(id_: str) -> str:
    return f"{KIND}/{id_}"
