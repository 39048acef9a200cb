"""Refusals of the API in a tool's own words, where its arguments have other names than the API's."""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.errors import RefusedError

_AS_SUBJECT: Final = r"(?=[\"'`:]| must\b| is\b| are\b| cannot\b| has\b| have\b| should\b)"


@contextmanager
def own_words(**names: str) -> Generator[None, None, None]:
    """Let refusals within the block name the tool's arguments; ``names`` maps the API's names to them.

    A name counts only where a sentence is about it: ``end`` is also an ordinary word.

    Raises:
        ToolError: The API refused the request, and its text has such a name.
    """
    try:
        yield
    except RefusedError as error:
        said = str(error)
        pattern = rf"(?<![\w/{{])({'|'.join(names)}){_AS_SUBJECT}"
        text = re.sub(pattern, lambda found: names[found[1]], said)
        if text == said:
            raise
        raise ToolError(text) from error
