"""A run held against a naive one: dictionaries, no chunks, no index."""

from collections import Counter
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.sandbox import executions, runner, syncs
from polytomic_mcp.sandbox.identity import ORGANIZATION_ID
from polytomic_mcp.sandbox.sources import Sources
from polytomic_mcp.sandbox.store import Store
from polytomic_mcp.sandbox.tables import Column, Row, Table
from polytomic_mcp.sandbox.world import World

COLUMNS: Final = (Column("id", "string", "VARCHAR"), Column("age", "number", "DOUBLE"))
MODES: Final = ("create", "update", "updateOrCreate", "replace", "append", "remove")

IDS = st.sampled_from(["1", "2", "3", "4", "ü", ""]) | st.none()
SOURCE = st.lists(
    st.fixed_dictionaries({"id": IDS, "age": st.sampled_from([1, 2.5, "3", "old", None])}), max_size=12
)
TARGET = st.dictionaries(st.sampled_from(["1", "2", "3", "5"]), st.sampled_from([1, 2.5, None]))


@settings(deadline=None, max_examples=150)
@given(mode=st.sampled_from(MODES), source=SOURCE, target=TARGET)
def test_a_run_ends_as_a_naive_one_does(mode: str, source: list[Row], target: dict[str, Any]) -> None:
    held = [{"id": id_, "age": age} for id_, age in target.items()]
    expected_rows, expected = naive(mode, source, held)
    world = World(Store(), "key")
    execution = run(world, mode, source, held)
    rows = [row for _, row in world.tables.read(Table("postgresql", "to", "to", "table", COLUMNS))]
    world.close()

    counts = {name: count for name, count in execution["counts"].items() if count}
    quiet = expected.pop("skipped", 0)
    moved = sum(count for name, count in counts.items() if name not in ("total", "delete"))
    deleted = 0 if mode == "replace" else counts.get("delete", 0)
    assert counts == {name: count for name, count in expected.items() if count}
    assert rows == expected_rows
    assert moved + deleted + quiet == counts.get("total", 0) == len(source)


def run(world: World, mode: str, source: list[Row], held: list[Row]) -> Row:
    plant(world, source, held)
    field = {"source": {"model_id": "m", "field": "age"}, "target": "age"}
    identity = {"source": {"model_id": "m", "field": "id"}, "target": "id", "function": "Equality"}
    body: dict[str, Any] = {
        "name": "s",
        "mode": mode,
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": "c", "object": "to"},
        "fields": [field],
        "identity": identity,
    }
    sync = {"id": "s", "organization_id": ORGANIZATION_ID, **syncs.compose(body, Sources(world.store), [])}
    world.store.put("sync", "s", sync)
    execution = executions.create(world, "s", {})
    runner.run(world, "s", execution["id"])
    return executions.find(world, "s", execution["id"])


def plant(world: World, source: list[Row], held: list[Row]) -> None:
    for name, rows in (("from", source), ("to", held)):
        columns = (COLUMNS[0], Column("age", "string", "VARCHAR")) if name == "from" else COLUMNS
        table = Table("postgresql", name, name, "table", columns)
        world.tables.create(table)
        world.tables.insert(table, rows)
    type_ = {"id": "postgresql", "operations": ["source", "destination"]}
    connection = {"id": "c", "name": "c", "type": type_, "status": "healthy", "configuration": {}}
    world.store.put("connection", "c", connection)
    fields = [{"id": n, "name": n, "label": n, "type": "string", "user_added": False} for n in ("id", "age")]
    model = {
        "id": "m",
        "name": "m",
        "connection_id": "c",
        "configuration": {"table": "from"},
        "fields": fields,
    }
    world.store.put("model", "m", model)


def naive(mode: str, source: list[Row], held: list[Row]) -> tuple[list[Row], Counter[str]]:
    rows = [] if mode == "replace" else [dict(row) for row in held]
    counts = Counter(total=len(source), delete=len(held) if mode == "replace" else 0)
    for record in source:
        counts[naive_move(mode, record, rows)] += 1
    return rows, counts


def naive_move(mode: str, record: Row, rows: list[Row]) -> str:
    id_ = record["id"] or None
    if id_ is None and mode != "append":
        return "error"
    match = next((row for row in rows if row["id"] == id_), None) if mode != "append" else None
    if mode == "remove" and match is not None:
        rows.remove(match)
        return "delete"
    if (mode == "create" and match is not None) or (mode in ("update", "remove") and match is None):
        return "skipped"
    return naive_write(record | {"id": id_}, match, rows)


def naive_write(record: Row, match: Row | None, rows: list[Row]) -> str:
    if record["age"] == "old":
        return "error"
    age = None if record["age"] is None else float(record["age"])
    if match is None:
        rows.append({"id": record["id"], "age": age})
        return "insert"
    match["age"] = age
    return "update"
