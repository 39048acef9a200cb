"""The plan for one schema of a run: what is read, from which watermark, and how it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Self

from polytomic_mcp.catalogue.rules import outputs
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.data.tables.tables import Row, Table
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.bulk_syncs.movement import outputs as bulk_outputs
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.outputs import Shape
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.selection import Selection
from polytomic_mcp.sandbox.resources.bulk_syncs.movement.write_modes import Append, Merge, Replace, Writer
from polytomic_mcp.sandbox.resources.runs import watermarks
from polytomic_mcp.sandbox.workspace.workspace import Workspace

TEST_RECORDS: Final = 5


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """What a run does with one schema.

    ``writer`` is None for a test, which writes nothing. ``mark`` is the watermark, or None to read all rows;
    it is only valid for the same ``state``. ``is_strict`` excludes the rows at the watermark.
    """

    connection: JsonObject
    source: Table
    selection: Selection
    shape: Shape
    writer: Writer | None = None
    mark: Any = None
    state: JsonObject = field(default_factory=dict[str, Any])
    is_strict: bool = False

    def rows(self, workspace: Workspace) -> Iterator[Row]:
        """Yield the source's rows that the run reads."""
        rows = bulk_sources.read(workspace, self.connection, self.source)
        selected = self.selection.read(rows, self.mark, is_strict=self.is_strict)
        return selected if self.writer is not None else islice(selected, TEST_RECORDS)


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the rows go: the existing table, the planned one, and the names of the existing columns."""

    output: Table
    planned: Table
    names: list[str]
    key: list[str]

    @classmethod
    def of(cls, output: Table, planned: Table, selection: Selection, key: Sequence[str]) -> Self:
        """Return the target with column names in the case of the existing table."""
        own = bulk_outputs.own_columns(output, [each.column.name for each in selection.outputs])
        return cls(output, planned, [each.name for each in own.values()], [own[name].name for name in key])


def plan_schema(
    workspace: Workspace, sync: JsonObject, schema: JsonObject, execution: JsonObject
) -> SchemaPlan:
    """Return the plan for a schema, and create or widen its output unless the execution is a test.

    Raises:
        RefusalError: 422, the source no longer has the schema.
    """
    source = workspace.find("connection", sync["source_connection_id"])
    workspace.faults.require_up(source)
    table = bulk_sources.get_table(workspace, source, schema["id"])
    if table is None:
        raise RefusalError(422, f"The source no longer has the schema {schema['id']}.", key="unknown_schema")
    selection = Selection(sync, schema, table, workspace.clock())
    key = _key(workspace, source, table, selection)
    planned = _planned(workspace, sync, schema, selection, key)
    if execution["is_test"]:
        return SchemaPlan(source, table, selection, bulk_outputs.shape_for(planned, selection.outputs))
    mode = _write_mode(sync, execution["_request"], has_key=bool(key))
    is_soft = _deletes_softly(sync, has_key=bool(key))
    is_replaced = mode in ("replace", "rebuild")
    is_new = workspace.tables.get(planned.system, planned.name) is None
    target = _Target.of(bulk_outputs.ensure(workspace, planned), planned, selection, key)
    writer = _writer(workspace, mode, target, execution["id"], is_soft=is_soft)
    form = planned if mode == "rebuild" else target.output
    shape = bulk_outputs.shape_for(form, selection.outputs, () if is_replaced else target.key)
    state = {**selection.state(), "output": planned.id}
    is_whole = is_new or is_replaced or _reads_all(execution["_request"])
    mark = None if is_whole else watermarks.get(workspace, sync["id"], schema["id"], state)
    is_strict = mode == "append" and not key
    return SchemaPlan(source, table, selection, shape, writer, mark, state, is_strict)


def _write_mode(sync: JsonObject, request: JsonObject, *, has_key: bool) -> str:
    """Return merge, append, replace or rebuild.

    A replica without a key is created again by each run, or only emptied with ``truncate_existing``, as the
    common advanced settings are documented. A snapshot is always emptied (a guess).
    """
    if request.get("resync_mode") == "rebuild":
        return "rebuild"
    if request.get("resync_mode") == "resync" or sync["mode"] == "snapshot":
        return "replace"
    if sync["mode"] == "append":
        return "append"
    if has_key:
        return "merge"
    return "replace" if outputs.advanced(sync).get(outputs.TRUNCATE_EXISTING) else "rebuild"


def _deletes_softly(sync: JsonObject, *, has_key: bool) -> bool:
    """Whether a row that is gone is kept with the time of its deletion, as documented for every destination.

    Only replicas with a key delete single rows. Without the columns for times, rows are removed (a guess).
    """
    is_replica = has_key and sync["mode"] == "replicate"
    is_hard = outputs.advanced(sync).get(outputs.HARD_DELETES)
    return is_replica and not is_hard and not sync["disable_record_timestamps"]


def _reads_all(request: JsonObject) -> bool:
    return request.get("fetch_mode") == "full" or request.get("resync_mode") is not None


def _writer(workspace: Workspace, mode: str, target: _Target, run: str, *, is_soft: bool) -> Writer:
    if mode == "merge":
        return Merge(workspace, target.output, target.names, target.key, run, is_soft=is_soft)
    if mode == "append":
        return Append(workspace, target.output, target.names, target.key)
    return Replace(workspace, target.output, target.planned, run, is_rebuilt=mode == "rebuild")


def _key(workspace: Workspace, source: JsonObject, table: Table, selection: Selection) -> tuple[str, ...]:
    """Return the names of the key columns in the output, or none if one of them is not copied."""
    keys = {column.name for column in bulk_sources.key_columns(workspace, source, table)}
    found = [each for each in selection.outputs if each.source.name in keys]
    return tuple(each.column.name for each in found) if len(found) == len(keys) else ()


def _planned(
    workspace: Workspace, sync: JsonObject, schema: JsonObject, selection: Selection, key: Sequence[str]
) -> Table:
    destination = workspace.find("connection", sync["destination_connection_id"])
    workspace.faults.require_up(destination)
    stamps = [] if sync["disable_record_timestamps"] else [bulk_outputs.CREATED, bulk_outputs.UPDATED]
    if _deletes_softly(sync, has_key=bool(key)):
        stamps.append(bulk_outputs.DELETED)
    place = bulk_schemas.place(sync, schema)
    # An append keeps every version of a row, so a server must not hold the key to be unique.
    unique = () if sync["mode"] == "append" else key
    return bulk_outputs.plan_output(system_of(destination), place, selection.outputs, unique, stamps)
