"""``polytomic-mcp tools``: the tools this configuration shows, and what each costs a context window."""

import argparse
import json
from typing import Any

from polytomic_mcp.cli.options import read_settings
from polytomic_mcp.server import toolsets
from polytomic_mcp.settings import Settings
from polytomic_mcp.tools.tool import PolytomicTool


def run(words: list[str]) -> int:
    """Print a table, or with ``--json`` the definitions themselves."""
    parsed = _parser().parse_args(words)
    shown = [(toolset, definition(tool)) for toolset, tool in _shown(read_settings())]
    if parsed.json:
        print(json.dumps([{"toolset": toolset, **part} for toolset, part in shown]))
        return 0
    costs = [tokens(part) for _, part in shown]
    for (toolset, part), cost in zip(shown, costs, strict=True):
        print(f"{toolset:<12} {part['name']:<24} {cost:>6}  {part['description'].partition('. ')[0]}")
    print(f"{len(shown)} tools, about {sum(costs):,} tokens (characters / 4) in the model's context.")
    return 0


def definition(tool: PolytomicTool) -> dict[str, Any]:
    """Return what a model reads of a tool: name, description, input schema."""
    return {"name": tool.name, "description": tool.description, "inputSchema": tool.parameters}


def tokens(part: dict[str, Any]) -> int:
    """Estimate the tokens of a definition at four characters each, near enough for JSON in English."""
    return len(json.dumps(part, separators=(",", ":"))) // 4


def _shown(settings: Settings) -> list[tuple[str, PolytomicTool]]:
    return [
        (toolset.name, tool)
        for toolset in toolsets()
        if toolset.name in settings.toolsets
        for tool in toolset.tools(settings.access_mode)
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp tools",
        description="List the tools that POLYTOMIC_TOOLSETS and POLYTOMIC_ACCESS_MODE show.",
    )
    parser.add_argument("--json", action="store_true", help="print the definitions a model reads, as JSON")
    return parser
