"""Queries with limits that a test reaches soon."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.engine import Engine
from polytomic_mcp.sandbox.data.sql.process.child import Child
from polytomic_mcp.sandbox.data.sql.process.limits import Limits
from polytomic_mcp.sandbox.data.tables.tables import Tables


@pytest.fixture
def limited(tables: Tables) -> Iterator[Callable[..., Engine]]:
    """Return an engine with these limits: ``limited(processes=1)``."""
    with ExitStack() as stack:

        def engine(**limits: Any) -> Engine:
            made = Engine(tables, limits=Limits(**limits))
            stack.callback(made.close)
            return made

        yield engine


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(Limits())
    yield child
    child.close()
