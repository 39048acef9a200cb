"""A workspace that imports the user's own files, and shows the tables."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from polytomic_mcp.sandbox.data.files.imports import import_tables
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.workspace.workspace import Workspace


class Importer:
    """A workspace and a folder for the files of a test."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self.workspace = workspace
        self._folder = folder

    def write(self, name: str, content: str | bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(self, files: Mapping[str, Path]) -> list[str]:
        return import_tables(self.workspace.tables, files)

    def table(self, name: str, system: str) -> Table:
        table = self.workspace.tables.get(system, name)
        assert table is not None
        return table

    def rows(self, name: str = "public.mine", system: str = "snowflake") -> list[dict[str, Any]]:
        return [row for _, row in self.workspace.tables.read(self.table(name, system))]

    def types(self, name: str = "public.mine", system: str = "snowflake") -> dict[str, str]:
        return {column.name: column.sql_type for column in self.table(name, system).columns}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.workspace.engine.query("snowflake", sql, dialect="snowflake").rows


@pytest.fixture
def importer(tmp_path: Path) -> Iterator[Importer]:
    workspace = Workspace(Store(), "key")
    yield Importer(workspace, tmp_path)
    workspace.close()
