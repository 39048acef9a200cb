"""The logs of an execution: files behind links, read from the newest line to the oldest."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.bodies import parse
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.errors import NotFoundError
from polytomic_mcp.tools.answers.token_counts import estimate_json
from polytomic_mcp.tools.answers.truncation import ROWS_TOKENS
from polytomic_mcp.tools.api_access.responses import data_of, list_in, unexpected

_EXECUTION: Final = "GET /api/syncs/{sync_id}/executions/{id}"


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines of a log, the newest first; ``count`` is of the whole log, None if the API does not return it."""

    count: int | None
    lines: list[Any]
    next_page_token: str | None = None


async def read_log(
    api: Polytomic,
    where: JsonObject,
    log: str,
    *,
    query: str | None = None,
    limit: int,
    page_token: str | None = None,
    room: int = ROWS_TOKENS,
) -> LogPage:
    """Return up to ``limit`` lines that contain the query, or as many as fit into ``room`` tokens.

    ``where`` contains ``sync_id`` and the execution's ``id``. The token refers to a file and a line in it,
    so lines that a running execution adds do not shift it. That files and lines are ordered oldest first is
    a guess.
    """
    count = await count_lines(api, where, log)
    if count == 0:
        return LogPage(0, [])
    lines: list[Any] = []
    tokens = 0
    async for token, line in _lines(api, where, log, page_token):
        if query is not None and query.casefold() not in line.casefold():
            continue
        shown = _parsed(line)
        tokens += estimate_json([shown])
        if len(lines) == limit or (lines and tokens > room):
            return LogPage(count, lines, token)
        lines.append(shown)
    return LogPage(count, lines)


async def count_lines(api: Polytomic, where: JsonObject, log: str) -> int | None:
    """Return how many lines a log has; None for older API versions, which have no index."""
    try:
        index = await data_of(api, f"{_EXECUTION}/logs", **where)
    except NotFoundError:
        return None
    count = as_object(index.get(log)).get("count")
    return count if isinstance(count, int) and not isinstance(count, bool) else None


async def log_files(api: Polytomic, where: JsonObject, log: str) -> list[str]:
    """Return the names of a log's files, in the API's order."""
    operation = f"{_EXECUTION}/{{type}}"
    urls = list_in(operation, await data_of(api, operation, type=log, **where), "urls")
    names = [unquote(str(url).partition("?")[0].rsplit("/", 1)[-1]) for url in urls]
    if not all(isinstance(url, str) for url in urls) or not all(names):
        raise unexpected(operation, "a list of urls with something else in it", "a list of urls")
    return names


async def read_file(api: Polytomic, where: JsonObject, log: str, filename: str) -> list[str]:
    """Return the lines of one file of a log.

    Raises:
        ToolError: The file is not text.
    """
    named: JsonObject = {**where, "type": log, "filename": filename}
    content = await api.call(f"{_EXECUTION}/{{type}}/{{filename}}", **named)
    if not isinstance(content, str):
        raise ToolError(f"The log file {filename} of the execution {where['id']} is not text.")
    return [line for line in content.split("\n") if line.strip()]


async def _lines(
    api: Polytomic, where: JsonObject, log: str, page_token: str | None
) -> AsyncIterator[tuple[str, str]]:
    """Yield each line, the newest first, with the token that continues at it."""
    files = await log_files(api, where, log)
    first, before = _decode(page_token, len(files))
    for number in range(min(first, len(files) - 1), -1, -1):
        lines = await read_file(api, where, log, files[number])
        end = min(before, len(lines)) if number == first and before is not None else len(lines)
        for position in range(end, 0, -1):
            yield f"{number}:{position}", lines[position - 1]


def _decode(page_token: str | None, files: int) -> tuple[int, int | None]:
    if page_token is None:
        return files - 1, None
    file, _, line = page_token.partition(":")
    return int(file), int(line)


def _parsed(line: str) -> Any:
    try:
        return parse(line)
    except ValueError:
        return line
