"""Queries: SQL, or SOQL on Salesforce, run on a connection, and paging through their rows."""

import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qs, urlsplit

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.outages import SYSTEM_IS_OUT, is_system_out
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import UnexpectedAnswerError
from polytomic_mcp.tools.answers.results import DATA, Answer, AnyJson, NextStep, Refusal, Source
from polytomic_mcp.tools.answers.tabular import Table, columns
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.api_access.responses import data_of, identified, object_in, objects_in
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.framework.arguments import Limit, PageToken, TheCaller, WaitSeconds

_GET: Final = "GET /api/queries/{id}"
_OVER: Final = ("done", "failed", "unknown")
_TOKEN: Final = re.compile(r"(?P<id>[^:]+):(?P<skip>\d{1,9}):(?P<page>.*)", re.ASCII | re.DOTALL)


class QueryRows(Answer):
    """A query: its status and, once it is done, rows, each in the order of ``fields``."""

    ROWS = frozenset({"fields", "rows"})

    query_id: str
    status: str
    count: Annotated[int | None, Field(description="Rows in the whole result")] = None
    fields: list[str] | None = None
    rows: Annotated[list[list[AnyJson]] | None, DATA] = None
    next_page_token: Annotated[str | None, Field(description="Send as page_token for more")] = None
    expires: Annotated[str | None, Field(description="When the rows expire")] = None


@dataclass(frozen=True, slots=True)
class _Position:
    """A position in a query's rows: the API's page token, and how many rows of that page to skip."""

    query_id: str
    page: str = ""
    skip: int = 0

    @property
    def arguments(self) -> JsonObject:
        return given(id=self.query_id, page=self.page or None)

    @property
    def token(self) -> str:
        return f"{self.query_id}:{self.skip}:{self.page}"


async def run_query(
    caller: TheCaller,
    context: Context[Caller],
    connection_id: Annotated[str | None, Field(description="Connection: id or exact name")] = None,
    query: Annotated[
        str | None, Field(description="SQL in the connection's dialect; SOQL on Salesforce")
    ] = None,
    limit: Limit = 100,
    wait_seconds: WaitSeconds = None,
    query_id: Annotated[str | None, Field(description="Read this query's rows; run nothing")] = None,
    page_token: PageToken = None,
) -> QueryRows:
    """Run a query on a connection and return its rows.

    If it is still running after wait_seconds, call again with its query_id. For more rows, send only
    page_token.
    """
    position, connection = _position(query_id, page_token), JsonObject()
    if position is None:
        if connection_id is None or query is None:
            raise ToolError("run_query: Send connection_id and query, or query_id, or page_token.")
        connection = await find(caller.api, CONNECTION, connection_id)
        position = _Position(await _submitted(caller.api, connection["id"], query))
    known = {"data": {"status": "created"}} if connection else None
    answer = await _followed(caller, context, position, wait_seconds, known)
    data = _data(answer)
    match status := str(data.get("status") or "unreported"):
        case "done":
            return await _rows(caller.api, position, answer, limit)
        case "failed":
            raise _failure(data, connection)
        case "unknown":
            raise ToolError(
                f"Polytomic no longer has the rows of query {position.query_id}. Run it again with "
                "connection_id and query."
            )
        case _:
            return QueryRows(
                query_id=position.query_id, status=status, next_steps=[_keep_waiting(position.query_id)]
            )


def _position(query_id: str | None, page_token: str | None) -> _Position | None:
    """Return the position to read from; None if a query is to be run."""
    if page_token is None:
        return _Position(query_id) if query_id is not None else None
    parts = _TOKEN.fullmatch(page_token)
    if parts is None or query_id not in (None, parts["id"]):
        raise ToolError("page_token was not returned by run_query for this query. Omit it to start over.")
    return _Position(parts["id"], parts["page"], int(parts["skip"]))


async def _submitted(api: Polytomic, connection_id: str, query: str) -> str:
    operation = "POST /api/connections/{connection_id}/query"
    submitted = await data_of(api, operation, connection_id=connection_id, query=query)
    return identified(operation, submitted)["id"]


async def _followed(
    caller: Caller,
    context: Context[Caller],
    position: _Position,
    seconds: float | None,
    known: JsonObject | None,
) -> JsonObject:
    """Return the API's answer about the query once it has ended or the time is up."""
    return await wait(
        caller,
        context,
        lambda: _read(caller.api, position),
        is_over=lambda seen: str(_data(seen).get("status")) in _OVER,
        describe=lambda seen: f"query {_data(seen).get('status')}",
        seconds=seconds,
        known=known,
    )


async def _read(api: Polytomic, position: _Position) -> JsonObject:
    answer = await api.call(_GET, **position.arguments)
    object_in(_GET, answer)
    return answer


async def _rows(api: Polytomic, position: _Position, answer: JsonObject, limit: int) -> QueryRows:
    """Read rows from that position on, page by page."""
    data = _data(answer)
    fields = [str(name) for name in as_list(data.get("fields"))]
    table = Table(fields or columns(_results(answer)), limit)
    seen = {position.page}
    while True:
        if (rest := _add_rows(table, position, answer)) is not None:
            break
        page = _next_page(answer)
        rest = None if page is None or page in seen else _Position(position.query_id, page)
        if rest is None or table.is_full:
            break
        seen.add(rest.page)
        position, answer = rest, await _read(api, rest)
    return QueryRows(
        query_id=position.query_id,
        status="done",
        count=data.get("count"),
        fields=table.fields,
        rows=table.rows,
        next_page_token=rest.token if rest else None,
        expires=data.get("expires"),
        truncated=table.truncated or None,
    )


def _add_rows(table: Table, position: _Position, answer: JsonObject) -> _Position | None:
    """Add the rows of a page from that position on; return the position of the first that does not fit."""
    rows = _results(answer)
    for index, row in enumerate(rows[position.skip :], position.skip):
        source = Source(_GET, position.arguments, {"": f"/data/results/{index}"})
        if not table.add(row, source):
            return _Position(position.query_id, position.page, index)
    return None


def _results(answer: JsonObject) -> list[JsonObject]:
    """Return the rows of a page. Without any, the API may answer null, but then it counts 0."""
    data = _data(answer)
    if data.get("results") is None and data.get("count") == 0:
        return []
    return objects_in(_GET, data, "results")


def _next_page(answer: JsonObject) -> str | None:
    """Return the token in the link to the next page. The link's address is never called."""
    link = as_object(answer.get("links")).get("next")
    if not link:
        return None
    try:
        return parse_qs(urlsplit(str(link)).query)["page"][0]
    except (KeyError, ValueError):
        raise UnexpectedAnswerError(
            f"{_GET} returned a link to the next page without a page token."
        ) from None


def _data(answer: JsonObject) -> JsonObject:
    return as_object(answer.get("data"))


def _failure(data: JsonObject, connection: JsonObject) -> Refusal:
    reason = str(data.get("error") or "no reason given")
    stop = "" if reason.endswith((".", "?", "!")) else "."
    advice = SYSTEM_IS_OUT if is_system_out(reason) else "Correct it and run it again."
    text = f"The query failed: {reason}{stop} {advice}"
    if not connection:
        return Refusal(text)
    id_ = connection["id"]
    look = "shows the available tables"
    source = "GET /api/connections/{id}/modelsync/source"
    return Refusal(
        text,
        NextStep(tool="list_source_schemas", arguments={"connection_id": id_}, reason=look),
        NextStep(
            tool="read_operation", arguments={"operation": source, "arguments": {"id": id_}}, reason=look
        ),
    )


def _keep_waiting(query_id: str) -> NextStep:
    return NextStep(
        tool="run_query",
        arguments={"query_id": query_id},
        reason="waits for the query, which is still running, without running it again",
    )
