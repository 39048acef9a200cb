"""The rules that a sync must follow to be stored; each violation is a ``Problem``.

They are checked when a sync is written. What it refers to is checked again whenever it is read, since
models and targets may be deleted later.
"""

from collections import Counter
from collections.abc import Iterator

from polytomic_mcp.catalogue.rules.identity_functions import FUNCTIONS
from polytomic_mcp.catalogue.rules.modes import FIELD_MODES
from polytomic_mcp.catalogue.rules.names import identifier_problem
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, unknown, valid_values
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.resources.connections import connections
from polytomic_mcp.sandbox.resources.models.source_fields import model_ids
from polytomic_mcp.sandbox.resources.syncs import schedules as sync_schedules
from polytomic_mcp.sandbox.resources.syncs.filter_arguments import filter_problems
from polytomic_mcp.sandbox.resources.syncs.references import References
from polytomic_mcp.sandbox.resources.syncs.syncs import named_target_fields
from polytomic_mcp.sandbox.resources.syncs.targets import NEW, Target, TargetField
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def find_problems(workspace: Workspace, references: References) -> Iterator[Problem]:
    """Yield everything that keeps the sync from being stored."""
    connection = references.connection
    if connection is not None and (reason := connections.destination_problem(connection)):
        yield Problem("not_a_destination", reason, "target.connection_id")
    yield from references.problems
    if references.target is not None:
        yield from _rule_problems(workspace, references, references.target)


def _rule_problems(workspace: Workspace, references: References, target: Target) -> Iterator[Problem]:
    sync = references.sync
    yield from sync_schedules.problems(sync["schedule"], workspace.store)
    yield from sync_schedules.cycle_problems(sync, workspace.store)
    yield from filter_problems(sync, references.sources, target)
    yield from _mode_problems(sync, target)
    yield from _target_filter_problems(sync, target)
    yield from _identity_problems(sync, target)
    yield from _mapping_problems(sync, target)


def _mode_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    offered = target.mode(sync["mode"])
    if offered is None:
        names = [each.mode.id for each in target.modes]
        message = f"Target object {target.id} does not support mode {quoted(sync['mode'])}."
        yield Problem("invalid_mode", message + valid_values(sync["mode"], names), "mode")
        return
    if offered.requires_identity and not sync["identities"]["mappings"]:
        names = ", ".join(field.column.name for field in target.fields if field.is_identity)
        message = f"Mode {sync['mode']} needs an identity. Its target must be one of: {names}."
        yield Problem("missing_identity", message, "identity")
    if sync["target_filters"]["conditions"] and not offered.supports_filters:
        message = f"Mode {sync['mode']} does not support target filters. Omit them."
        yield Problem("invalid_filter", message, "target_filters")
    for kind in ("fields", "override_fields"):
        for position, field in enumerate(sync[kind]):
            if field.get("sync_mode") and not offered.supports_field_mode:
                message = f"Mode {sync['mode']} does not support a mode for each field. Omit sync_mode."
                yield Problem("invalid_field_mode", message, f"{kind}[{position}].sync_mode")


def _target_filter_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    for position, condition in enumerate(sync["target_filters"]["conditions"]):
        path = f"target_filters.conditions[{position}]"
        field = target.field(condition["field"])
        if field is not None and not field.is_filterable:
            names = [each.column.name for each in target.fields if each.is_filterable]
            message = f"Field {condition['field']} of target object {target.id} cannot be filtered."
            yield Problem(
                "invalid_filter", message + valid_values(condition["field"], names), f"{path}.field"
            )
        if condition.get("value_source") and not target.has("supports_filter_value_fields"):
            message = (
                f"Filters on target object {target.id} compare with fixed values only. Send value instead."
            )
            yield Problem("invalid_filter", message, f"{path}.value_source")


def _identity_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    mappings = sync["identities"]["mappings"]
    for position, mapping in enumerate(mappings):
        field, path = target.field(mapping["target"]), f"identities.mappings[{position}]"
        if field is not None and not field.is_identity:
            names = [each.column.name for each in target.fields if each.is_identity]
            message = f"Field {mapping['target']} cannot be an identity."
            yield Problem(
                "invalid_identity", message + valid_values(mapping["target"], names), f"{path}.target"
            )
        elif field is not None and mapping["function"] in set(FUNCTIONS) - set(field.functions):
            message = f"Field {mapping['target']} does not support identity function {mapping['function']}."
            hint = valid_values(mapping["function"], field.functions)
            yield Problem("invalid_identity", message + hint, f"{path}.function")
    if len(mappings) > 1 and not target.has("supports_multiple_identities"):
        message = f"Target object {target.id} supports a single identity mapping. Send one."
        yield Problem("invalid_identity", message, "identities.mappings")


def _mapping_problems(sync: JsonObject, target: Target) -> Iterator[Problem]:
    if not model_ids(sync):
        message = "The sync uses no model. Map a field of a model, or an identity."
        yield Problem("missing_source", message, "fields")
    elif not sync["fields"] and not sync["override_fields"] and not _is_field_optional(sync, target):
        names = [each.column.name for each in target.fields if not each.is_system]
        message = f"Target object {target.id} needs at least one field mapping."
        yield Problem("missing_fields", message + valid_values("", names), "fields")
    named = named_target_fields(sync)
    for path, id_, is_new in named:
        yield from _target_field_problems(target, path, id_, is_new=is_new)
    counts = Counter(id_.casefold() for path, id_, _ in named if not path.startswith("identities"))
    for id_, count in counts.items():
        if count > 1 and not target.has("optional_target_mappings"):
            message = f"Target field {id_} is mapped {count} times. Map it once."
            yield Problem("duplicate_target_field", message, "fields")
    yield from _field_problems(sync)
    yield from _required_problems(sync, target, {id_.casefold() for _, id_, _ in named})


def _target_field_problems(target: Target, path: str, id_: str, *, is_new: bool) -> Iterator[Problem]:
    is_identity = path.startswith("identities")
    flag = "supports_identity_field_creation" if is_identity else "supports_field_creation"
    field = target.field(id_)
    if (is_new or target.kind == NEW) and (reason := identifier_problem("A new field", id_)):
        yield Problem("unknown_target_field", reason, path)
    if field is None and is_new and not target.has(flag):
        message = f"Target object {target.id} does not support new fields such as {quoted(id_)}."
        yield Problem("unknown_target_field", message, path)
    if field is not None and field.is_system and not is_identity:
        message = f"Field {id_} is set by target object {target.id} itself. Omit it."
        yield Problem("readonly_target_field", message, path)


def _is_field_optional(sync: JsonObject, target: Target) -> bool:
    return target.has("mappings_not_required") or sync["mode"] == "remove"


def _field_problems(sync: JsonObject) -> Iterator[Problem]:
    for kind in ("fields", "override_fields"):
        for position, field in enumerate(sync[kind]):
            path = f"{kind}[{position}]"
            mode = field.get("sync_mode")
            if mode not in (None, "", *FIELD_MODES):
                message = unknown("field mode", mode, FIELD_MODES)
                yield Problem("invalid_field_mode", message, f"{path}.sync_mode")
            if kind == "fields" and not field.get("source"):
                yield Problem("missing_source", "A field needs a source or an override_value.", path)
            if kind == "override_fields" and "override_value" not in field:
                yield Problem("missing_value", "An override field needs an override_value.", path)


def _required_problems(sync: JsonObject, target: Target, named: set[str]) -> Iterator[Problem]:
    """Yield what an insert requires; a replace may omit the key (seen in tests of the Terraform provider)."""
    offered = target.mode(sync["mode"])
    if offered is None or not offered.mode.inserts:
        return
    missing = [field.column.name for field in target.fields if _is_missing(field, named)]
    if offered.mode.clears:
        missing = [name for name in missing if name != target.table.key]
    if missing:
        names = ", ".join(missing)
        message = f"Mode {sync['mode']} inserts records, which require {names}. Map these fields."
        yield Problem("missing_required_field", message, "fields")


def _is_missing(field: TargetField, named: set[str]) -> bool:
    return field.column.required and not field.is_system and field.column.name.casefold() not in named
