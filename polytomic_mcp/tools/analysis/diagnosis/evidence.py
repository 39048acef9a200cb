"""The evidence for a diagnosis: everything about a sync, read from all its sources concurrently."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.outages import is_system_out
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.errors import NotFoundError, RefusedError
from polytomic_mcp.tools.analysis.diagnosis.conditions import has_model_filter
from polytomic_mcp.tools.analysis.diagnosis.field_changes import (
    TypeMismatch,
    broken_fields,
    type_mismatches,
)
from polytomic_mcp.tools.analysis.diagnosis.model_rows import ModelRows, read_model_rows
from polytomic_mcp.tools.analysis.diagnosis.row_errors import (
    Line,
    RowErrors,
    group,
    read_row_errors,
    row_errors,
)
from polytomic_mcp.tools.analysis.diagnosis.source_columns import (
    ColumnChange,
    Columns,
    can_be_read,
    column_changes,
    has_query,
    read_columns,
    read_query_columns,
)
from polytomic_mcp.tools.analysis.health.runs import Run, decisive_run, runs_of
from polytomic_mcp.tools.analysis.health.states import Condition, condition_of
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.consent_links import ConsentLinks
from polytomic_mcp.tools.api_access.gathering import Finding, Gathering
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, Noun
from polytomic_mcp.tools.api_access.responses import data_of, items_of, objects_in
from polytomic_mcp.tools.connections.target_kinds import usual_kind
from polytomic_mcp.tools.deletions.sources import model_ids_of
from polytomic_mcp.tools.syncs.stored import identities_of, newer_form, target_of
from polytomic_mcp.tools.syncs.targets import target_fields

EVENTS_KEPT: Final = timedelta(hours=48)
"""How long the API keeps an event, according to its documentation."""

_EVENTS: Final = "GET /api/events"
_EVENT_PAGE: Final = 100
_MOST_EVENTS: Final = 1_000
_INVALID: Final = frozenset({400, 422})


@dataclass(slots=True)
class Evidence:
    """A sync and everything around it. An empty object no longer exists; an absent one could not be read."""

    sync: JsonObject
    now: datetime
    consent_links: ConsentLinks
    status: JsonObject = field(default_factory=dict[str, Any])
    executions: list[JsonObject] | None = None
    runs: list[Run] | None = None
    models: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    connections: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    columns: dict[str, Columns] = field(default_factory=dict[str, Columns])
    target: JsonObject | None = None
    events: list[JsonObject] | None = None
    row_errors: RowErrors | None = None
    rows: dict[str, ModelRows] = field(default_factory=dict[str, ModelRows])
    query_errors: dict[str, str] = field(default_factory=dict[str, str])
    outages: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def condition(self) -> Condition:
        """The sync's state according to its runs; unknown if they could not be read."""
        return condition_of(self.sync, self.runs, self.now)

    @property
    def target_connection_id(self) -> str:
        """The connection that the sync writes to."""
        return target_of(self.sync)[0]

    @property
    def target_object(self) -> str:
        """The id of the object that the sync writes to."""
        return target_of(self.sync)[1]

    @property
    def decisive_run(self) -> Run | None:
        """The ended run that the state of the sync depends on, apart from canceled ones."""
        return decisive_run([run for run in self.runs or () if run.is_over and not run.is_canceled])

    @property
    def rejecting_run(self) -> Run | None:
        """The run whose rejected rows still matter; it may be running or canceled, or a test if latest."""
        newest = Run.of(self.executions[0]) if self.executions else None
        if newest is not None and newest.is_test and newest.errors:
            return newest
        runs = [run for run in self.runs or () if run.errors or (run.is_over and not run.is_canceled)]
        run = decisive_run(runs)
        return run if run is not None and run.errors else None

    @property
    def measured_run(self) -> Run | None:
        """The latest run that ended, test or not, if it completed and rows may be missing from it."""
        runs = [run for each in self.executions or () if (run := Run.of(each)).is_over]
        run = next((each for each in runs if not each.is_canceled), None)
        if run is None or not run.is_success:
            return None
        return run if run.found_nothing or run.skipped or has_model_filter(self.sync) else None

    @property
    def base_model_id(self) -> str:
        """The model whose rows are the sync's records; others are joined to it."""
        body = newer_form(self.sync)
        sources = [*identities_of(body), *as_objects(body.get("fields"))]
        return next(iter(model_ids_of(sources)), next(iter(self.models), ""))

    @property
    def target_noun(self) -> str:
        """What the target is called: a flow or a cadence in some systems."""
        return usual_kind(self.connections.get(self.target_connection_id, {}))

    @property
    def last_clean_run(self) -> datetime | None:
        """When the last run started that completed without rejected rows."""
        return next((run.started for run in self.runs or () if run.is_success and not run.errors), None)

    def role_of(self, connection_id: str) -> str:
        """Return a connection's role in the sync: ``source``, ``target`` or ``source and target``."""
        is_source = any(model.get("connection_id") == connection_id for model in self.models.values())
        if connection_id != self.target_connection_id:
            return "source"
        return "source and target" if is_source else "target"

    def broken_fields(self) -> list[str]:
        """Return the problems of fields that are gone or no longer allowed, as ``path: text``."""
        existing = {id_: model for id_, model in self.models.items() if model}
        return broken_fields(self.sync, existing, self.target or None)

    @property
    def has_broken_references(self) -> bool:
        """Whether the sync uses something that is gone or no longer allowed."""
        return bool(self.sync.get("problems")) or bool(self.broken_fields())

    def type_mismatches(self) -> list[TypeMismatch]:
        """Return the mappings whose types do not match."""
        return list(type_mismatches(self.sync, self.models, self.target))

    def column_changes(self) -> list[ColumnChange]:
        """Return the columns in use that their source no longer has, or has with another type."""
        return list(column_changes(self.sync, self.models, self.columns))

    def field_names(self) -> set[str]:
        """Return the fields that an error may name: mapped fields, on both sides, and all of the target's."""
        mappings = [*identities_of(self.sync), *as_objects(self.sync.get("fields"))]
        names = {str(mapping.get("target")) for mapping in mappings}
        names |= {str(as_object(mapping.get("source")).get("field")) for mapping in mappings}
        return names | {str(item.get("id")) for item in as_objects(as_object(self.target).get("fields"))}


async def gather(caller: Caller, sync: JsonObject, gathering: Gathering) -> Evidence:
    """Read everything about a sync: what it refers to, what that refers to, and rows if some are missing."""
    evidence = Evidence(sync, caller.date(), caller.consent_links)
    await _read_direct(caller.api, evidence, gathering)
    await _read_indirect(caller.api, evidence, gathering)
    if evidence.measured_run is not None and all(evidence.models.values()):
        await _read_rows(caller, evidence, gathering)
    return evidence


async def _read_direct(api: Polytomic, evidence: Evidence, gathering: Gathering) -> None:
    sync = evidence.sync
    target = partial(target_fields, api, evidence.target_connection_id, target=evidence.target_object)
    async with gathering.together() as read:
        status = read("status", partial(data_of, api, "GET /api/syncs/{id}/status", id=sync["id"]))
        executions = read("executions", partial(_executions, api, sync["id"]))
        events = read("events", partial(_events, api, sync["id"], evidence.now))
        fields = read("target fields", partial(_or_empty, target))
        models = {id_: read("models", partial(_existing, api, MODEL, id_)) for id_ in model_ids_of(sync)}
    evidence.status = status.value or {}
    evidence.executions = executions.value
    evidence.runs = None if executions.value is None else runs_of(executions.value)
    evidence.events = events.value
    evidence.target = fields.value
    evidence.models = _known(models.items())


async def _read_indirect(api: Polytomic, evidence: Evidence, gathering: Gathering) -> None:
    sources = [
        str(model["connection_id"]) for model in evidence.models.values() if model.get("connection_id")
    ]
    run = evidence.rejecting_run
    async with gathering.together() as read:
        connections = {
            id_: read("connections", partial(_existing, api, CONNECTION, id_))
            for id_ in dict.fromkeys([*sources, evidence.target_connection_id])
            if id_
        }
        columns = {
            id_: read("source columns", partial(read_columns, api, model))
            for id_, model in evidence.models.items()
            if can_be_read(model)
        }
        if evidence.condition.state in ("failing", "never_run"):
            columns |= {
                id_: read("source columns", partial(_query_columns, api, evidence, model))
                for id_, model in evidence.models.items()
                if has_query(model)
            }
        errors = read("row errors", partial(_row_errors, api, evidence, run))
    evidence.connections = _known(connections.items())
    evidence.columns = {id_: found.value for id_, found in columns.items() if found.value is not None}
    evidence.row_errors = errors.value
    if run is not None and not (errors.value and errors.value.causes):
        evidence.row_errors = _errors_of_run(evidence, run)


async def _read_rows(caller: Caller, evidence: Evidence, gathering: Gathering) -> None:
    """Read the rows of the models, to measure why a run wrote nothing, or less than it read."""
    async with gathering.together() as read:
        found = {
            id_: read("rows of models", partial(read_model_rows, caller, model))
            for id_, model in evidence.models.items()
        }
    evidence.rows = {id_: each.value for id_, each in found.items() if each.value is not None}


async def _row_errors(api: Polytomic, evidence: Evidence, run: Run | None) -> RowErrors | None:
    """Read the log of a run that rejected rows; None if there is no such run."""
    if run is None:
        return None
    return await read_row_errors(api, evidence.sync["id"], run.id, evidence.field_names())


async def _query_columns(api: Polytomic, evidence: Evidence, model: JsonObject) -> Columns:
    """Return the columns of a model's query now; none, and the reason in the evidence, if it does not run."""
    try:
        return await read_query_columns(api, model)
    except RefusedError as refused:
        if refused.status not in _INVALID:
            raise
        is_out = is_system_out(refused.key, refused.reason)
        reasons = evidence.outages if is_out else evidence.query_errors
        reasons[model["id"]] = refused.reason
        return {}


def _errors_of_run(evidence: Evidence, run: Run) -> RowErrors:
    """Group the few errors that the run itself lists, if its log has none."""
    execution = next(item for item in evidence.executions or () if item.get("id") == run.id)
    lines = [Line.of(str(text)) for text in as_list(execution.get("errors"))]
    return row_errors(run.id, group(lines, evidence.field_names()), total=run.errors, read=len(lines))


def _known(found: Iterable[tuple[str, Finding[JsonObject]]]) -> dict[str, JsonObject]:
    return {id_: finding.value for id_, finding in found if finding.value is not None}


async def _existing(api: Polytomic, noun: Noun, id_: str) -> JsonObject:
    return await _or_empty(partial(data_of, api, noun.get, id=id_))


async def _or_empty(read: "partial[Any]") -> JsonObject:
    """Return an object, or an empty one if it no longer exists."""
    try:
        return await read()
    except NotFoundError:
        return {}


async def _executions(api: Polytomic, sync_id: str) -> list[JsonObject]:
    operation = "GET /api/syncs/{sync_id}/executions"
    found = items_of(operation, await api.call(operation, sync_id=sync_id, ascending=False))
    return sorted(found, key=lambda item: str(item.get("started_at") or item.get("created_at")), reverse=True)


async def _events(api: Polytomic, sync_id: str, now: datetime) -> list[JsonObject]:
    """Return the sync's events, newest first, out of the organization's latest thousand."""
    found: list[JsonObject] = []
    seen = 0
    since = (now - EVENTS_KEPT).isoformat().replace("+00:00", "Z")
    async for page in api.pages(_EVENTS, starting_after=since, limit=_EVENT_PAGE):
        events = objects_in(_EVENTS, page)
        seen += len(events)
        found += [each for each in events if as_object(each.get("event")).get("sync_id") == sync_id]
        if seen >= _MOST_EVENTS:
            break
    return sorted(found, key=lambda event: str(event.get("created_at")), reverse=True)
