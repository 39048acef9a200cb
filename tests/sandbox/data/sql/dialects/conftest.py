"""An engine over two rows with JSON, as a value and as text: the second has neither."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Table, Tables

DATA = {
    "name": "Ada",
    "n": 5,
    "ok": True,
    "tags": ["x", "y"],
    "address": {"city": "Rome", "geo": [{"lat": 1.5}]},
    "items": [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 2}],
    "when": "2026-01-15T09:30:00Z",
    "nothing": None,
    "a b": "spaced",
}
COLUMNS = (
    Column("id", "number", "BIGINT"),
    Column("name", "string", "VARCHAR", required=True),
    Column("plan", "string", "VARCHAR"),
    Column("data", "object", "JSON"),
    Column("txt", "string", "VARCHAR"),
    Column("born", "datetime", "DATE"),
)


@pytest.fixture
def tables() -> Iterator[Tables]:
    store = Store()
    tables = Tables(store)
    people = Table("snowflake", "public.people", "People", "table", COLUMNS, "id")
    tables.create(people)
    tables.insert(people, [
        {"id": 1, "name": "Ada", "plan": "gold", "data": DATA, "txt": json.dumps(DATA), "born": "2000-02-29"},
        {"id": 2, "name": "Bob", "plan": None, "data": None, "txt": None, "born": None},
    ])  # fmt: skip
    tables.create(Table("snowflake", "sales.orders", "Orders", "view", COLUMNS[:1]))
    yield tables
    store.close()


@pytest.fixture
def ask(tables: Tables) -> Iterator[Callable[[str, str], list[Any]]]:
    """Return the rows of a query: ``ask("mysql", "SELECT 1")``; a row of one value is the value."""
    engine = Engine(tables, lambda: datetime(2026, 1, 15, 9, 30, tzinfo=UTC))

    def query(dialect: str, sql: str) -> list[Any]:
        rows = engine.query("snowflake", sql, dialect=dialect).rows
        return [row[0] if len(row) == 1 else row for row in rows]

    yield query
    engine.close()
