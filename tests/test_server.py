"""The composition root: which tools a server shows, and how it describes itself."""

from importlib.metadata import version
from typing import Any

import httpx
import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import DEFAULT_TOOLSETS, TOOLSETS, Secret
from polytomic_mcp.tools.toolsets import toolsets
from tests.conftest import text_of


def sandbox_transport(key: str = "key") -> httpx.ASGITransport:
    return httpx.ASGITransport(create_sandbox(key=key))


def test_every_toolset_has_its_name_in_the_settings() -> None:
    assert tuple(toolset.name for toolset in toolsets()) == TOOLSETS


@pytest.mark.parametrize("name", TOOLSETS)
async def test_only_the_chosen_toolsets_are_shown(name: str) -> None:
    settings = Settings(toolsets=(name,))

    async with Client(build_server(settings)) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]

    assert listed == [name for toolset in toolsets([name]) for name in toolset.names()]


async def test_an_unknown_tool_is_refused_with_the_nearest_name() -> None:
    async with Client(build_server(Settings(access_mode="read-only"))) as client:
        result = await client.call_tool("list_modles", {})
        hidden = await client.call_tool("create_model", {})

    assert result.is_error
    assert "Unknown tool 'list_modles'. Did you mean 'list_models'?" in text_of(result)
    assert "is hidden; it belongs to the toolset models. POLYTOMIC_ACCESS_MODE" in text_of(hidden)


async def test_tools_are_listed_in_one_order() -> None:
    listings: list[list[str]] = []
    for _ in range(2):
        async with Client(build_server(Settings())) as client:
            listings.append([tool.name for tool in (await client.list_tools()).tools])

    assert listings[0] == listings[1]
    assert listings[0] == [name for toolset in toolsets(DEFAULT_TOOLSETS) for name in toolset.names()]


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({"TOOLS_ALLOW": "run_query,list_models"}, ["list_models", "run_query"]),
        ({"TOOLSETS": "queries", "TOOLS_ALLOW": "list_models"}, ["list_models", "run_query"]),
        ({"TOOLSETS": "queries", "TOOLS_DENY": "run_query"}, []),
        ({"TOOLS_ALLOW": "run_query,get_sync", "TOOLS_DENY": "run_query"}, ["get_sync"]),
        ({"TOOLS_ALLOW": "create_sync,get_sync", "ACCESS_MODE": "read-only"}, ["get_sync"]),
    ],
)
async def test_single_tools_are_allowed_and_denied_and_deny_wins(
    environ: dict[str, str], names: list[str]
) -> None:
    settings = Settings.from_environ({f"POLYTOMIC_{name}": text for name, text in environ.items()})

    async with Client(build_server(settings)) as client:
        listed = [tool.name for tool in (await client.list_tools()).tools]

    assert listed == names


@pytest.mark.parametrize("variable", ["POLYTOMIC_TOOLS_ALLOW", "POLYTOMIC_TOOLS_DENY"])
def test_a_single_tool_that_does_not_exist_is_refused_with_the_right_names(variable: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_server(Settings.from_environ({variable: "get_snyc"}))

    assert "get_snyc. Did you mean 'get_sync'? Valid values: get_sync, " in str(refused.value)


async def test_read_only_shows_reading_tools_alone() -> None:
    async with Client(build_server(Settings(access_mode="read-only"))) as client:
        tools = (await client.list_tools()).tools

    assert {tool.annotations.read_only_hint for tool in tools if tool.annotations} == {True}
    assert "create_connection" not in {tool.name for tool in tools}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_server_says_who_it_is_and_in_which_order_to_work(mode: str) -> None:
    async with Client(build_server(Settings()), mode=mode) as client:
        info, instructions = client.server_info, client.instructions

    assert info is not None
    assert (info.name, info.version) == ("polytomic-mcp", version("polytomic-mcp"))
    assert "create_connection (source, destination), create_model" in (instructions or "")


async def instructions_of(**settings: Any) -> str:
    async with Client(build_server(Settings(**settings))) as client:
        return client.instructions or ""


async def test_the_instructions_name_the_hidden_toolsets_and_what_they_are_for() -> None:
    text = await instructions_of()

    assert text.partition("Hidden toolsets, shown by setting POLYTOMIC_TOOLSETS: ")[2] == (
        "bulk_syncs (copy whole tables or objects, such as all HubSpot contacts into Postgres); "
        "schemas (tables, keys and custom fields of a connection); "
        "events (past events, webhooks, error notifications); "
        "administration (users, roles, policies, keys)."
    )
    assert text == await instructions_of()


@pytest.mark.parametrize(
    ("settings", "absent"),
    [
        ({"toolsets": TOOLSETS}, "Hidden toolsets"),
        ({"access_mode": "read-only"}, "queries ("),
        ({"tools_allow": frozenset({"list_events"})}, "events ("),
        ({"toolsets": ("syncs",)}, "find_operations"),
    ],
)
async def test_the_instructions_name_only_what_applies(settings: dict[str, Any], absent: str) -> None:
    assert absent not in await instructions_of(**settings)


async def test_every_toolset_has_a_purpose_for_the_instructions() -> None:
    everything = await instructions_of(toolsets=("none",))

    assert all(f"{name} (" in everything for name in TOOLSETS)


async def test_without_a_key_each_tool_says_what_to_set() -> None:
    async with Client(build_server(Settings())) as client:
        answer = await client.call_tool("list_connections", {})

    assert answer.is_error
    assert "POLYTOMIC_API_KEY" in str(answer.content)
    assert "--sandbox" in str(answer.content)


async def test_a_transport_replaces_the_network() -> None:
    settings = Settings(api_key=Secret("key"), api_url="http://sandbox")

    async with Client(build_server(settings, transport=sandbox_transport())) as client:
        answer = await client.call_tool("list_connections", {})

    assert answer.structured_content == {"items": []}


async def test_two_servers_with_two_sandboxes_are_independent() -> None:
    settings = Settings(api_key=Secret("key"), api_url="http://sandbox")
    one, two = (build_server(settings, transport=sandbox_transport()) for _ in range(2))
    snowflake = {"account": "a", "username": "u", "password": "p", "dbname": "d"}

    async with Client(one) as first, Client(two) as second:
        made = await first.call_tool(
            "create_connection", {"name": "Only here", "type": "snowflake", "configuration": snowflake}
        )
        here = await first.call_tool("list_connections", {})
        there = await second.call_tool("list_connections", {})

    assert not made.is_error
    assert [item["name"] for item in (here.structured_content or {})["items"]] == ["Only here"]
    assert there.structured_content == {"items": []}
