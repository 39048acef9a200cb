"""What tool definitions cost a model's context window."""

import json
from typing import Any

import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server
from polytomic_mcp.settings import TOOLSETS

MOST = {"default": 6_500, "all": 14_000}
MOST_OF_ONE = 450
LARGE = {"create_sync": 1_200, "update_sync": 540, "create_bulk_sync": 800, "update_bulk_sync": 540}
SETTINGS = {"default": Settings(), "all": Settings(toolsets=TOOLSETS)}


@pytest.fixture(params=sorted(MOST))
async def shown(request: pytest.FixtureRequest, tokenizer: Any) -> tuple[str, dict[str, int]]:
    """A configuration, and each of its tools' tokens as a model reads it: name, description, arguments."""

    def cost(tool: Any) -> int:
        parts = {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
        return len(tokenizer.encode(json.dumps(parts, ensure_ascii=False, separators=(",", ":"))))

    async with Client(build_server(SETTINGS[request.param])) as client:
        return request.param, {tool.name: cost(tool) for tool in (await client.list_tools()).tools}


def table(costs: dict[str, int]) -> str:
    lines = [f"{name:<28}{cost:>6}" for name, cost in costs.items()]
    return "\n".join(["", *lines, f"{'all':<28}{sum(costs.values()):>6}"])


async def test_all_tools_together_stay_within_the_budget(shown: tuple[str, dict[str, int]]) -> None:
    configuration, costs = shown
    print(table(costs))  # noqa: T201 - pytest -s shows it

    assert sum(costs.values()) <= MOST[configuration], table(costs)


async def test_no_tool_takes_more_than_its_share(shown: tuple[str, dict[str, int]]) -> None:
    _, costs = shown

    too_large = {name for name, cost in costs.items() if cost > LARGE.get(name, MOST_OF_ONE)}

    assert not too_large, table(costs)
