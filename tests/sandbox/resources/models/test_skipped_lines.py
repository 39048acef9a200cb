"""Lines at the beginning of a CSV file that are no data."""

from collections.abc import Iterator
from typing import Any

import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.data.tables.tables import Column, Table
from polytomic_mcp.sandbox.resources.models.reading import read_source
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KEY = "odd/export.csv"
ROWS = [{"a": "made by", "b": None}, {"a": "id", "b": "name"}, {"a": "1", "b": "Ada"}, {"a": "2", "b": "Bob"}]


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(Store(), "key")
    for name in (KEY, "odd/export.jsonl"):
        columns = tuple(Column(each, "string", "VARCHAR") for each in ("a", "b"))
        table = Table("s3", name, name, "file", columns)
        workspace.tables.create(table)
        workspace.tables.insert(table, ROWS)
    yield workspace
    workspace.close()


def read(workspace: Workspace, *, key: str = KEY, of_connection: Any = None, **model: Any) -> list[Any]:
    configuration = {} if of_connection is None else {"skip_lines": of_connection}
    connection = {"id": "c", "name": "Lake", "type": {"id": "s3"}, "configuration": configuration}
    return list(read_source(workspace, connection, {"key": key, **model}).rows)


def test_the_line_after_those_that_are_skipped_names_the_columns(workspace: Workspace) -> None:
    assert read(workspace, skip_lines=2) == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]
    assert read(workspace, skip_lines="1")[0] == {"made by": "id", "column_2": "name"}


def test_the_setting_of_the_connection_applies_unless_the_model_has_its_own(workspace: Workspace) -> None:
    named = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]

    assert read(workspace, of_connection=2) == read(workspace, of_connection=1, skip_lines=2) == named
    assert read(workspace, of_connection=2, skip_lines=0) == ROWS


@pytest.mark.parametrize("count", [0, -1, "", None])
def test_no_line_is_skipped_by_default(workspace: Workspace, count: Any) -> None:
    assert read(workspace, skip_lines=count) == ROWS


def test_only_csv_files_have_lines_to_skip(workspace: Workspace) -> None:
    assert read(workspace, key="odd/export.jsonl", skip_lines=2) == ROWS


@pytest.mark.parametrize("count", ["two", 1.5, True, [1]])
def test_a_setting_that_is_no_number_is_refused(workspace: Workspace, count: Any) -> None:
    with pytest.raises(RefusalError, match="skip_lines must be a whole number"):
        read(workspace, skip_lines=count)


def test_a_file_without_a_line_that_is_left_is_refused(workspace: Workspace) -> None:
    with pytest.raises(RefusalError, match=r"File odd/export.csv has at most 9 lines\. Skip fewer"):
        read(workspace, skip_lines=9)
