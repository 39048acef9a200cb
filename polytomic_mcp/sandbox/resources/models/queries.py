"""Queries that callers run on a connection: a worker reads the rows and stores them in pages."""

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
from polytomic_mcp.sandbox.calls.call import public
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.data.sql.backend import QueryError, Stream
from polytomic_mcp.sandbox.data.systems.systems import described, holds_nothing, system_of
from polytomic_mcp.sandbox.data.tables.json_columns import shown
from polytomic_mcp.sandbox.resources.models.reading import SECONDS, stream_query
from polytomic_mcp.sandbox.workspace.workspace import Workspace, written

KIND: Final = "query"

PAGE: Final = 100
"""How many rows a page has; a guess, since the API documents no number."""

MOST_CHARACTERS: Final = 128 * 1024 * 1024
"""How many characters all rows of a result can have as JSON."""

RETENTION: Final = timedelta(hours=24)
"""How long rows are stored: the SDK's docstring says so of saved queries; of others it is a guess."""

_LOG: Final = logging.getLogger(__name__)
_IN_PROGRESS: Final = ("created", "running")


def submit(workspace: Workspace, connection: JsonObject, sql: str, user_id: str) -> JsonObject:
    """Start a user's query in the background and return it.

    Raises:
        RefusalError: 400 if the connection's type does not support queries.
    """
    key = system_of(connection)
    if described(key).query is None:
        name, type_id = connection["name"], connection["type"]["id"]
        reason = (
            holds_nothing(key) or f"Connection {name} is of type {type_id}, which does not support queries."
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
    """Return the response to a poll: the query and, once it is done, a page of its rows with links.

    After ``RETENTION`` the rows are deleted and the status is ``unknown``.

    Raises:
        RefusalError: 404 if the query does not exist or is another user's (the API's documentation);
            400 if the page does not exist.
    """
    query = _expire(workspace, workspace.find(KIND, id_))
    if query.get("_user_id") != user_id:
        raise not_found(KIND, id_)
    if query["status"] != "done":
        return {"data": public(query)}
    found = _page(workspace, query, page)
    objects = [dict(zip(query["fields"], row, strict=True)) for row in found["rows"]]
    return {"data": public(query) | {"results": objects}, "links": _links(query, found["number"])}


def interrupt_all(workspace: Workspace) -> None:
    """Fail the queries that an earlier process left unfinished; call it before anything starts."""
    for query in workspace.store.list(KIND):
        if query["status"] in _IN_PROGRESS:
            _fail(workspace, query, "The sandbox was restarted before this query ended. Run it again.")


def _run(workspace: Workspace, connection: JsonObject, query: JsonObject, sql: str) -> None:
    try:
        workspace.store.put(KIND, query["id"], query | {"status": "running"})
        found = _read(workspace, connection, query["id"], sql)
        expires = written(workspace.clock() + RETENTION)
        workspace.store.put(KIND, query["id"], query | found | {"status": "done", "expires": expires})
    except (QueryError, RefusalError) as error:
        workspace.finish(partial(_fail, workspace, query, str(error)))
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: the caller who polls must see the failure
        _LOG.debug("a query failed", exc_info=True)
        message = "The sandbox failed. This is a bug in the sandbox."
        workspace.finish(partial(_fail, workspace, query, message))


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
    for number, found in enumerate(pages):
        rows = [tuple(map(shown, row)) for row in found]
        size += len(json.dumps(rows))
        if size > MOST_CHARACTERS:
            raise QueryError(
                f"The result is larger than {MOST_CHARACTERS} characters. Select fewer rows or columns."
            )
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
            400, f"page is not a page token of query {id_}. Omit it to get the first page.", key="bad_request"
        )
    return page


def _links(query: JsonObject, number: int) -> dict[str, str]:
    """Return the previous and the next page's URL without a host, as the API may do."""
    neighbors = {"previous": number - 1, "next": number + 1}
    return {
        name: f"/api/queries/{query['id']}?{urlencode({'page': _token(query['id'], neighbor)})}"
        for name, neighbor in neighbors.items()
        if 0 <= neighbor < query["_pages"]
    }


def _token(id_: str, number: int) -> str:
    """Return a page's token, from which the next one cannot be guessed."""
    return str(uuid5(UUID(id_), str(number)))


def _expire(workspace: Workspace, query: JsonObject) -> JsonObject:
    """Return the query as it is now; delete its rows if they have expired."""
    if query["status"] != "done" or datetime.fromisoformat(query["expires"]) > workspace.clock():
        return query
    remaining = ("id", "_user_id", "_connection_id", "_created_at")
    expired = {name: query.get(name) for name in remaining} | {"status": "unknown"}
    _end(workspace, expired)
    return expired


def _fail(workspace: Workspace, query: JsonObject, error: str) -> None:
    _end(workspace, query | {"status": "failed", "error": error})


def _end(workspace: Workspace, query: JsonObject) -> None:
    """Store a query that ended without rows, and delete the rows it had."""
    with workspace.store.transaction() as connection:
        connection.execute("DELETE FROM documents WHERE kind = ?", (_rows_of(query["id"]),))
        workspace.store.put(KIND, query["id"], query)


def _rows_of(id_: str) -> str:
    return f"{KIND}/{id_}"
