"""The problems of a sync: it is validated against its models' fields and its target's fields and modes."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from polytomic_mcp.catalogue.rules import identity_functions
from polytomic_mcp.catalogue.rules.frequencies import schedule_problems
from polytomic_mcp.catalogue.rules.modes import FIELD_MODES, STRATEGIES
from polytomic_mcp.catalogue.rules.names import identifier_problem
from polytomic_mcp.common.json_values import as_object, as_objects
from polytomic_mcp.common.spelling import quoted, unknown, valid_values
from polytomic_mcp.tools.connections.modes import mode_problems
from polytomic_mcp.tools.syncs.filters import filter_problems
from polytomic_mcp.tools.syncs.requests import Identity, Mapping, SyncRequest
from polytomic_mcp.tools.syncs.subject import Subject, TargetObject

INSERTING_MODES: Final = frozenset({"create", "updateOrCreate", "append", "replace"})


def problems_of(sync: SyncRequest, subject: Subject) -> list[str]:
    """Return every problem as ``path: text``, in the order of the request's parts."""
    problems = [*_source_problems(sync, subject), *_form_problems(sync)]
    problems += [
        f"{'schedule.' * bool(part)}{part or 'schedule'}: {text}"
        for part, text in schedule_problems(sync.schedule.body() if sync.schedule else {})
    ]
    return [
        *problems,
        *filter_problems(sync, subject.fields, subject.tested_type),
        *_target_problems(sync, subject),
    ]


def broken_references(sync: SyncRequest, subject: Subject) -> list[str]:
    """Return what a sync uses and its models or its target do not have or allow, as ``path: text``."""
    return [*_source_problems(sync, subject), *_target_problems(sync, subject)]


def _source_problems(sync: SyncRequest, subject: Subject) -> Iterator[str]:
    missing = False
    for path, source in sync.sources:
        model = subject.models.get(source.model_id)
        known = (
            [str(item.get("name")) for item in as_objects(model.get("fields"))] if model else [source.field]
        )
        missing = missing or model is None or source.field not in known
        if model and source.field not in known:
            title = f"the model {model.get('name')!r}"
            yield f"{path}: {title} has no field {quoted(source.field)}.{valid_values(source.field, known)}"
    if not missing:
        yield from _unrelated_problems(sync, subject)


def _unrelated_problems(sync: SyncRequest, subject: Subject) -> Iterator[str]:
    """Yield a problem for each model that no relation joins to the first one."""
    used = [source.model_id for _, source in sync.sources]
    edges = [
        (model_id, str(as_object(relation.get("to")).get("model_id")))
        for model_id, model in subject.models.items()
        for relation in as_objects(model.get("relations"))
    ]
    reached = set(used[:1])
    while more := {b for a, b in [*edges, *((b, a) for a, b in edges)] if a in reached} - reached:
        reached |= more
    names = {id_: quoted(str(model.get("name"))) for id_, model in subject.models.items()}
    for id_ in dict.fromkeys(used):
        if id_ not in reached:
            yield (
                f"fields: No relation leads from the model {names[used[0]]} to the model {names[id_]}. Add "
                "one with relations of update_model, or use one model."
            )


def _form_problems(sync: SyncRequest) -> Iterator[str]:
    """Yield what is wrong with the request whatever its models and its target are."""
    if not sync.sources:
        yield "fields: The sync uses no model. Map a field of a model, or an identity."
    several = sync.identities.mappings if sync.identities is not None else []
    if sync.identity and sync.identities and [sync.identity.body()] != [each.body() for each in several[:1]]:
        yield "identity: It differs from the first of identities.mappings. Send one of the two."
    strategy = sync.identities and sync.identities.strategy
    if len(several) > 1 and strategy not in STRATEGIES:
        yield f"identities.strategy: Several mappings require one.{valid_values(strategy or '', STRATEGIES)}"
    for path, mapping in sync.all_mappings:
        yield from _mapping_form_problems(path, mapping)


def _mapping_form_problems(path: str, mapping: Mapping) -> Iterator[str]:
    if not mapping.target.strip():
        yield f"{path}.target: must not be empty."
    if mapping.source is None and "override_value" not in mapping.model_fields_set:
        is_constant = path.startswith("override_fields")
        yield f"{path}: needs {'an override_value' if is_constant else 'a source, or an override_value'}."
    if mapping.sync_mode and mapping.sync_mode not in FIELD_MODES:
        yield f"{path}.sync_mode: {unknown('field mode', mapping.sync_mode, FIELD_MODES)}"


def _target_problems(sync: SyncRequest, subject: Subject) -> Iterator[str]:
    if subject.target is None:
        return
    target = TargetObject(subject.target)
    yield from mode_problems(sync.mode, target.answer.get("modes"), target.title)
    yield from _identity_problems(sync, target)
    yield from _mapping_problems(sync, target)
    yield from _required_field_problems(sync, target)
    yield from _target_filter_problems(sync, target)


def _identity_problems(sync: SyncRequest, target: TargetObject) -> Iterator[str]:
    identities = sync.all_identities
    if not identities and target.mode(sync.mode).get("requires_identity"):
        yield f"identity: mode {quoted(sync.mode)} requires one.{valid_values('', target.identifying)}"
    if sync.identities and len(sync.identities.mappings) > 1 and target.lacks("supports_multiple_identities"):
        yield f"identities.mappings: {target.title} supports a single one."
    for path, identity in identities:
        yield from _one_identity_problems(path, identity, target)


def _one_identity_problems(path: str, identity: Identity, target: TargetObject) -> Iterator[str]:
    found, known = target.field(identity.target), target.identifying
    if found is None:
        is_new = identity.new_field or target.has("target_creator")
        if is_new and (reason := identifier_problem("A new field", identity.target)):
            yield f"{path}.target: {reason}"
        if not is_new:
            yield f"{path}.target: {target.no_field(identity.target, known)}"
        elif identity.new_field and target.lacks("supports_identity_field_creation"):
            listed = valid_values("", known)
            yield f"{path}.new_field: {target.title} does not support new identity fields.{listed}"
        if identity.function not in identity_functions.FUNCTIONS:
            yield f"{path}.function: {unknown('function', identity.function, identity_functions.FUNCTIONS)}"
        return
    if str(found["id"]) not in known:
        listed = valid_values(identity.target, known)
        yield f"{path}.target: {identity.target!r} cannot be an identity.{listed}"
    functions = [str(function.get("id")) for function in as_objects(found.get("identity_functions"))]
    if identity.function not in (functions or identity_functions.FUNCTIONS):
        names = valid_values(identity.function, functions or identity_functions.FUNCTIONS)
        yield f"{path}.function: {identity.target!r} does not support {quoted(identity.function)}.{names}"


def _mapping_problems(sync: SyncRequest, target: TargetObject) -> Iterator[str]:
    mappings = sync.all_mappings
    is_optional = target.has("mappings_not_required") or sync.mode == "remove"
    if not mappings and not is_optional:
        yield f"fields: {target.title} requires at least one mapping.{valid_values('', target.fields)}"
    is_free = target.has("optional_target_mappings")
    if target.mode(sync.mode).get("supports_field_sync_mode") is False:
        for path in (path for path, mapping in mappings if mapping.sync_mode):
            yield f"{path}.sync_mode: mode {quoted(sync.mode)} supports no modes of fields. Omit it."
    for path, mapping in mappings:
        yield from _one_mapping_problems(path, mapping, target)
    counts = Counter(mapping.target.casefold() for _, mapping in mappings)
    for id_, count in counts.items():
        if count > 1 and not is_free:
            yield f"fields: {quoted(id_)} is mapped {count} times. Map it once."


def _one_mapping_problems(path: str, mapping: Mapping, target: TargetObject) -> Iterator[str]:
    found = target.field(mapping.target)
    if found is None:
        is_new = mapping.new or target.has("target_creator")
        if is_new and (reason := identifier_problem("A new field", mapping.target)):
            yield f"{path}.target: {reason}"
        if target.has("target_creator"):
            return
        if target.takes_whole_rows:
            whole = quoted(next(iter(target.fields)))
            yield f"{path}.target: Every field needs the target {whole}. It arrives under the source's name."
        elif not mapping.new:
            yield f"{path}.target: {target.no_field(mapping.target)}"
        elif target.lacks("supports_field_creation"):
            yield f"{path}.new: {target.title} does not support new fields.{valid_values('', target.fields)}"
        return
    if found.get("createable") is False and found.get("updateable") is False:
        yield f"{path}.target: {target.title} sets {mapping.target!r} itself; leave it out."
    if mapping.encryption_enabled and found.get("encryptable") is False:
        yield f"{path}.encryption_enabled: {mapping.target!r} cannot be encrypted. Omit it."


def _required_field_problems(sync: SyncRequest, target: TargetObject) -> Iterator[str]:
    if sync.mode not in INSERTING_MODES:
        return
    given = _named(sync)
    for id_, item in target.fields.items():
        if item.get("required") and item.get("createable") is not False and id_.casefold() not in given:
            yield f"fields: {target.title} requires {id_!r} in new records; map it or override it."


def _target_filter_problems(sync: SyncRequest, target: TargetObject) -> Iterator[str]:
    conditions = sync.target_conditions
    if conditions and target.mode(sync.mode).get("supports_target_filters") is False:
        yield f"target_filters: mode {quoted(sync.mode)} does not support them. Omit them."
    named = _named(sync) if target.has("target_creator") else set[str]()
    filterable = [id_ for id_, item in target.fields.items() if item.get("filterable") is not False]
    for path, name, compared in conditions:
        if name.casefold() in named:
            continue
        if target.field(name) is None:
            yield f"{path}.field: {target.no_field(name, filterable)}"
        elif name.casefold() not in map(str.casefold, filterable):
            yield f"{path}.field: {quoted(name)} cannot be filtered.{valid_values(name, filterable)}"
        if compared and target.lacks("supports_filter_value_fields"):
            yield f"{path}.value_source: {target.title} compares with fixed values only. Send value instead."


def _named(sync: SyncRequest) -> set[str]:
    """Return the fields of the target that a sync writes or identifies records by, in lower case."""
    parts = [*sync.all_mappings, *sync.all_identities]
    return {part.target.casefold() for _, part in parts}
