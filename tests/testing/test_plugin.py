"""The pytest plugin as others use it: installed, in a run of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import httpx
import pytest

from polytomic_mcp import testing
from polytomic_mcp.testing import PolytomicSandbox, PolytomicTools, ToolRefusedError

DATABASE = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}
DAILY = {"frequency": "daily", "hour": "6", "minute": "0"}

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SYNC_TEST = """
import os
import httpx

def test_over_http(polytomic_sandbox):
    answer = httpx.get(polytomic_sandbox.url + "/api/me", headers=polytomic_sandbox.headers)
    assert answer.status_code == 200
    assert [each.operation for each in polytomic_sandbox.requests] == ["GET /api/me"]
    assert polytomic_sandbox.environ["POLYTOMIC_API_URL"] == polytomic_sandbox.url

def test_another_sandbox_knows_nothing_of_the_first(polytomic_sandbox):
    assert list(polytomic_sandbox.requests) == []

def test_tools_from_a_function(polytomic_tools):
    made = polytomic_tools.call(
        "create_connection", name="DB", type="postgresql",
        configuration={"hostname": "db.acme.example", "database": "app", "username": "a", "password": "b"},
    )
    assert made["status"] == "healthy"
"""

ASYNC_TEST = """
import httpx
import pytest

pytestmark = pytest.mark.anyio

async def test_tools_from_a_coroutine(polytomic_tools, anyio_backend_name):
    listed = await polytomic_tools.list_tools()
    result = await polytomic_tools.call_tool("list_connections", {})
    assert len(listed.tools) > 60
    assert not result.is_error

@pytest.mark.polytomic(toolsets=("connections",), access_mode="read-only")
async def test_a_mark_sets_the_tools(polytomic_tools):
    names = {tool.name for tool in (await polytomic_tools.list_tools()).tools}
    assert "list_connections" in names
    assert "create_connection" not in names

async def test_in_process(polytomic_sandbox):
    async with httpx.AsyncClient(
        transport=polytomic_sandbox.transport, base_url="http://any", headers=polytomic_sandbox.headers
    ) as http:
        assert (await http.get("/api/me")).status_code == 200
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def pytest_run(test: str, *words: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "test_theirs.py").write_text(test)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", *words]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
        return subprocess.run(  # noqa: S603 - our own
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120
        )

    return pytest_run


def test_it_is_installed_as_a_plugin() -> None:
    (found,) = [each for each in entry_points(group="pytest11") if each.name == "polytomic"]

    assert found.value == "polytomic_mcp.testing.plugin"


@pytest.mark.slow
def test_functions_use_it_without_any_setup(run: Run) -> None:
    done = run(SYNC_TEST)

    assert "3 passed" in done.stdout, done.stdout


@pytest.mark.slow
def test_coroutines_use_it_on_asyncio_and_on_trio(run: Run) -> None:
    done = run(ASYNC_TEST)

    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout


@pytest.mark.slow
def test_a_mark_that_means_nothing_is_refused(run: Run) -> None:
    done = run("import pytest\n@pytest.mark.polytomic(tabels={})\ndef test_x(polytomic_sandbox): ...\n")

    assert done.returncode != 0
    assert "Unknown option 'tabels'" in done.stdout


@pytest.mark.slow
def test_a_run_that_does_not_use_it_does_not_pay_for_it(run: Run) -> None:
    done = run("import sys\ndef test_x(): assert not {'duckdb', 'mcp', 'starlette'} & set(sys.modules)\n")

    assert done.returncode == 0, done.stdout


def test_its_public_names_are_few_and_sorted() -> None:
    assert testing.__all__ == sorted(testing.__all__)
    assert [getattr(testing, name).__name__ for name in testing.__all__] == testing.__all__
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = testing.Nothing


def test_the_clock_is_moved_and_what_is_due_happens(
    polytomic_sandbox: PolytomicSandbox, polytomic_tools: PolytomicTools
) -> None:
    database = polytomic_tools.call("create_connection", name="DB", type="postgresql", configuration=DATABASE)
    warehouse = polytomic_tools.call(
        "create_connection",
        name="Copy",
        type="mysql",
        configuration={"hostname": "h.example", "account": "a", "passwd": "b", "dbname": "c"},
    )
    polytomic_tools.call(
        "create_bulk_sync",
        name="Nightly",
        source_connection_id=database["id"],
        destination_connection_id=warehouse["id"],
        destination_configuration={"schema": "copied"},
        schemas=["public.accounts"],
        default_schedule=DAILY,
        active=True,
    )
    before = polytomic_sandbox.clock()

    report = polytomic_sandbox.advance("2d")

    assert len(report["started"]) == 2
    assert (polytomic_sandbox.clock() - before).days == 2


@pytest.mark.polytomic(faults=["status=500; operations=GET /api/syncs"])
def test_a_fault_is_applied_and_recorded(
    polytomic_sandbox: PolytomicSandbox, polytomic_tools: PolytomicTools
) -> None:
    with pytest.raises(ToolRefusedError, match="list_syncs refused"):
        polytomic_tools.call("list_syncs")

    polytomic_sandbox.faults.clear()
    assert polytomic_tools.call("list_syncs")["items"] == []
    assert {each.status for each in polytomic_sandbox.requests} == {500, 200}


def test_a_person_says_yes_or_no_as_the_test_wants(polytomic_tools: PolytomicTools) -> None:
    made = polytomic_tools.call("create_connection", name="DB", type="postgresql", configuration=DATABASE)

    with pytest.raises(ToolRefusedError, match="Not confirmed"):
        polytomic_tools.call("delete_connection", connection_id=made["id"])
    polytomic_tools.agrees = True
    polytomic_tools.call("delete_connection", connection_id=made["id"])

    assert polytomic_tools.call("list_connections")["items"] == []
    assert ["DB" in question for question in polytomic_tools.questions] == [True, True]


def test_without_the_network_the_sandbox_is_still_closed() -> None:
    with PolytomicSandbox(key="another") as sandbox:
        assert sandbox.headers["Authorization"] == "Bearer another"

    assert sandbox.app.state.workspace.signals.closing.is_set()


def test_over_the_network_everything_is_one_sandbox(polytomic_sandbox: PolytomicSandbox) -> None:
    headers = polytomic_sandbox.headers | {"Content-Type": "application/json"}
    answer = httpx.post(
        f"{polytomic_sandbox.url}/sandbox/clock", headers=headers, content=json.dumps({"advance": "1h"})
    )

    assert answer.status_code == 200
    assert answer.json()["now"][:13] == polytomic_sandbox.clock().isoformat()[:13]


@pytest.mark.polytomic(toolsets=("connections",))
async def test_any_coroutine_of_the_client_can_be_awaited(polytomic_tools: PolytomicTools) -> None:
    result = await polytomic_tools.call_tool("list_connections", {})

    assert result.structured_content == {"items": []}
    with pytest.raises(AttributeError):
        await polytomic_tools.call_nothing()


def test_a_table_is_named_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id\n1\n", encoding="utf-8")

    with PolytomicSandbox(tables={"people": str(tmp_path / "people.csv")}) as sandbox:
        assert "1 rows in table public.people" in sandbox.app.state.notes[0]


def test_a_mark_names_options_that_there_are(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.polytomic(tabels={}))

    with pytest.raises(pytest.UsageError, match=r"Unknown option 'tabels'\. Did you mean 'tables'"):
        request.getfixturevalue("polytomic_sandbox")


def test_the_environment_of_a_process(polytomic_sandbox: PolytomicSandbox) -> None:
    assert polytomic_sandbox.environ == {
        "POLYTOMIC_API_URL": polytomic_sandbox.url,
        "POLYTOMIC_API_KEY": polytomic_sandbox.key,
    }
