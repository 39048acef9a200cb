"""Queries: SQL, or SOQL on Salesforce, run on a connection and read row by row."""

import re
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import parse_qs, urlsplit

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.errors import UnexpectedAnswerError
from polytomic_mcp.tools.answers.results import Answer, AnyJson, NextStep, Refusal, Source
from polytomic_mcp.tools.answers.tabular import Table, columns
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.api_access.responses import data_of, expected
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.framework.arguments import Limit, PageToken, TheCaller
from polytomic_mcp.tools.syncs.executions import Seconds

_GET: Final = "GET /api/queries/{id}"
_OVER: Final = ("done", "failed", "unknown")
_TOKEN: Final = re.compile(r"(?P<id>[^:]+):(?P<skip>\d{1,9}):(?P<page>.*)", re.ASCII | re.DOTALL)


class QueryRows(Answer):
    """A query: its state, and once it is done rows, each in the order of ``fields``."""

    ROWS = frozenset({"fields", "rows"})

    query_id: str
    status: str
    count: Annotated[int | None, Field(description="Rows in the whole result")] = None
    fields: list[str] | None = None
    rows: list[list[AnyJson]] | None = None
    next_page_token: Annotated[str | None, Field(description="Send as page_token for more")] = None
    expires: Annotated[str | None, Field(description="Until when the rows are kept")] = None


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a query's rows: the API's own page token, and how many rows of that page come before."""

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
    wait_seconds: Seconds = 60,
    query_id: Annotated[str | None, Field(description="Read this query; run nothing")] = None,
    page_token: PageToken = None,
) -> QueryRows:
    """Run a query on a connection and read its rows.

    One that is not done when the time is up goes on: call again with its query_id. page_token alone
    reads on.
    """
    place, connection = _place(query_id, page_token), JsonObject()
    if place is None:
        if connection_id is None or query is None:
            raise ToolError("run_query: send connection_id and query, or query_id, or page_token.")
        connection = await find(caller.api, CONNECTION, connection_id)
        place = _Place(await _submitted(caller.api, connection["id"], query))
    answer = await _followed(caller, context, place, wait_seconds)
    data = _data(answer)
    match status := str(data.get("status") or "not told"):
        case "done":
            return await _rows(caller.api, place, answer, limit)
        case "failed":
            raise _failed(data, connection)
        case "unknown":
            raise ToolError(
                f"Polytomic no longer has the rows of query {place.query_id}. Run it again with "
                "connection_id and query."
            )
        case _:
            return QueryRows(query_id=place.query_id, status=status, next_steps=[_wait_on(place.query_id)])


def _place(query_id: str | None, page_token: str | None) -> _Place | None:
    """Return where to read on, or None where a query is to be run."""
    if page_token is None:
        return _Place(query_id) if query_id is not None else None
    parts = _TOKEN.fullmatch(page_token)
    if parts is None or query_id not in (None, parts["id"]):
        raise ToolError(
            "page_token is not one that run_query answered for this query; leave it out to start over."
        )
    return _Place(parts["id"], parts["page"], int(parts["skip"]))


async def _submitted(api: Polytomic, connection_id: str, query: str) -> str:
    operation = "POST /api/connections/{connection_id}/query"
    submitted = await data_of(api, operation, connection_id=connection_id, query=query)
    if not isinstance(id_ := submitted.get("id"), str):
        raise UnexpectedAnswerError(f"{operation} was answered without the query's id. Run it again.")
    return id_


async def _followed(caller: Caller, context: Context[Caller], place: _Place, seconds: float) -> JsonObject:
    """Return what the API answers about the query, once it is over or the time is up."""
    return await wait(
        caller,
        context,
        lambda: _read(caller.api, place),
        is_over=lambda seen: _data(seen).get("status") in _OVER,
        describe=lambda seen: f"query {_data(seen).get('status')}",
        seconds=seconds,
    )


async def _read(api: Polytomic, place: _Place) -> JsonObject:
    answer = as_object(await api.call(_GET, **place.arguments))
    expected(_GET, answer.get("data"))
    return answer


async def _rows(api: Polytomic, place: _Place, answer: JsonObject, limit: int) -> QueryRows:
    """Read rows from that place on, page by page."""
    data = _data(answer)
    fields = [str(name) for name in as_list(data.get("fields"))]
    table = Table(fields or columns(as_objects(data.get("results"))), limit)
    seen = {place.page}
    while True:
        if (rest := _take(table, place, answer)) is not None:
            break
        page = _next_page(answer)
        rest = None if page is None or page in seen else _Place(place.query_id, page)
        if rest is None or table.is_full:
            break
        seen.add(rest.page)
        place, answer = rest, await _read(api, rest)
    return QueryRows(
        query_id=place.query_id,
        status="done",
        count=data.get("count"),
        fields=table.fields,
        rows=table.rows,
        next_page_token=rest.token if rest else None,
        expires=data.get("expires"),
        truncated=table.truncated or None,
    )


def _take(table: Table, place: _Place, answer: JsonObject) -> _Place | None:
    """Take the rows of a page from that place on; return the place of the first that found no room."""
    rows = as_objects(_data(answer).get("results"))
    for index, row in enumerate(rows[place.skip :], place.skip):
        source = Source(_GET, place.arguments, {"": f"/data/results/{index}"})
        if not table.add(row, source):
            return _Place(place.query_id, place.page, index)
    return None


def _next_page(answer: JsonObject) -> str | None:
    """Return the token in the link to the next page. Only that is used, never the link's address."""
    link = as_object(answer.get("links")).get("next")
    if not link:
        return None
    try:
        return parse_qs(urlsplit(str(link)).query)["page"][0]
    except (KeyError, ValueError):
        raise UnexpectedAnswerError(
            f"{_GET} was answered with a link to a next page that names no page."
        ) from None


def _data(answer: JsonObject) -> JsonObject:
    return as_object(answer.get("data"))


def _failed(data: JsonObject, connection: JsonObject) -> Refusal:
    reason = str(data.get("error") or "no reason given")
    stop = "" if reason.endswith((".", "?", "!")) else "."
    text = f"The query failed: {reason}{stop} Correct it and run it again."
    if not connection:
        return Refusal(text)
    id_ = connection["id"]
    look = "See which tables there are."
    source = "GET /api/connections/{id}/modelsync/source"
    return Refusal(
        text,
        NextStep(tool="list_source_schemas", arguments={"connection_id": id_}, reason=look),
        NextStep(
            tool="read_operation", arguments={"operation": source, "arguments": {"id": id_}}, reason=look
        ),
    )


def _wait_on(query_id: str) -> NextStep:
    return NextStep(
        tool="run_query",
        arguments={"query_id": query_id},
        reason="The query goes on; this waits for it and runs nothing again.",
    )
