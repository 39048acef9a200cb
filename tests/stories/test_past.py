"""Every fault of an organization with a past can be found and mended; then every run is good."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.testing import PolytomicSandbox, PolytomicTools

pytestmark = pytest.mark.slow

Mend = Callable[[PolytomicTools], object]

STATES = {
    "Customers to Salesloft": "broken",
    "Subscriptions to the data warehouse": "failing",
    "Customer history to the data warehouse": "stuck",
    "Customer cities to Salesforce": "late",
    "Active customers to the data warehouse": "no_rows",
    "Leads to Salesforce": "row_errors",
}
"""The state of each sync that has a fault."""


@dataclass(frozen=True)
class Fault:
    """A fault: the words of its cause, how to mend it, and a row count of the next run, None for any."""

    sync: str
    cause: str
    mend: Mend
    total: int | None = None


def give_a_new_key(tools: PolytomicTools) -> None:
    key = {"auth_method": "api_key", "api_key": "a-new-key"}
    tools.call("update_connection", connection_id="Sales outreach", configuration=key)


def read_the_renamed_column(tools: PolytomicTools) -> None:
    tools.call("update_model", model_id="Shop subscriptions", refresh=True)
    plan = {"source": {"model_id": "Shop subscriptions", "field": "plan"}, "target": "plan_name"}
    tools.call("update_sync", sync_id="Subscriptions to the data warehouse", add_fields=[plan])


def cancel_the_run(tools: PolytomicTools) -> None:
    tools.call("cancel_sync", sync_id="Customer history to the data warehouse")


def correct_the_filter(tools: PolytomicTools) -> None:
    status = {"model_id": "Shop customers", "field": "status"}
    active = {"source": status, "function": "Equality", "value": "active"}
    tools.call("update_sync", sync_id="Active customers to the data warehouse", set_filters=[active])


def replace_the_status(tools: PolytomicTools) -> None:
    query = (
        "SELECT id, email, first_name, last_name, company, source, "
        "replace(status, 'Nurturing', 'Working') AS status FROM sales.leads"
    )
    tools.call("update_model", model_id="Sales leads", configuration={"query": query})


FAULTS = [
    Fault("Customers to Salesloft", "connection 'Sales outreach' is not healthy", give_a_new_key),
    Fault(
        "Subscriptions to the data warehouse",
        "The source no longer has columns that the sync reads",
        read_the_renamed_column,
    ),
    Fault(
        "Customer history to the data warehouse",
        "The current run is taking far longer than usual",
        cancel_the_run,
    ),
    Fault("Customer cities to Salesforce", "No run started when one was due", lambda _: None),
    Fault("Active customers to the data warehouse", "The filter passes 0 of 20 rows", correct_the_filter, 12),
    Fault("Leads to Salesforce", "Rows are rejected: Unknown Status value", replace_the_status, 12),
]


def states(tools: PolytomicTools) -> dict[str, str]:
    return {row["name"]: row["state"] for row in tools.call("sync_overview")["items"]}


@pytest.mark.polytomic(past=True, start=datetime(2026, 11, 10, 14, 20, tzinfo=UTC))
def test_each_fault_is_found_and_mended_and_then_every_run_is_good(
    polytomic_sandbox: PolytomicSandbox, polytomic_tools: PolytomicTools
) -> None:
    tools = polytomic_tools
    for fault in FAULTS:
        diagnosis = tools.call("diagnose_sync", sync_id=fault.sync)
        fault.mend(tools)
        run: dict[str, Any] = tools.call("start_sync", sync_id=fault.sync, wait_seconds=60)

        assert fault.cause in diagnosis["causes"][0]["cause"]
        assert (run["status"], run["counts"].get("error", 0)) == ("completed", 0)
        assert run["counts"]["total"] == (fault.total or run["counts"]["total"]) > 0
    mended = states(tools)
    day = polytomic_sandbox.advance("1d")

    assert set(mended.values()) == {"ok"}
    assert set(states(tools).values()) == {"ok"}
    polytomic_sandbox.advance("7d")
    assert set(states(tools).values()) == {"ok"}
    assert {each["status"] for each in day["started"]} == {"completed"}
    assert day["skipped"] == []


@pytest.mark.parametrize("time", ["00:00", "03:05", "05:14", "16:59", "23:29"])
def test_the_faults_are_there_whatever_the_time(time: str) -> None:
    start = datetime.fromisoformat(f"2026-03-29T{time}:00Z")

    with PolytomicSandbox(past=True, start=start) as sandbox, PolytomicTools.connect(sandbox) as tools:
        found = {name: state for name, state in states(tools).items() if state != "ok"}

    assert found == STATES
