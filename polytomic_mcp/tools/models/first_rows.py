"""The first rows of a source that no model stores: records of a table, or what a query returns."""

import re
from dataclasses import dataclass, field
from typing import Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.names import type_id
from polytomic_mcp.tools.api_access.responses import objects_in
from polytomic_mcp.tools.api_access.waiting import wait
from polytomic_mcp.tools.models.queries import read_query

SAMPLE: Final = 10
"""How many rows a preview shows by default; a guess at how many Polytomic's own samples have."""

_RECORDS: Final = "GET /api/connections/{id}/schemas/{schema_id}/records"
_QUERY: Final = "query"
_NAMES: Final = ("base", "database", "dataset", "schema", "collection", "table", "view", "sheet", "key")
"""The keys of a configuration whose values, joined by dots, are the id of a schema."""

_SELF_CONTAINED: Final = frozenset({"salesforce"})
"""The systems whose query language has no subqueries in FROM, and only reads: SOQL."""

_TOP: Final = frozenset({"azuresql", "mssql", "synapse"})
"""The systems that have TOP where others have LIMIT."""

_SECONDS: Final = 20.0
_NOT_READY: Final = "cache"
"""The word in a refusal while the schemas are being read (source: the Terraform provider)."""

_LONGEST_TEXT: Final = 300
_NOT_ONE: Final = "Only a single SELECT is run for a preview: remove the semicolon."
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|--(?=\s|\Z)[^\n]*|;|\s+|[^';\s-]+|.", re.DOTALL)
"""A text, a comment, a semicolon, space, or anything else, as all dialects of SQL read it."""

_AMBIGUOUS: Final = re.compile(r"[\\\"`\[$#]|/\*")
"""What some dialects quote or comment with, and others do not: it might hide where a text ends."""


@dataclass(frozen=True, slots=True)
class FirstRows:
    """Rows, None if they could not be read; ``reason`` says why, and ``next_steps`` what reads them.

    ``is_sample`` says that Polytomic decided how many there are.
    """

    rows: list[JsonObject] | None = None
    reason: str = ""
    is_sample: bool = False
    next_steps: list[NextStep] = field(default_factory=list[NextStep])
    truncated: list[JsonObject] | None = None


@dataclass(frozen=True, slots=True)
class UnstoredSource:
    """What a configuration reads of a connection."""

    caller: Caller
    context: Context[Caller]
    connection: JsonObject
    configuration: JsonObject

    async def first_rows(self, limit: int) -> FirstRows:
        """Return up to ``limit`` rows; a failure to read them is a reason, not an error."""
        if self.configuration.get(_QUERY):
            return await self._queried(str(self.configuration[_QUERY]), limit)
        table = str(self.configuration.get("table") or self.configuration.get("view") or "")
        queried = await self._queried(table, limit) if table else FirstRows()
        return await self._sampled(limit) if queried.rows is None else queried

    async def _sampled(self, limit: int) -> FirstRows:
        """Return records of a table or object, from which no query reads; Polytomic decides how many.

        A new connection has none until Polytomic has read its schemas, which is waited for.
        """
        names = [str(self.configuration[name]) for name in _NAMES if self.configuration.get(name)]
        place: JsonObject = {"id": self.connection["id"], "schema_id": ".".join(names)}

        async def look() -> JsonObject:
            try:
                return {"records": objects_in(_RECORDS, await self.caller.api.call(_RECORDS, **place))}
            except PolytomicError as error:
                return {"reason": str(error)}

        seen = await wait(
            self.caller,
            self.context,
            look,
            is_over=lambda seen: _NOT_READY not in str(seen.get("reason")),
            describe=lambda _: "Polytomic is still reading the connection's schemas",
            seconds=self._seconds,
        )
        if "records" in seen:
            return FirstRows(seen["records"][:limit], is_sample=True)
        return FirstRows(reason=seen["reason"])

    async def _queried(self, source: str, limit: int) -> FirstRows:
        query = _bounded(source, type_id(self.connection), limit)
        if query is None:
            return FirstRows(reason=_NOT_ONE)
        try:
            found = await read_query(
                self.caller,
                self.context,
                self.connection,
                query,
                limit=limit,
                seconds=self._seconds,
                longest_text=_LONGEST_TEXT,
            )
        except (PolytomicError, ToolError) as error:
            return FirstRows(reason=str(error))
        if found.rows is None:
            return FirstRows(reason=f"The query is {found.status}.", next_steps=found.next_steps or [])
        names = found.fields or []
        rows = [dict(zip(names, row, strict=True)) for row in found.rows]
        steps = [_rest(found.next_page_token)] if found.next_page_token else []
        return FirstRows(rows, next_steps=steps, truncated=found.truncated)

    @property
    def _seconds(self) -> float:
        """For how long rows are waited for: a preview never extends its call."""
        return min(_SECONDS, self.caller.time.seconds)


def _rest(page_token: str) -> NextStep:
    reason = "reads the rows that did not fit"
    return NextStep(tool="run_query", arguments={"page_token": page_token}, reason=reason)


def _bounded(source: str, type_: str | None, limit: int) -> str | None:
    """Return a query for the first rows of a query or a table, which writes nothing; None if there is none.

    As a subquery, a statement that writes is invalid. A semicolon might end it and begin another.
    """
    inner = source.strip().rstrip(";").rstrip()
    if type_ in _SELF_CONTAINED:
        return inner
    if ";" in inner and (inner := _single(inner)) is None:
        return None
    is_table = len(inner.split()) == 1
    from_ = inner if is_table else f"(\n{inner}\n) AS preview"
    if type_ in _TOP:
        return f"SELECT TOP ({limit}) * FROM {from_}"  # noqa: S608 - the caller's own query
    return f"SELECT * FROM {from_} LIMIT {limit}"  # noqa: S608 - the caller's own query


def _single(source: str) -> str | None:
    """Return a statement without what follows it; None if it may be several, in any dialect."""
    tokens: list[str] = _TOKEN.findall(source)
    while tokens and (tokens[-1] == ";" or tokens[-1].isspace() or tokens[-1].startswith("--")):
        tokens.pop()
    return None if ";" in tokens or _AMBIGUOUS.search(source) else "".join(tokens)
