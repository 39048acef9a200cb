"""``polytomic-mcp call``: one tool call from a shell."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError

from polytomic_mcp.cli import call as call_module
from polytomic_mcp.cli.demo.consent import consent

SNOWFLAKE = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
POSTGRES = {"hostname": "db.example", "database": "app", "username": "ada", "password": "pw"}
Call = Callable[..., Any]


@pytest.fixture
def call(command: Callable[..., Any]) -> Call:
    """Call a tool of the sandbox; return what stdout held."""

    def call_tool(tool: str, *pairs: str, state: Path, **arguments: Any) -> Any:
        words = ["--args", json.dumps(arguments), "--sandbox", "--state", os.fspath(state)]
        done = command("call", tool, *words, *pairs)
        assert done.status == 0, done.err
        return json.loads(done.out)

    return call_tool


def test_stdout_holds_the_result_as_json_and_nothing_else(command: Callable[..., Any]) -> None:
    done = command("call", "list_connection_types", "query=snowflake", "limit=1", "--sandbox")

    assert (done.status, done.err) == (0, "")
    assert json.loads(done.out)["items"][0]["id"] == "snowflake"
    assert done.out.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--sandbox", "list_connection_types", "query=snowflake"],
        ["list_connection_types", "--sandbox", "query=snowflake"],
        ["list_connection_types", "--args", '{"query": "snowflake"}', "limit=5", "--sandbox"],
        ["list_connection_types", "query=snowflake", "--args", '{"query": "gong"}', "--sandbox"],
    ],
)
def test_words_may_come_in_any_order_and_pairs_win(command: Callable[..., Any], words: list[str]) -> None:
    done = command("call", *words)

    assert [item["id"] for item in json.loads(done.out)["items"]] == ["snowflake"]


def test_arguments_may_come_from_stdin(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"query": "snowflake"}'))

    done = command("call", "list_connection_types", "--args", "-", "--sandbox")

    assert [item["id"] for item in json.loads(done.out)["items"]] == ["snowflake"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--args", "{"], "--args is not valid JSON"),
        (["--args", "[" * 100_000], "--args is not valid JSON"),
        (["--args", "[1]"], "--args must be a JSON object"),
        (["limit"], "'limit' must have the form key=value"),
        (["=5"], "'=5' must have the form key=value"),
    ],
)
def test_arguments_that_cannot_be_read_are_refused(
    command: Callable[..., Any], words: list[str], said: str
) -> None:
    done = command("call", "list_connections", *words)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_a_tool_is_called_whatever_its_toolset(command: Callable[..., Any]) -> None:
    done = command("call", "list_users", "--sandbox")

    assert done.status == 0
    assert json.loads(done.out)["items"]


def test_where_toolsets_are_chosen_the_others_stay_hidden(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYTOMIC_TOOLSETS", "syncs")

    done = command("call", "list_users", "--sandbox")

    assert done.status == 1
    assert "it belongs to the toolset administration." in done.err


def test_a_refusal_is_the_tools_own_words_on_stderr(command: Callable[..., Any]) -> None:
    done = command("call", "get_connection", "connection_id=nobody", "--sandbox")

    assert (done.status, done.out) == (1, "")
    assert "nobody" in done.err
    assert "Traceback" not in done.err


def test_without_a_key_it_says_what_to_set(command: Callable[..., Any]) -> None:
    done = command("call", "list_connections")

    assert (done.status, done.out) == (1, "")
    assert "POLYTOMIC_API_KEY" in done.err
    assert "--sandbox" in done.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("list_conections", "Did you mean 'list_connections'?"),
        ("xyzzy", "determine which tools are shown: list_"),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest(command: Callable[..., Any], name: str, said: str) -> None:
    done = command("call", name)

    assert (done.status, done.out) == (1, "")
    assert f"Unknown tool {name!r}" in done.err
    assert said in done.err


@pytest.mark.parametrize("words", [("call", "list_syncs"), ("serve",)])
@pytest.mark.parametrize("option", [("--table", "t=t.csv"), ("--state", "s.db"), ("--contacts", "SELECT 1")])
def test_what_is_the_sandboxs_is_refused_without_it(
    command: Callable[..., Any], words: tuple[str, ...], option: tuple[str, str]
) -> None:
    done = command(*words, *option)

    assert (done.status, done.out) == (1, "")
    assert f"{option[0]} works only with the sandbox: add --sandbox" in done.err


def test_read_only_has_no_tool_that_writes(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYTOMIC_ACCESS_MODE", "read-only")

    done = command("call", "create_connection", "--sandbox")

    assert done.status == 1
    assert "POLYTOMIC_ACCESS_MODE" in done.err


def test_a_refusal_of_the_protocol_is_a_refusal_too(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Client(call_module.Client):
        async def call_tool(self, *_: Any, **__: Any) -> Any:
            raise MCPError(code=-32000, message="that is not how it is done")

    # The server answers each call with a result; a protocol error comes only from a broken one.
    monkeypatch.setattr(call_module, "Client", Client)

    done = command("call", "list_connections")

    assert (done.status, done.out) == (1, "")
    assert "that is not how it is done" in done.err


def test_a_consent_page_that_ended_with_the_call_is_reported_of(command: Callable[..., Any]) -> None:
    done = command(
        "call",
        "create_connection",
        "name=G",
        "type=gong",
        'configuration={"auth_method":"oauth"}',
        "--sandbox",
    )

    assert done.status == 0
    assert json.loads(done.out)["auth_url"]
    assert "keep a sandbox running: polytomic-mcp sandbox" in done.err


def test_calls_that_share_a_state_file_go_on_from_each_other(call: Call, tmp_path: Path) -> None:
    state = tmp_path / "box.db"
    query = "SELECT contact_id, subscription_plan FROM salesforce_contacts WHERE subscription_plan = 'gold'"

    call("create_connection", "name=Source", "type=snowflake", state=state, configuration=SNOWFLAKE)
    call("create_connection", "name=Target", "type=postgresql", state=state, configuration=POSTGRES)
    model = call(
        "create_model", "name=Free", "connection_id=Source", state=state, configuration={"query": query}
    )
    rows = call("preview_model", "model_id=Free", "limit=3", state=state)["rows"]
    listed = call("list_models", state=state)["items"]

    assert [field["name"] for field in model["fields"]] == ["contact_id", "subscription_plan"]
    assert {row["subscription_plan"] for row in rows} == {"gold"}
    assert [item["name"] for item in listed] == ["Free"]


def test_the_guide_can_be_scripted_against_a_sandbox_that_stays(
    start: Callable[..., Any], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, key = start("sandbox").stdout.readline().removeprefix("sandbox listening on ").split()
    monkeypatch.setenv("POLYTOMIC_API_URL", url)
    monkeypatch.setenv("POLYTOMIC_API_KEY", key.removeprefix("key="))

    def call(tool: str, **arguments: Any) -> Any:
        done = command("call", tool, "--args", json.dumps(arguments))
        assert done.status == 0, done.err
        return json.loads(done.out)

    call("create_connection", name="Snowflake", type="snowflake", configuration=SNOWFLAKE)
    gong = call("create_connection", name="Gong", type="gong", configuration={"auth_method": "oauth"})
    anyio.run(consent, gong["auth_url"])
    query = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'gold'"
    model = call("create_model", name="Free", connection_id="Snowflake", configuration={"query": query})
    call(
        "create_sync",
        name="Into the flow",
        mode="updateOrCreate",
        identity={
            "source": {"field": "contact_id", "model_id": model["id"]},
            "target": "Id",
            "function": "equality",
        },
        target={"connection_id": "Gong", "object": "my-gong-engage-flow"},
    )
    execution = call("start_sync", sync_id="Into the flow", wait_seconds=60)

    assert execution["status"] == "completed"
    assert execution["counts"]["insert"] > 0
