"""``polytomic-mcp tools``: the tools that this configuration shows, and the tokens each takes."""

import argparse
import json
import re
from typing import Any, Final

from polytomic_mcp.cli.shared.options import read_settings
from polytomic_mcp.cli.shared.terminal import clipped
from polytomic_mcp.tools.framework.tool import PolytomicTool
from polytomic_mcp.tools.toolsets import shown_tools

_COLUMNS: Final = 100
_PIECE: Final = re.compile(r"[ _]?[A-Z]?[a-z]+|[A-Z]+|[0-9]{1,3}|[^A-Za-z0-9 _]{1,3}|[ _]+")
_PIECES_A_TOKEN: Final = 1.06
"""Measured with o200k over the definitions of all tools; a single one differs by less than a tenth."""


def run(words: list[str]) -> int:
    """Print a table, or with ``--json`` the definitions themselves."""
    parsed = _parser().parse_args(words)
    shown = [(toolset.name, definition(tool)) for toolset, tool in shown_tools(read_settings())]
    if parsed.json:
        print(json.dumps([{"toolset": toolset, **part} for toolset, part in shown], ensure_ascii=False))
        return 0
    costs = [tokens(part) for _, part in shown]
    rows = [("TOOLSET", "TOOL", "TOKENS", "PURPOSE")]
    for (toolset, part), cost in zip(shown, costs, strict=True):
        rows.append((toolset, part["name"], str(cost), _first_sentence(part["description"])))
    wide, wider = (max(len(row[column]) for row in rows) for column in (0, 1))
    for toolset, name, cost, purpose in rows:
        print(clipped(f"{toolset:<{wide}} {name:<{wider}} {cost:>6}  {purpose}", _COLUMNS))
    print(f"{len(shown)} tools, about {sum(costs):,} tokens (estimated) in the model's context.")
    return 0


def definition(tool: PolytomicTool) -> dict[str, Any]:
    """Return the part of a tool that a model reads: name, description and input schema."""
    return {"name": tool.name, "description": tool.description, "inputSchema": tool.parameters}


def tokens(part: dict[str, Any]) -> int:
    """Estimate the tokens of a definition: nearly every word and every few signs of punctuation are one."""
    text = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
    return round(len(_PIECE.findall(text)) / _PIECES_A_TOKEN)


def _first_sentence(description: str) -> str:
    return description.partition("\n")[0].partition(". ")[0].removesuffix(".")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp tools",
        description="List the tools that POLYTOMIC_TOOLSETS, POLYTOMIC_TOOLS_ALLOW, POLYTOMIC_TOOLS_DENY and "
        "POLYTOMIC_ACCESS_MODE show, with the tokens each takes in a model's context.",
        epilog="example: POLYTOMIC_TOOLSETS=all polytomic-mcp tools",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the definitions that a model reads, as JSON"
    )
    return parser
