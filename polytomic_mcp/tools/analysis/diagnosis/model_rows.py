"""The rows that a model returns now: all of them by the query runner where that works, else a sample."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects, is_number
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.responses import data_of, identified, object_in, objects_in

MOST_ROWS: Final = 2_000
"""How many rows of a model are read at most."""

_SAMPLE: Final = "GET /api/models/{id}/sample"
_QUERY: Final = "POST /api/connections/{connection_id}/query"
_RESULT: Final = "GET /api/queries/{id}"
_MOST_LOOKS: Final = 15
_PAUSE: Final = 1.0
_SELECT: Final = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){0,2}", re.ASCII)
_SOURCES: Final = ("table", "view", "object")


@dataclass(frozen=True, slots=True)
class ModelRows:
    """Rows of a model under the names of its fields; ``total`` is how many it has, None if not known."""

    rows: Sequence[JsonObject]
    total: int | None

    @property
    def is_whole(self) -> bool:
        """Whether these are all rows of the model."""
        return self.total == len(self.rows)

    @property
    def extent(self) -> str:
        """How many rows these are, such as ``41 rows`` or ``the first 10 rows``."""
        rows = "row" if len(self.rows) == 1 else "rows"
        return f"{'' if self.is_whole else 'the first '}{len(self.rows)} {rows}"


async def read_model_rows(caller: Caller, model: JsonObject) -> ModelRows:
    """Read a sample of a model's rows and, if there are any, all of them by the connection's query runner.

    A query runner that is missing, refused or slow leaves the sample, whose size the API does not document.

    Raises:
        PolytomicError: The sample could not be read.
        ToolError: The sample takes longer than one request.
    """
    sample = await _sample(caller.api, model)
    if not sample:
        return ModelRows([], 0)
    if (query := _query(model)) is None:
        return ModelRows(sample, None)
    try:
        return await _queried(caller, model, query) or ModelRows(sample, None)
    except PolytomicError:
        return ModelRows(sample, None)


async def _sample(api: Polytomic, model: JsonObject) -> list[JsonObject]:
    answer = as_object(await api.call(_SAMPLE, id=model["id"]))
    if "data" not in answer and "job" in answer:
        raise ToolError(f"The rows of the model {model.get('name')} take too long to read.")
    records = objects_in(_SAMPLE, object_in(_SAMPLE, answer), "records")
    return [as_object(record.get(model["id"])) or record for record in records]


def _query(model: JsonObject) -> str | None:
    """Return the query that reads a model's rows; None if it is not known how they are read."""
    configuration = as_object(model.get("configuration"))
    query = configuration.get("query")
    if isinstance(query, str):
        return query if _SELECT.match(query) else None
    names = [configuration[key] for key in _SOURCES if isinstance(configuration.get(key), str)]
    fields = [str(each.get("name")) for each in as_objects(model.get("fields")) if not each.get("user_added")]
    if len(names) != 1 or not fields or not all(map(_IDENTIFIER.fullmatch, [*names, *fields])):
        return None
    schema = configuration.get("schema")
    table = f"{schema}.{names[0]}" if isinstance(schema, str) and "." not in names[0] else names[0]
    return f"SELECT {', '.join(fields)} FROM {table}"  # noqa: S608 - names without quotes or spaces


async def _queried(caller: Caller, model: JsonObject, query: str) -> ModelRows | None:
    """Run the model's query; None if it fails or has not ended after 15 looks."""
    connection_id = model.get("connection_id")
    submitted = await data_of(caller.api, _QUERY, connection_id=connection_id, query=query)
    answer = await _ended(caller, identified(_QUERY, submitted)["id"])
    if answer is None:
        return None
    data = as_object(answer.get("data"))
    found = await _pages(caller.api, answer)
    count: Any = data.get("count")
    total = int(count) if is_number(count) else None
    names = {str(each.get("name")).casefold(): str(each.get("name")) for each in as_objects(model["fields"])}
    return ModelRows([_renamed(row, names) for row in found[:MOST_ROWS]], total)


async def _ended(caller: Caller, query_id: str) -> JsonObject | None:
    """Return the API's answer about a query that is done; None if it failed or takes too long."""
    for _ in range(_MOST_LOOKS):
        answer = as_object(await caller.api.call(_RESULT, id=query_id))
        status = object_in(_RESULT, answer).get("status")
        if status in ("done", "failed", "unknown"):
            return answer if status == "done" else None
        await caller.sleep(_PAUSE)
    return None


async def _pages(api: Polytomic, answer: JsonObject) -> list[JsonObject]:
    """Return the rows of a query's pages, up to the most."""
    rows, seen = [*_results(answer)], set[str]()
    while len(rows) < MOST_ROWS:
        link = urlsplit(str(as_object(answer.get("links")).get("next") or ""))
        page = next(iter(parse_qs(link.query).get("page", ())), None)
        if page is None or page in seen:
            break
        seen.add(page)
        answer = as_object(await api.call(_RESULT, id=as_object(answer["data"])["id"], page=page))
        rows += _results(answer)
    return rows


def _results(answer: JsonObject) -> list[JsonObject]:
    return as_objects(as_object(answer.get("data")).get("results"))


def _renamed(row: Mapping[str, Any], names: Mapping[str, str]) -> JsonObject:
    """Return a row under the names of the model's fields: a query may spell its columns in another case."""
    return {names.get(name.casefold(), name): value for name, value in row.items()}
