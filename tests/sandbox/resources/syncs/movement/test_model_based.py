"""Runs through the API compared with a naive one: every mode, identity function, strategy and type.

The naive one has no chunks and no index: it searches a list for each record.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from unittest.mock import patch

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.tables.table import Column, Row, Table
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.workspace.workspace import Workspace

HEADERS: Final = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}
SERVER: Final = {"hostname": "db.acme.example", "database": "app", "username": "ada", "password": "pw"}
MODES: Final = ("create", "update", "updateOrCreate", "replace", "append", "remove")
REFUSED: Final = object()

VALUES: Final[dict[str, list[tuple[Any, Any]]]] = {
    "VARCHAR": [
        ("Zoë 李雷 🎉", "Zoë 李雷 🎉"),
        ("a\0b", "a\0b"),
        (" ", " "),
        (7, "7"),
        (2.0, "2"),
        (True, "true"),
    ],
    "DOUBLE": [(1, 1), ("2.5", 2.5), (-0.1, -0.1), ("old", REFUSED), (True, REFUSED), ([], REFUSED)],
    "BIGINT": [(1, 1), ("2", 2), (3.0, 3), (2.5, REFUSED), (2**63, REFUSED), (2**63 - 1, 2**63 - 1)],
    "DECIMAL(18,2)": [("12.34", 12.34), (0.1, 0.1), (10**16, REFUSED), ("1e3", 1000.0)],
    "BOOLEAN": [(True, True), ("f", False), (1, True), ("maybe", REFUSED)],
    "DATE": [
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T23:00:00-01:00", "2026-01-03"),
        ("2026-01-02T23:30:00Z", REFUSED),
    ],
    "TIMESTAMP": [("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05"), ("2026-02-30", REFUSED)],
    "TIMESTAMP WITH TIME ZONE": [
        ("2026-01-02T03:04:05.5+05:30", "2026-01-01T21:34:05.5Z"),
        ("2026-01-02", "2026-01-02T00:00:00Z"),
        (5, REFUSED),
    ],
    "JSON": [({"a": [1, {"ü": None}]}, {"a": [1, {"ü": None}]}), ('{"b": 2.5}', {"b": 2.5}), ("no", REFUSED)],
    "VARCHAR[]": [(["x", "ü"], ["x", "ü"]), ("[]", []), ({}, REFUSED)],
}
"""For each type, values of a source and what a column of the type has after writing them."""

TYPES: Final = {
    "DOUBLE": "number",
    "BIGINT": "number",
    "DECIMAL(18,2)": "number",
    "BOOLEAN": "boolean",
    "DATE": "datetime",
    "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "JSON": "object",
    "VARCHAR[]": "array",
}
NAMES: Final[dict[str, list[str]]] = {
    "Equality": ["1", "2", "ü", "Ü", "01", "x\0y", "x"],
    "ISubstring": ["ada", "ADA", "ada lovelace", "ß", "SS"],
    "OneOf": ["a", "a,b", "b, c", "d"],
    "DomainMatch": ["a@x.example", "b@mail.x.example", "https://x.example/p", "y.example"],
    "HostnameMatch": ["a@x.example", "b@mail.x.example", "https://x.example/p", "y.example"],
}


def host(value: str) -> str:
    """Return the host of the addresses above."""
    return value.removeprefix("https://").partition("/")[0].rpartition("@")[2]


MATCHES: Final[dict[str, Callable[[str, str], bool]]] = {
    "Equality": lambda ours, theirs: ours == theirs,
    "ISubstring": lambda ours, theirs: ours.casefold() in theirs.casefold(),
    "OneOf": lambda ours, theirs: bool(
        {each.strip() for each in ours.split(",")} & {each.strip() for each in theirs.split(",")}
    ),
    "DomainMatch": lambda ours, theirs: host(ours).split(".")[-2:] == host(theirs).split(".")[-2:],
    "HostnameMatch": lambda ours, theirs: host(ours) == host(theirs),
}


@dataclass(frozen=True)
class Case:
    """One run; ``functions`` are those of the identities ``k0`` and ``k1``."""

    mode: str
    sql_type: str
    functions: list[str]
    strategy: str
    source: list[Row]
    held: list[Row]
    keeps_existing: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    mode, sql_type = draw(st.sampled_from(MODES)), draw(st.sampled_from(list(VALUES)))
    least = 1 if mode in ("update", "updateOrCreate", "remove") else 0
    any_functions = st.lists(st.sampled_from(list(MATCHES)), min_size=least, max_size=2)
    functions = draw(st.just(["Equality"]) | any_functions)
    keys = [st.sampled_from(NAMES[function]) for function in functions]
    fitting = [value for _, value in VALUES[sql_type] if value is not REFUSED]
    source = {f"k{at}": key | st.sampled_from([None, "", " \t"]) for at, key in enumerate(keys)}
    held = {f"k{at}": key | st.none() for at, key in enumerate(keys)}
    values = st.sampled_from([value for value, _ in VALUES[sql_type]])
    return Case(
        mode,
        sql_type,
        functions,
        draw(st.sampled_from(["priority", "and"])),
        draw(st.lists(st.fixed_dictionaries({**source, "value": values | st.none()}), max_size=12)),
        draw(
            st.lists(
                st.fixed_dictionaries({**held, "value": st.sampled_from(fitting) | st.none()}), max_size=6
            )
        ),
        mode == "updateOrCreate" and draw(st.booleans()),
    )


@settings(deadline=None, max_examples=settings().max_examples * 2)
@given(case=cases(), chunk=st.sampled_from([1, 3, 2_000]), lines_kept=st.sampled_from([0, 2, 10_000]))
def test_a_run_has_the_result_of_a_naive_one(case: Case, chunk: int, lines_kept: int) -> None:
    """Without log lines, new rows are inserted together, and may precede other rows of their chunk."""
    naive = Naive(case)
    with patch.object(runner, "CHUNK", chunk), patch.object(logs, "MOST_LINES", lines_kept):
        counts, lines, rows = asyncio.run(run(case))

    moved = sum(counts[name] for name in ("insert", "update", "error")) + naive.counts["skipped"]
    deleted = 0 if case.mode == "replace" else counts["delete"]
    assert in_order(rows) == in_order(naive.rows)
    assert rows == naive.rows or lines_kept < len(rows)
    assert {name: count for name, count in counts.items() if count} == naive.shown()
    assert moved + deleted == counts["total"] == len(case.source)
    assert lines == {
        "records": counts["total"],
        "errors": counts["error"],
        "warnings": counts["warnings"],
        "inserts": counts["insert"],
        "updates": naive.updated,
        "deletes": naive.deleted,
    }


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=partial(json.dumps, sort_keys=True))


async def run(case: Case) -> tuple[dict[str, int], dict[str, int], list[Row]]:
    """Sync the case's rows through the API; return the counts, the numbers of log lines, and the rows."""
    app = create_sandbox()
    workspace: Workspace = app.state.workspace
    names = [f"k{at}" for at in range(len(case.functions))]
    for name, rows, sql_type in (("from", case.source, "VARCHAR"), ("to", case.held, case.sql_type)):
        value = Column("value", TYPES.get(sql_type, "string"), sql_type)
        columns = (*(Column(each, "string", "VARCHAR") for each in names), value)
        table = Table("redshift", f"public.{name}", name, "table", columns)
        workspace.tables.create(table)
        workspace.tables.insert(table, rows)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as http:
        execution = await start(workspace, http, case, names)
        path = f"/api/syncs/{execution['sync']}/executions/{execution['id']}"
        ended = (await http.get(path)).json()["data"]
        index = (await http.get(f"{path}/logs")).json()["data"]
    target = workspace.tables.get("redshift", "public.to")
    assert target is not None
    arrived = list(workspace.tables.rows(target))
    workspace.close()
    assert ended["status"] == "completed", ended
    types = ("records", "errors", "warnings", "inserts", "updates", "deletes")
    return ended["counts"], {type_: index[type_]["count"] for type_ in types}, arrived


async def start(
    workspace: Workspace, http: httpx.AsyncClient, case: Case, names: list[str]
) -> dict[str, Any]:
    async def post(path: str, **body: Any) -> Any:
        answer = await http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    connection = await post("/api/connections", name="c", type="redshift", configuration=SERVER)
    model = await post(
        "/api/models", name="m", connection_id=connection["id"], configuration={"table": "public.from"}
    )
    mappings = [
        {"source": {"model_id": model["id"], "field": name}, "target": name, "function": function}
        for name, function in zip(names, case.functions, strict=True)
    ]
    field = {"source": {"model_id": model["id"], "field": "value"}, "target": "value"}
    if case.keeps_existing:
        field["sync_mode"] = "create"
    sync = await post(
        "/api/syncs",
        name="s",
        mode=case.mode,
        schedule={"frequency": "manual"},
        target={"connection_id": connection["id"], "object": "public.to"},
        fields=[field],
        identities={"mappings": mappings, "strategy": case.strategy},
    )
    started = await post(f"/api/syncs/{sync['id']}/executions")
    workspace.settle(60)
    return {"sync": sync["id"], "id": started["id"]}


class Naive:
    """The expected run, record by record."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.counts = Counter(total=len(case.source))
        self.rows = [dict(row) for row in case.held]
        self.updated = self.deleted = 0
        if case.mode == "replace":
            self.counts["delete"] = self.deleted = len(self.rows)
            self.rows = []
        for record in case.source:
            self.counts[self._move(record)] += 1

    def shown(self) -> dict[str, int]:
        """Return the counts that the API shows."""
        return {name: count for name, count in self.counts.items() if count and name != "skipped"}

    def _move(self, record: Row) -> str:
        found = self._found(record)
        if found is None:
            return "error"
        return self._remove(found) if self._case.mode == "remove" else self._write(record, found)

    def _found(self, record: Row) -> list[Row] | None:
        """Return the rows that match, or None if the record has no identity."""
        if self._case.mode == "append":
            return []
        keys = [record[f"k{at}"] for at in range(len(self._case.functions))]
        absent = [key is None or not key.strip() for key in keys]
        is_strict = self._case.strategy == "and" and len(keys) > 1
        if keys and (any(absent) if is_strict else all(absent)):
            return None
        matching = [
            [row for row in self.rows if self._is_match(at, key, row)]
            for at, key in enumerate(keys)
            if not absent[at]
        ]
        if is_strict:
            return [row for row in matching[0] if any(row is each for each in matching[1])]
        return next((rows for rows in matching if rows), list[Row]())

    def _is_match(self, at: int, key: str, row: Row) -> bool:
        held = row[f"k{at}"]
        return held is not None and MATCHES[self._case.functions[at]](key, held)

    def _remove(self, found: list[Row]) -> str:
        self._warn(found)
        self.rows = [row for row in self.rows if all(row is not each for each in found)]
        self.deleted += len(found)
        return "delete" if found else "skipped"

    def _write(self, record: Row, found: list[Row]) -> str:
        mode = self._case.mode
        if mode in (("create",) if found else ("update",)):
            return "skipped"
        value = self._fitted(record)
        if found:
            return self._update(found, value)
        if value is REFUSED:
            return "error"
        keys = {f"k{at}": self._key(record[f"k{at}"]) for at in range(len(self._case.functions))}
        self.rows.append({**keys, "value": value})
        return "insert"

    def _update(self, found: list[Row], value: Any) -> str:
        changed = [row for row in found if not (self._case.keeps_existing and row["value"] is not None)]
        if changed and value is REFUSED:
            return "error"
        self._warn(found)
        self.updated += len(found)
        for row in changed:
            row["value"] = value
        return "update"

    def _warn(self, found: list[Row]) -> None:
        self.counts["warnings"] += len(found) > 1

    def _fitted(self, record: Row) -> Any:
        value = record["value"]
        pairs = VALUES[self._case.sql_type]
        return next((to for of, to in pairs if of == value and type(of) is type(value)), None)

    @staticmethod
    def _key(key: str | None) -> str | None:
        return None if key is None or not key.strip() else key
