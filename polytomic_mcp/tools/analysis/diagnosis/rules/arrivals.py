"""Why a run completed and wrote nothing, or less than it read; every count is measured."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.scalars import to_text
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.diagnosis.cause import Cause, make_cause, step
from polytomic_mcp.tools.analysis.diagnosis.conditions import Condition, ModelFilter, model_filter, values_of
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.diagnosis.model_rows import ModelRows
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.connections.modes import mode_names
from polytomic_mcp.tools.syncs.stored import identities_of

NOTHING_NEW: Final = "The last run took no row: none is new or changed since the run before"
"""No problem, but the answer to why nothing arrived."""

_SKIPPED: Final = {
    "update": ("match no record", "does not create"),
    "remove": ("match no record", "removes only what matches"),
    "create": ("match a record that exists", "does not update"),
}
_UPSERT: Final = "updateOrCreate"


def missing_rows(evidence: Evidence) -> Iterator[Cause]:
    """Report why the latest run wrote less than there is, if it completed."""
    run = evidence.short_run
    if run is None:
        return
    if run.skipped:
        yield _skipped(evidence, run.skipped, run.rows or 0)
    empty = [id_ for id_, found in evidence.rows.items() if not found.rows]
    for id_ in empty:
        yield _empty_model(evidence, id_)
    base = evidence.rows.get(evidence.base_model_id)
    if base is None or empty:
        return
    filter_ = model_filter(evidence.sync, evidence.models, evidence.now)
    blocking = [*_filtered(evidence, filter_)] if filter_ else []
    yield from blocking
    rows = _passing(evidence, filter_, base)
    yield from _identity_values(evidence, rows, base)
    if run.rows == 0 and not blocking:
        yield _unchanged(evidence, rows, base)


def _empty_model(evidence: Evidence, id_: str) -> Cause:
    model = evidence.models[id_]
    query = as_object(model.get("configuration")).get("query")
    lines = ["read now, after the run", *([f"its query: {' '.join(query.split())}"] if query else [])]
    see = step("get_model", "see what it selects; then update_model", model_id=id_)
    title = f"The model {quoted(str(model.get('name')))} returns 0 rows"
    return make_cause(title, "certain", lines, see, blocks=id_ == evidence.base_model_id)


def _filtered(evidence: Evidence, filter_: ModelFilter) -> Iterator[Cause]:
    """Report a filter that passes no row, with what each of its conditions passes."""
    read = [each for each in filter_.conditions if each.model_id in evidence.rows]
    if len(read) < len(filter_.conditions) or len({each.model_id for each in read}) > 1:
        return
    found = evidence.rows[read[0].model_id]
    if filter_.passing(found.rows):
        return
    lines = [_passed(each, found) for each in read]
    worst = min(read, key=lambda each: each.count(found.rows))
    lines.append(f"values of {worst.field}: {values_of(worst.field, found.rows)}")
    see = step("get_sync", "see the filter; update_sync changes it", sync_id=evidence.sync["id"])
    rows = step("preview_model", "see rows", model_id=worst.model_id)
    title = f"The filter passes 0 of {found.extent}"
    yield make_cause(title, "certain" if found.is_whole else "likely", lines, see, rows)


def _passed(condition: Condition, found: ModelRows) -> str:
    return f"{condition}: passes {condition.count(found.rows)} of {found.extent}"


def _passing(evidence: Evidence, filter_: ModelFilter | None, base: ModelRows) -> Sequence[JsonObject]:
    """Return the rows of the base model that pass the filter, as far as it is on that model."""
    if filter_ is None or any(each.model_id != evidence.base_model_id for each in filter_.conditions):
        return base.rows
    return filter_.passing(base.rows)


def _skipped(evidence: Evidence, skipped: int, total: int) -> Cause:
    """Report the rows that the run read and neither wrote nor rejected: the mode says why."""
    mode = str(evidence.sync.get("mode"))
    lines = [f"the run read {total} rows, and neither wrote nor rejected {skipped} of them"]
    upsert = replace(evidence, sync=evidence.sync | {"mode": _UPSERT})
    offered = mode_names(as_object(evidence.target).get("modes"))
    steps = [_records(evidence)]
    if mode in ("update", "create") and _UPSERT in offered:
        if needed := upsert.broken_fields():
            lines.append(f"the mode {_UPSERT!r} would need more: {needed[0]}")
        else:
            reason = "updates and creates, if a person wants that"
            steps = [step("update_sync", reason, sync_id=evidence.sync["id"], mode=_UPSERT), *steps]
    title = f"{skipped} of {total} rows {_why_skipped(evidence, mode)}"
    return make_cause(title, "likely", lines, *steps, blocks=False)


def _why_skipped(evidence: Evidence, mode: str) -> str:
    match, does = _SKIPPED.get(mode, ("", ""))
    has_filters = bool(as_object(evidence.sync.get("target_filters")).get("conditions"))
    if not match:
        return "match records that the target filters exclude" if has_filters else "were not written"
    allowed = " that the target filters allow" if has_filters else ""
    return f"{match}{allowed} and the mode {quoted(mode)} {does}"


def _records(evidence: Evidence) -> NextStep:
    run = evidence.short_run
    this = {"sync_id": evidence.sync["id"], "execution_id": run.id if run else ""}
    return step("get_sync_execution", "shows the rows that it read", **this, log="records")


def _identity_values(evidence: Evidence, rows: Sequence[JsonObject], base: ModelRows) -> Iterator[Cause]:
    """Report rows without a value that identifies them, and rows that share one."""
    fields = [as_object(each.get("source")) for each in identities_of(evidence.sync)[:1]]
    for source in fields:
        if source.get("model_id") != evidence.base_model_id:
            continue
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


def _unchanged(evidence: Evidence, rows: Sequence[JsonObject], base: ModelRows) -> Cause:
    """Report that there are rows now although the run took none."""
    this = evidence.sync["id"]
    lines = [f"the run took 0 rows; {len(rows)} of {base.extent} pass the filters now"]
    if evidence.sync.get("sync_all_records"):
        again = step("start_sync", "run it again", sync_id=this)
        return make_cause("The rows came after the last run", "likely", lines, again, blocks=False)
    lines.append("or the run was limited to records that the model does not have")
    resync = step("start_sync", "takes all rows, changed or not", sync_id=this, resync=True)
    certainty = "likely" if any(run.moved for run in evidence.runs or ()) else "possible"
    return make_cause(NOTHING_NEW, certainty, lines, resync, blocks=False)
