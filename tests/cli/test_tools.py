"""``polytomic-mcp tools``: what is shown, and what it costs."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from polytomic_mcp.cli.tools import tokens
from polytomic_mcp.settings import DEFAULT_TOOLSETS, TOOLSETS


def test_the_table_names_each_tool_with_its_toolset_cost_and_purpose(command: Callable[..., Any]) -> None:
    done = command("tools")
    lines = done.out.splitlines()

    assert done.status == 0
    assert lines[0].split() == ["TOOLSET", "TOOL", "TOKENS", "PURPOSE"]
    assert lines[3].split()[:2] == ["connections", "list_connections"]
    assert lines[-1].startswith(f"{len(lines) - 2} tools, about ")


def test_the_table_fits_100_columns(command: Callable[..., Any]) -> None:
    assert max(map(len, command("tools").out.splitlines())) <= 100


def test_the_sum_is_that_of_the_lines(command: Callable[..., Any]) -> None:
    *lines, total = command("tools").out.splitlines()[1:]

    assert sum(int(line.split()[2]) for line in lines) == int(total.split()[3].replace(",", ""))


def test_json_gives_the_definitions_that_a_model_reads(command: Callable[..., Any]) -> None:
    definitions = json.loads(command("tools", "--json").out)

    assert [tool["name"] for tool in definitions][:2] == ["list_connection_types", "describe_connection_type"]
    assert {tool["toolset"] for tool in definitions} == set(DEFAULT_TOOLSETS)
    assert all(tool["inputSchema"]["type"] == "object" and tool["description"] for tool in definitions)


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_toolsets_that_are_not_chosen_are_not_shown(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, toolset: str
) -> None:
    monkeypatch.setenv("POLYTOMIC_TOOLSETS", toolset)

    definitions = json.loads(command("tools", "--json").out)

    assert {tool["toolset"] for tool in definitions} == {toolset}


def test_read_only_shows_no_tool_that_writes(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYTOMIC_ACCESS_MODE", "read-only")

    shown = command("tools").out

    assert "list_connections" in shown
    assert "create_connection" not in shown


def test_the_estimates_of_definitions_are_close_to_their_true_counts(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tokenizer: Any
) -> None:
    monkeypatch.setenv("POLYTOMIC_TOOLSETS", "all")
    listed = json.loads(command("tools", "--json").out)
    shown = [{name: tool[name] for name in tool if name != "toolset"} for tool in listed]

    texts = [json.dumps(tool, ensure_ascii=False, separators=(",", ":")) for tool in shown]
    true = [len(tokenizer.encode(text)) for text in texts]

    estimates = [tokens(tool) for tool in shown]
    assert abs(sum(estimates) - sum(true)) < 0.02 * sum(true)
    assert all(abs(estimate - count) < 0.1 * count for estimate, count in zip(estimates, true, strict=True))
