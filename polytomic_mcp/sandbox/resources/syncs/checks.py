"""What is wrong with a sync: references that lead nowhere, and rules it breaks.

References are checked at writing and again at each reading, since models and targets go away;
rules are checked at writing only.
"""

from collections import Counter
from collections.abc import Iterator

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem, nearest, refusal
from polytomic_mcp.sandbox.data.systems.systems import system_of
from polytomic_mcp.sandbox.resources.models.joins import find_joins
from polytomic_mcp.sandbox.resources.models.models import require_healthy
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, model_ids, used
from polytomic_mcp.sandbox.resources.syncs import schedules as sync_schedules
from polytomic_mcp.sandbox.resources.syncs.conditions import condition_problems
from polytomic_mcp.sandbox.resources.syncs.targets import Target, TargetField, get_target, list_targets
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_FIELD_MODES = ("create", "updateOrCreate")


def find_target(workspace: Workspace, sync: JsonObject) -> Target | None:
    """Return the sync's target object, or None where it or its connection is not there."""
    connection = workspace.store.get("connection", sync["target"]["connection_id"])
    if connection is None:
        return None
    return get_target(workspace, system_of(connection), sync["target"].get("object") or "")


def require_target(workspace: Workspace, sync: JsonObject, sources: Sources) -> Target:
    """Return the target of a sync that can run.

    Raises:
        RefusalError: 422, something it names is gone, or a model's connection cannot be read now.
    """
    problems = reference_problems(workspace, sync, sources)
    target = find_target(workspace, sync)
    if problems or target is None:
        raise refusal(problems, f"Sync {sync['name']} cannot run")
    for id_ in _read_models(sync, sources):
        require_healthy(workspace, (sources.model(id_) or {})["connection_id"])
    return target


def ends(workspace: Workspace, sync: JsonObject, sources: Sources) -> list[JsonObject]:
    """Return the connections that a run reads and writes."""
    read = [(sources.model(id_) or {})["connection_id"] for id_ in _read_models(sync, sources)]
    return [workspace.find("connection", id_) for id_ in (*read, sync["target"]["connection_id"])]


def reference_problems(workspace: Workspace, sync: JsonObject, sources: Sources) -> list[Problem]:
    """Return what the sync names and is not there: models, fields, the connection, the target."""
    found = [problem for path, source in used(sync) if (problem := sources.problem(source, path))]
    target = find_target(workspace, sync)
    if target is None:
        found.append(_missing_target(workspace, sync))
    else:
        found += _field_problems(sync, target)
    return found or list(_join_problems(sync, sources))


def rule_problems(workspace: Workspace, sync: JsonObject, target: Target) -> Iterator[Problem]:
    """Yield the rules the sync breaks on its target."""
    if not sync["name"].strip():
        yield Problem("invalid_name", "a sync needs a name", "name")
    yield from sync_schedules.problems(sync["schedule"], workspace.store)
    yield from sync_schedules.circle_problems(sync, workspace.store)
    yield from condition_problems(sync)
    yield from _mode_problems(sync, target)
    yield from _identity_problems(sync, target)
    yield from _mapping_problems(sync, target)


def source_problems(sync: JsonObject, sources: Sources) -> list[Problem]:
    """Return the models and model fields that the sync names and that are not there."""
    found = [problem for path, source in used(sync) if (problem := sources.problem(source, path))]
    return found or list(_join_problems(sync, sources))


def mapped_targets(sync: JsonObject) -> list[tuple[str, str, bool]]:
    """Return the target fields a sync names: the path, the id, and whether it asks for a new one."""
    found: list[tuple[str, str, bool]] = []
    for kind in ("fields", "override_fields"):
        for position, field in enumerate(sync[kind]):
            found.append((f"{kind}[{position}].target", field["target"], bool(field.get("new"))))
    for position, mapping in enumerate(sync["identities"]["mappings"]):
        found.append(
            (f"identities.mappings[{position}].target", mapping["target"], bool(mapping.get("new_field")))
        )
    return found


def _missing_target(workspace: Workspace, sync: JsonObject) -> Problem:
    id_ = sync["target"]["connection_id"]
    connection = workspace.store.get("connection", id_)
    if connection is None:
        return Problem("unknown_connection", f"there is no connection {id_}", "target.connection_id")
    name = sync["target"].get("object") or ""
    names = [target.id for target in list_targets(workspace, system_of(connection))]
    message = f"connection {connection['name']} has no target object {name!r}: {nearest(name, names)}"
    return Problem("unknown_target", message, "target.object")


def _field_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    named = [(path, id_) for path, id_, is_new in mapped_targets(sync) if not is_new]
    for position, condition in enumerate(sync["target_filters"]["conditions"]):
        named.append((f"target_filters.conditions[{position}].field", condition["field"]))
    for path, id_ in named:
        if target.field(id_) is None:
            names = [field.column.name for field in target.fields]
            message = f"target object {target.id} has no field {id_!r}: {nearest(id_, names)}"
            yield Problem("unknown_target_field", message, path)


def _read_models(sync: JsonObject, sources: Sources) -> list[str]:
    """Return the models a run reads: the one whose records it moves, and those that join it."""
    ids = model_ids(sync)
    return [*ids[:1], *(join.model_id for join in find_joins(sources, ids))]


def _join_problems(sync: JsonObject, sources: Sources) -> Iterator[Problem]:
    ids = model_ids(sync)
    reached = _read_models(sync, sources)
    for id_ in ids:
        if id_ not in reached:
            message = f"model {id_} has no relation that leads to model {ids[0]}"
            yield Problem("unrelated_model", message, "model_ids")


def _mode_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    offered = target.mode(sync["mode"])
    if offered is None:
        names = ", ".join(each.mode.id for each in target.modes)
        message = f"target object {target.id} has no mode {sync['mode']!r}; it has: {names}"
        yield Problem("invalid_mode", message, "mode")
        return
    if offered.requires_identity and not sync["identities"]["mappings"]:
        names = ", ".join(field.column.name for field in target.fields if field.is_identity)
        message = f"mode {sync['mode']} needs an identity; its target may be one of: {names}"
        yield Problem("missing_identity", message, "identity")
    conditions = sync["target_filters"]["conditions"]
    if conditions and not offered.supports_filters:
        yield Problem("invalid_filter", f"mode {sync['mode']} takes no target filters", "target_filters")
    if any(each.get("value_source") for each in conditions) and not target.has(
        "supports_filter_value_fields"
    ):
        message = f"target object {target.id} compares with fixed values only; send value"
        yield Problem("invalid_filter", message, "target_filters")


def _identity_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    mappings = sync["identities"]["mappings"]
    for position, mapping in enumerate(mappings):
        field = target.field(mapping["target"])
        if field is not None and not field.is_identity:
            names = ", ".join(each.column.name for each in target.fields if each.is_identity) or "none"
            message = f"{mapping['target']} can be no identity; these can: {names}"
            yield Problem("invalid_identity", message, f"identities.mappings[{position}].target")
    if len(mappings) > 1 and not target.has("supports_multiple_identities"):
        message = f"target object {target.id} takes one identity mapping only"
        yield Problem("invalid_identity", message, "identities.mappings")


def _mapping_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    if not model_ids(sync):
        yield Problem("missing_source", "names no model; map a field of one, or an identity", "fields")
    elif not sync["fields"] and not sync["override_fields"] and not _goes_without_fields(sync, target):
        message = f"target object {target.id} needs at least one field mapping"
        yield Problem("missing_fields", message, "fields")
    named = mapped_targets(sync)
    for path, id_, is_new in named:
        yield from _field_target_problems(target, path, id_, is_new=is_new)
    counts = Counter(id_.casefold() for path, id_, _ in named if not path.startswith("identities"))
    for id_, count in counts.items():
        if count > 1 and not target.has("optional_target_mappings"):
            yield Problem("duplicate_target_field", f"{id_} is mapped {count} times", "fields")
    yield from _field_mode_problems(sync)
    yield from _required_problems(sync, target, {id_.casefold() for _, id_, _ in named})


def _field_target_problems(target: Target, path: str, id_: str, *, is_new: bool) -> Iterator[Problem]:
    is_identity = path.startswith("identities")
    flag = "supports_identity_field_creation" if is_identity else "supports_field_creation"
    field = target.field(id_)
    if not id_.strip():
        yield Problem("unknown_target_field", "a target field needs a name", path)
    if field is None and is_new and not target.has(flag):
        message = f"target object {target.id} takes no new fields: {id_!r}"
        yield Problem("unknown_target_field", message, path)
    if field is not None and field.is_system and not is_identity:
        yield Problem("readonly_target_field", f"{target.id} fills {id_} in by itself; leave it out", path)


def _goes_without_fields(sync: JsonObject, target: Target) -> bool:
    return target.has("mappings_not_required") or sync["mode"] == "remove"


def _field_mode_problems(sync: JsonObject) -> Iterator[Problem]:
    for kind in ("fields", "override_fields"):
        for position, field in enumerate(sync[kind]):
            path = f"{kind}[{position}]"
            if field.get("sync_mode") not in (None, "", *_FIELD_MODES):
                message = (
                    f"{field['sync_mode']!r} is no mode of a field; there are: {', '.join(_FIELD_MODES)}"
                )
                yield Problem("invalid_field_mode", message, f"{path}.sync_mode")
            if kind == "fields" and not field.get("source"):
                yield Problem("missing_source", "needs a source, or an override_value", path)
            if kind == "override_fields" and field["override_value"] is None:
                yield Problem("missing_value", "needs an override_value", path)


def _required_problems(sync: JsonObject, target: Target, named: set[str]) -> Iterator[Problem]:
    offered = target.mode(sync["mode"])
    if offered is None or not offered.mode.inserts:
        return
    missing = [field.column.name for field in target.fields if _is_required(field, named)]
    if missing:
        message = f"mode {sync['mode']} adds records, which need {', '.join(missing)}; map them"
        yield Problem("missing_required_field", message, "fields")


def _is_required(field: TargetField, named: set[str]) -> bool:
    return field.column.required and not field.is_system and field.column.name.casefold() not in named
