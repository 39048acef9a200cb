"""A call of every tool, and its answer from the sandbox.

``examples.json`` lists the calls in an order that works. In their arguments, ``<name.field>`` refers to the
answer of the earlier call that ``as`` names. A page shows the first call of each tool that is not ``hidden``.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.settings import TOOLSETS
from polytomic_mcp.testing import PolytomicSandbox, PolytomicTools

_CALLS: Final = Path(__file__).with_name("examples.json")
_START: Final = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
_REFERENCE: Final = re.compile(r"<(\w+)\.(\w+)>")


@dataclass(frozen=True, slots=True)
class Example:
    """A call and its answer."""

    tool: str
    arguments: JsonObject
    answer: JsonObject
    is_hidden: bool


def examples() -> Iterator[Example]:
    """Call the tools in order, and yield each call."""
    known: dict[str, JsonObject] = {}
    with (
        PolytomicSandbox(start=_START) as sandbox,
        PolytomicTools.connect(sandbox, toolsets=TOOLSETS, auth_mode="user") as tools,
    ):
        tools.agrees = True
        for call in json.loads(_CALLS.read_text("utf-8")):
            arguments = _filled(call.get("arguments", {}), known)
            answer = tools.call(call["tool"], **arguments)
            known[call.get("as", call["tool"])] = answer
            sandbox.app.state.workspace.settle(10)
            yield Example(call["tool"], arguments, answer, is_hidden=call.get("hidden", False))


def _filled(value: Any, known: Mapping[str, JsonObject]) -> Any:
    """Put in what earlier calls answered."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: str(known[found[1]][found[2]]), value)
    if isinstance(value, dict):
        return {name: _filled(part, known) for name, part in as_object(value).items()}
    return [_filled(part, known) for part in as_list(value)] if isinstance(value, list) else value
