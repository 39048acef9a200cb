"""An engine over one small table."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import Result
from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Table, Tables


@pytest.fixture
def people() -> Table:
    columns = (
        Column("id", "number", "BIGINT"),
        Column("name", "string", "VARCHAR"),
        Column("plan", "string", "VARCHAR"),
    )
    return Table("snowflake", "public.people", "People", "table", columns, "id")


@pytest.fixture
def tables(people: Table) -> Iterator[Tables]:
    store = Store()
    tables = Tables(store)
    tables.create(people)
    tables.insert(people, [{"id": number, "name": f"n{number}", "plan": "free"} for number in range(1, 6)])
    yield tables
    store.close()


@pytest.fixture
def engine(tables: Tables) -> Iterator[Engine]:
    engine = Engine(tables)
    yield engine
    engine.close()


@pytest.fixture
def ask(engine: Engine) -> Callable[..., Result]:
    """Ask Snowflake in its own dialect or another: ``ask("SELECT 1", "duckdb", limit=1)``."""

    def query(sql: str, dialect: str = "snowflake", **options: Any) -> Result:
        return engine.query("snowflake", sql, dialect=dialect, **options)

    return query
