"""Why a run completed and wrote nothing, or less than it read; every count is measured."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.diagnosis.cause import Cause, make_cause, step
from polytomic_mcp.tools.analysis.diagnosis.conditions import ModelFilter, model_filter, values_of
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.diagnosis.model_rows import ModelRows
from polytomic_mcp.tools.analysis.health.runs import Run
from polytomic_mcp.tools.connections.modes import mode_names
from polytomic_mcp.tools.syncs.stored import identities_of

_NOTHING_NEW: Final = "The last run took no rows: none are new or changed since the run before"
_NO_BACKFILL: Final = (
    "The sync leaves out the rows that were there before its first run (skip_initial_backfill)"
)
_SKIPPED: Final = {
    "update": ("match no record", "does not create"),
    "remove": ("match no record", "removes only what matches"),
    "create": ("match a record that exists", "does not update"),
}
_UPSERT: Final = "updateOrCreate"


def missing_rows(evidence: Evidence) -> Iterator[Cause]:
    """Report why the latest run, which completed, found no row to write."""
    empty = [id_ for id_, found in evidence.rows.items() if not found.rows]
    for id_ in empty:
        yield _empty_model(evidence, id_)
    base, filter_ = evidence.rows.get(evidence.base_model_id), _filter(evidence)
    if base is None or empty:
        return
    if filter_ and not filter_.passing(_rows_of(evidence, filter_).rows):
        yield _filtered(evidence, filter_)
    yield from _identity_values(evidence, base, _passing(evidence, filter_, base))


def rows_left_out(evidence: Evidence) -> Iterator[Cause]:
    """Report which rows the latest run left out as the sync is made to: no problem, but an answer."""
    run, filter_ = evidence.measured_run, _filter(evidence)
    if run is None:
        return
    if run.skipped:
        yield _skipped(evidence, run)
    found = _rows_of(evidence, filter_) if filter_ else None
    passing = len(filter_.passing(found.rows)) if filter_ and found else 0
    if filter_ and found and 0 < passing < len(found.rows):
        yield _partly_filtered(filter_, found, passing)
    base = evidence.rows.get(evidence.base_model_id)
    if run.is_empty and base and base.rows and (passing or filter_ is None):
        yield _unchanged(evidence, base, len(_passing(evidence, filter_, base)))


def _filter(evidence: Evidence) -> ModelFilter | None:
    """Return the model filter, if all its conditions are on one model whose rows were read."""
    found = model_filter(evidence.sync, evidence.models, evidence.now)
    ids = {each.model_id for each in found.conditions} if found else set[str]()
    return found if len(ids) == 1 and ids <= evidence.rows.keys() else None


def _rows_of(evidence: Evidence, filter_: ModelFilter) -> ModelRows:
    return evidence.rows[filter_.conditions[0].model_id]


def _empty_model(evidence: Evidence, id_: str) -> Cause:
    model = evidence.models[id_]
    query = as_object(model.get("configuration")).get("query")
    lines = ["read now, after the run", *([f"its query: {' '.join(query.split())}"] if query else [])]
    lines += _deleted(evidence)
    see = step("get_model", "see what it selects; then update_model", model_id=id_)
    title = f"The model {quoted(str(model.get('name')))} returns 0 rows"
    return make_cause(title, "certain", lines, see, blocks=id_ == evidence.base_model_id)


def _deleted(evidence: Evidence) -> Iterator[str]:
    """Say what a run without rows deleted."""
    run, mode = evidence.measured_run, quoted(str(evidence.sync.get("mode")))
    if run is not None and run.found_nothing and run.moved:
        yield f"the run deleted {run.moved} records: the mode {mode} keeps only what it writes"


def _filtered(evidence: Evidence, filter_: ModelFilter) -> Cause:
    """Report a filter that passes no row, with what each of its conditions passes."""
    found = _rows_of(evidence, filter_)
    worst = min(filter_.conditions, key=lambda each: each.count(found.rows))
    values = f"values of {worst.field}: {values_of(worst.field, found.rows)}"
    lines = [*_deleted(evidence), *_counts(filter_, found), values]
    see = step("get_sync", "see the filter; update_sync changes it", sync_id=evidence.sync["id"])
    rows = step("preview_model", "see rows", model_id=worst.model_id)
    title = f"The filter passes 0 of {found.extent}"
    return make_cause(title, "certain" if found.is_whole else "likely", lines, see, rows)


def _partly_filtered(filter_: ModelFilter, found: ModelRows, passing: int) -> Cause:
    title = f"The filter passes {passing} of {found.extent}"
    return make_cause(title, "certain", _counts(filter_, found), blocks=False)


def _counts(filter_: ModelFilter, found: ModelRows) -> list[str]:
    """Return how many rows each condition passes."""
    return [f"{each}: passes {each.count(found.rows)} of {found.extent}" for each in filter_.conditions]


def _passing(evidence: Evidence, filter_: ModelFilter | None, base: ModelRows) -> Sequence[JsonObject]:
    """Return the rows of the base model that pass the filter, if it is on that model."""
    is_on_base = filter_ is not None and filter_.conditions[0].model_id == evidence.base_model_id
    return filter_.passing(base.rows) if filter_ is not None and is_on_base else base.rows


def _skipped(evidence: Evidence, run: Run) -> Cause:
    """Report the rows that the run read and neither wrote nor rejected: the mode says why."""
    mode, total = str(evidence.sync.get("mode")), run.rows
    lines = [f"the run read {total} rows, and neither wrote nor rejected {run.skipped} of them"]
    upsert = replace(evidence, sync=evidence.sync | {"mode": _UPSERT})
    offered = mode_names(as_object(evidence.target).get("modes"))
    this = {"sync_id": evidence.sync["id"]}
    see = "shows the rows that it read"
    steps = [step("get_sync_execution", see, **this, execution_id=run.id, log="records")]
    if mode in ("update", "create") and _UPSERT in offered:
        if needed := upsert.broken_fields():
            lines.append(f"the mode {_UPSERT!r} would need more: {needed[0]}")
        else:
            reason = "updates and creates, if a person wants that"
            steps.insert(0, step("update_sync", reason, **this, mode=_UPSERT))
    title = f"{run.skipped} of {total} rows {_why_skipped(evidence, mode)}"
    return make_cause(title, "likely", lines, *steps, blocks=False)


def _why_skipped(evidence: Evidence, mode: str) -> str:
    match, does = _SKIPPED.get(mode, ("", ""))
    has_filters = bool(as_object(evidence.sync.get("target_filters")).get("conditions"))
    if not match:
        return "match records that the target filters exclude" if has_filters else "were not written"
    allowed = " that the target filters allow" if has_filters else ""
    return f"{match}{allowed} and the mode {quoted(mode)} {does}"


def _identity_values(evidence: Evidence, base: ModelRows, rows: Sequence[JsonObject]) -> Iterator[Cause]:
    """Report rows without a value that identifies them, and rows that share one."""
    fields = [as_object(each.get("source")) for each in identities_of(evidence.sync)[:1]]
    for source in fields:
        name = str(source.get("field"))
        counts = Counter(to_text(row.get(name)).strip() for row in rows)
        extent = f"{len(rows)} rows" if base.is_whole else f"the {len(rows)} rows read"
        see = step("preview_model", "see rows", model_id=evidence.base_model_id)
        if empty := counts.pop("", 0):
            title = f"{empty} of {extent} have no value in {name}, which identifies them"
            yield make_cause(title, "certain", ["null or empty text"], see, blocks=empty == len(rows))
        if repeated := {value: count for value, count in counts.items() if count > 1}:
            title = f"{sum(repeated.values())} of {extent} share their value of {name}, which identifies them"
            lines = [f"{quoted(value)}: {count} rows" for value, count in repeated.items()]
            yield make_cause(title, "possible", lines, see, blocks=False)


def _unchanged(evidence: Evidence, base: ModelRows, passing: int) -> Cause:
    """Report that there are rows now although the run took none."""
    this = evidence.sync["id"]
    lines = [f"the run took 0 rows; {passing} of {base.extent} pass the filters now"]
    if evidence.sync.get("sync_all_records"):
        again = step("start_sync", "run it again", sync_id=this)
        return make_cause("The rows came after the last run", "likely", lines, again, blocks=False)
    resync = step("start_sync", "takes all rows, changed or not", sync_id=this, resync=True)
    before = next((run for run in evidence.runs or () if run.moved), None)
    if before is None and evidence.sync.get("skip_initial_backfill"):
        return make_cause(_NO_BACKFILL, "likely", lines, resync, blocks=False)
    if before is not None:
        lines.append(f"the last run that took rows, {before.id}, wrote {before.moved}")
    lines.append("or the run was limited to records that the model does not have")
    certainty = "possible" if before is None else "likely"
    return make_cause(_NOTHING_NEW, certainty, lines, resync, blocks=False)
