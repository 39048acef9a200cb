"""Causes in what a sync refers to: fields that are gone, required or of another type."""

from collections.abc import Iterator, Mapping

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.diagnosis.cause import Cause, Certainty, make_cause, step
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.analysis.diagnosis.mending import Mending, mend
from polytomic_mcp.tools.analysis.diagnosis.source_columns import ColumnChange
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.deletions.sources import sources_of
from polytomic_mcp.tools.syncs.stored import newer_form


def problems(evidence: Evidence) -> Iterator[Cause]:
    """Merge the problems that Polytomic reports with those found here, by the object to look at."""
    theirs = [
        f"{item.get('path')}: {item.get('message')}" for item in as_objects(evidence.sync.get("problems"))
    ]
    ours = [line for line in evidence.broken_fields() if not _is_reported(line, theirs)]
    by_owner: dict[str, list[str]] = {}
    for line in [*theirs, *ours]:
        by_owner.setdefault(_owner(line), []).append(line)
    mending = mend(evidence, evidence.models) if by_owner.keys() & {"model", "target"} else Mending()
    steps = [*_update(evidence, mending)]
    for owner, lines in by_owner.items():
        title, see = _titles(evidence)[owner]
        found = [*lines, *(mending.unknown if owner == "target" else ())]
        yield make_cause(title, "certain", found, *([see] if owner == "sync" or not steps else steps))


def _update(evidence: Evidence, mending: Mending) -> Iterator[NextStep]:
    if mending.changes:
        this = {"sync_id": evidence.sync["id"], **mending.changes}
        yield step("update_sync", "; ".join(mending.words), **this)


def _is_reported(line: str, theirs: list[str]) -> bool:
    path = line.partition(": ")[0]
    return any(known.startswith((f"{path}:", f"{path}.")) for known in theirs)


def _owner(line: str) -> str:
    path = line.partition(": ")[0]
    if path.startswith(("schedule", "name", "policies")):
        return "sync"
    return "model" if "source" in path or path.startswith(("overrides", "model", "filters")) else "target"


def _titles(evidence: Evidence) -> dict[str, tuple[str, NextStep]]:
    sync_id, model_id = evidence.sync["id"], _incomplete_model(evidence)
    see_sync = step("get_sync", "see the whole sync", sync_id=sync_id)
    see_model = step("get_model", "see its fields; then update_sync", model_id=model_id)
    target = {"connection_id": evidence.target_connection_id, "target": evidence.target_object}
    see_target = step("list_target_fields", "see its fields; then update_sync", **target, refresh=True)
    return {
        "sync": ("The sync's settings are not valid", see_sync),
        "model": (
            "The sync reads fields that its models no longer have",
            see_model if model_id else see_sync,
        ),
        "target": ("The sync no longer matches its target", see_target),
    }


def _incomplete_model(evidence: Evidence) -> str:
    """Return the model that lacks a field which the sync reads, or else the first; empty if all are gone."""
    existing = {id_: model for id_, model in evidence.models.items() if model}
    for source in sources_of(newer_form(evidence.sync)):
        id_ = str(source["model_id"])
        model = existing.get(id_, {})
        names = {each.get("name") for each in as_objects(model.get("fields"))}
        if model and source.get("field") not in names:
            return id_
    return next(iter(existing), "")


def broken_queries(evidence: Evidence) -> Iterator[Cause]:
    """Report queries that no longer run, such as after a column that they name is gone."""
    for id_, reason in evidence.query_errors.items():
        model = evidence.models[id_]
        query = " ".join(str(as_object(model.get("configuration")).get("query")).split())
        see = step("get_model", "see its query; then update_model with a correct one", model_id=id_)
        title = f"The query of the model {quoted(str(model.get('name')))} does not run: {reason}"
        yield make_cause(title, "certain", [f"tried now: {query}"], see)


def column_changes(evidence: Evidence) -> Iterator[Cause]:
    """Report columns that their source no longer has, and those whose type changed there."""
    found = evidence.column_changes()
    gone, changed = [each for each in found if not each.now], [each for each in found if each.now]
    if gone:
        reload = step("update_model", "reload its columns", model_id=gone[0].model_id, refresh=True)
        mending = mend(evidence, _without(evidence.models, gone))
        lines = [*map(str, gone), *mending.unknown]
        title = "The source no longer has columns that the sync reads"
        yield make_cause(title, "certain", lines, reload, *_update(evidence, mending))
    if changed:
        reload = step("update_model", "reload its columns", model_id=changed[0].model_id, refresh=True)
        title = "Columns have a different type in their source"
        yield make_cause(title, "possible", [*map(str, changed)], reload, blocks=False)


def _without(models: Mapping[str, JsonObject], gone: list[ColumnChange]) -> dict[str, JsonObject]:
    """Return the models as they will be without the columns that are gone."""
    names = {(each.model_id, each.column) for each in gone}
    return {
        id_: model
        | {
            "fields": [
                each for each in as_objects(model.get("fields")) if (id_, each.get("name")) not in names
            ]
        }
        for id_, model in models.items()
    }


def type_mismatches(evidence: Evidence) -> Iterator[Cause]:
    """Report types that do not match, if something went wrong or the field changed after the sync.

    If the sync ran without errors since the change, only types that almost never match are reported.
    """
    groups = evidence.row_errors.causes if evidence.row_errors else []
    errors = {group.field for group in groups}
    is_failing = evidence.condition.state == "failing"
    last_clean = evidence.last_clean_run
    by_certainty: dict[Certainty, list[str]] = {}
    for each in evidence.type_mismatches():
        is_new = each.changed is not None and (last_clean is None or each.changed > last_clean)
        if is_failing or is_new or errors & {each.field, each.target}:
            by_certainty.setdefault("likely", []).append(str(each))
        elif each.changed is not None and each.is_severe:
            by_certainty.setdefault("possible", []).append(str(each))
    for certainty, lines in by_certainty.items():
        model_id = next(id_ for id_, model in evidence.models.items() if model)
        see = step("get_model", "see its fields and their types", model_id=model_id)
        yield make_cause("Types do not match", certainty, lines, see, blocks=False)
