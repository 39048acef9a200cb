"""Runs are compared with a naive implementation, while the source changes between them."""

import json
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs.movement import runner as bulk_runner
from polytomic_mcp.sandbox.workspace.workspace import Workspace

COLUMNS: Final = (
    Column("id", "string", "VARCHAR"),
    Column("text", "string", "VARCHAR"),
    Column("number", "number", "DOUBLE"),
    Column("flag", "boolean", "BOOLEAN"),
    Column("at", "datetime", "TIMESTAMP WITH TIME ZONE"),
    Column("data", "object", "JSON"),
)
OUTPUT: Final = Table("snowflake", "out.people", "", "table", COLUMNS)

VALUES: Final[dict[str, Any]] = {
    "text": st.none() | st.text(st.characters(exclude_categories=("Cs",)), max_size=4),
    "number": st.none() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    "flag": st.none() | st.booleans(),
    "at": st.none() | st.sampled_from(["2026-01-15T09:00:00Z", "2026-01-15T09:00:00.000001Z"]),
    "data": st.none() | st.sampled_from([{}, {"a": [1, None, {"b": "ü"}]}]),
}
STATE: Final = st.dictionaries(st.sampled_from(["1", "2", "ü", " "]), st.fixed_dictionaries(VALUES))


@settings(deadline=None, max_examples=settings().max_examples * 3 // 5)
@given(
    mode=st.sampled_from(["replicate", "snapshot", "append"]),
    has_key=st.booleans(),
    states=st.lists(STATE, min_size=1, max_size=4),
)
def test_runs_have_the_results_of_a_naive_implementation(
    mode: str, *, has_key: bool, states: list[dict[str, Row]]
) -> None:
    workspace = Workspace(Store(), "key")
    source = make_source(workspace, mode, key="id" if has_key else None)
    expected: list[Row] = []
    for state in states:
        rows = [{"id": id_, **values} for id_, values in state.items()]
        workspace.tables.clear(source)
        workspace.tables.insert(source, rows)
        expected, count = naive(mode, rows, expected, has_key=has_key)

        execution = run(workspace)

        actual = [row for _, row in workspace.tables.read(OUTPUT)]
        assert (execution["status"], execution["record_count"]) == ("completed", count)
        assert ordered(actual) == ordered(expected)
    workspace.close()


def make_source(workspace: Workspace, mode: str, *, key: str | None) -> Table:
    source = Table("mysql", "people", "people", "table", COLUMNS, key)
    workspace.tables.create(source)
    for id_, system in (("from", "mysql"), ("to", "snowflake")):
        type_ = {"id": system, "operations": ["source", "destination"]}
        connection = {"id": id_, "name": id_, "type": type_, "status": "healthy", "configuration": {}}
        workspace.store.put("connection", id_, connection)
    body = {
        "name": "s",
        "mode": mode,
        "source_connection_id": "from",
        "destination_connection_id": "to",
        "destination_configuration": {"schema": "out"},
        "default_schedule": {"frequency": "manual"},
        "disable_record_timestamps": True,
    }
    sync = {"id": "s", "organization_id": "o", **bulk_syncs.compose(workspace, body, {})}
    sync["_schemas"] = bulk_schemas.select(workspace, workspace.find("connection", "from"), [], [])
    workspace.store.put("bulk_sync", "s", sync)
    return source


def run(workspace: Workspace) -> Row:
    execution = bulk_executions.create(workspace, "s", {}, [("people", "people")], is_partial=False)
    bulk_runner.run(workspace, "s", execution["id"])
    return bulk_executions.find(workspace, "s", execution["id"])


def naive(mode: str, rows: list[Row], stored: list[Row], *, has_key: bool) -> tuple[list[Row], int]:
    if mode == "append":
        latest = {row["id"]: row for row in stored} if has_key else {}
        fresh = [row for row in rows if spelled(latest.get(row["id"])) != spelled(row)]
        return stored + fresh, len(fresh)
    if mode == "snapshot" or not has_key:
        return rows, len(rows)
    old, new = ({row["id"]: row for row in each} for each in (stored, rows))
    return rows, sum(spelled(old.get(id_)) != spelled(new.get(id_)) for id_ in old | new)


def ordered(rows: list[Row]) -> list[str]:
    return sorted(spelled(row) for row in rows)


def spelled(row: Row | None) -> str:
    """Return a text in which 1, 1.0 and true differ, as in JSON and unlike in Python."""
    return json.dumps(row, sort_keys=True)
