"""What tool definitions cost a model's context window."""

import json
import warnings
from typing import Any

import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server
from polytomic_mcp.tools.definitions import compact

MOST_IN = 5_500
MOST_IN_AND_OUT = 9_000
MOST_OF_ONE = 450
LARGE = {"create_sync": 850, "update_sync": 850}


@pytest.fixture(scope="module")
async def costs() -> dict[str, tuple[int, int]]:
    """Return each tool's o200k tokens, without and with its output schema."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import opens its data in an old way
        import bpe_openai  # noqa: PLC0415 - the warnings are those of its import

        encoding = bpe_openai.get_encoding("o200k_base")

    def cost(tool: dict[str, Any], *parts: str) -> int:
        return len(encoding.encode(json.dumps({part: tool[part] for part in parts}, separators=(",", ":"))))

    async with Client(build_server(Settings())) as client:
        tools = [tool.model_dump(by_alias=True, mode="json") for tool in (await client.list_tools()).tools]
    sent = ("name", "description", "inputSchema")
    return {tool["name"]: (cost(tool, *sent), cost(tool, *sent, "outputSchema")) for tool in tools}


def table(costs: dict[str, tuple[int, int]]) -> str:
    lines = [f"{name:<28}{sent:>6}{whole:>6}" for name, (sent, whole) in costs.items()]
    totals = [sum(column) for column in zip(*costs.values(), strict=True)]
    return "\n".join(["", *lines, f"{'all':<28}{totals[0]:>6}{totals[1]:>6}"])


async def test_all_tools_together_stay_within_the_budget(costs: dict[str, tuple[int, int]]) -> None:
    assert sum(sent for sent, _ in costs.values()) <= MOST_IN, table(costs)
    assert sum(whole for _, whole in costs.values()) <= MOST_IN_AND_OUT, table(costs)


async def test_no_tool_takes_more_than_its_share(costs: dict[str, tuple[int, int]]) -> None:
    too_large = {name for name, (sent, _) in costs.items() if sent > LARGE.get(name, MOST_OF_ONE)}

    assert not too_large, table(costs)


def test_a_reference_is_put_in_place_beside_its_siblings() -> None:
    schema = {
        "properties": {"a": {"$ref": "#/$defs/A", "description": "mine"}},
        "$defs": {"A": {"type": "object", "title": "A", "description": "its"}},
    }

    assert compact(schema) == {"properties": {"a": {"type": "object", "description": "mine"}}}


def test_an_optional_part_is_a_plain_part() -> None:
    schema = {"anyOf": [{"type": "string", "title": "S"}, {"type": "null"}], "default": None, "title": "T"}

    assert compact(schema) == {"type": "string"}


def test_a_choice_of_several_stays_one() -> None:
    schema = {"anyOf": [{"type": "string", "title": "S"}, {"type": "integer"}, {"type": "null"}]}

    assert compact(schema) == {"anyOf": [{"type": "string"}, {"type": "integer"}]}
