"""The problems of a sync: it is validated against its models' fields and its target's fields and modes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.tools.connections.modes import mode_names, mode_problems
from polytomic_mcp.tools.syncs.references import identities_of, sources_of

CREATING_MODES: Final = frozenset({"create", "updateOrCreate", "append", "replace"})


@dataclass(slots=True)
class Subject:
    """What a sync is validated against: its models by id, and the API's answer about its target.

    Models that could not be found are absent, as is a target (None).
    """

    models: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    target: JsonObject | None = None


def problems_of(body: JsonObject, subject: Subject) -> list[str]:
    """Return every problem as ``path: text``, in the order of the request's parts."""
    problems = list(_source_problems(body, subject))
    if subject.target is not None:
        target = subject.target
        problems += mode_problems(body["mode"], target.get("modes"), _title(target))
        problems += _identity_problems(body, target)
        problems += _mapping_problems(body, target)
        problems += _required_field_problems(body, target)
    return problems


def _source_problems(body: JsonObject, subject: Subject) -> Iterator[str]:
    for path, source in sources_of(body):
        model = subject.models.get(source["model_id"])
        if model is None:
            continue
        known = [str(item.get("name")) for item in as_objects(model.get("fields"))]
        title = f"the model {model.get('name')!r}"
        if (name := str(source.get("field", ""))) not in known:
            yield f"{path}: {_no_field(title, name, known)}"


def _identity_problems(body: JsonObject, target: JsonObject) -> Iterator[str]:
    fields = _fields(target)
    able = [id_ for id_, item in fields.items() if item.get("supports_identity")]
    identities = identities_of(body)
    if not identities and _needs_identity(body["mode"], target):
        yield f"identity: mode {quoted(body['mode'])} requires one.{valid_values('', able or fields)}"
    for identity in identities:
        name = str(identity.get("target"))
        if identity.get("new_field"):
            continue
        if name not in fields:
            yield f"identity.target: {_no_field(_title(target), name, able or fields)}"
        elif able and name not in able:
            yield f"identity.target: {name!r} cannot be an identity.{valid_values(name, able)}"
        else:
            yield from _function_problems(identity, fields[name])


def _needs_identity(name: str, target: JsonObject) -> bool:
    modes = as_objects(target.get("modes"))
    return any(mode.get("requires_identity") for mode in modes if mode_names([mode]) == [name])


def _function_problems(identity: JsonObject, item: JsonObject) -> Iterator[str]:
    known = [str(function.get("id")) for function in as_objects(item.get("identity_functions"))]
    name = str(identity["function"])
    if known and name not in known:
        target = identity["target"]
        yield f"identity.function: {target!r} does not support {quoted(name)}.{valid_values(name, known)}"


def _mapping_problems(body: JsonObject, target: JsonObject) -> Iterator[str]:
    known, title = _fields(target), _title(target)
    flags = as_object(target.get("properties"))
    mapped = as_objects([*body["fields"], *as_list(body.get("override_fields"))])
    if not mapped and not (flags.get("mappings_not_required") or flags.get("optional_target_mappings")):
        yield f"fields: {title} requires at least one mapping.{valid_values('', known)}"
    for path in ("fields", "override_fields"):
        for index, mapping in enumerate(as_objects(body.get(path))):
            name = str(mapping.get("target", ""))
            if name not in known and not mapping.get("new"):
                yield f"{path}[{index}].target: {_no_field(title, name, known)}"
            elif name in known and not _is_writable(known[name]):
                yield f"{path}[{index}].target: {title} sets {name!r} itself; leave it out."


def _is_writable(item: JsonObject) -> bool:
    return item.get("createable") is not False or item.get("updateable") is not False


def _required_field_problems(body: JsonObject, target: JsonObject) -> Iterator[str]:
    if body["mode"] not in CREATING_MODES:
        return
    parts = as_objects([*body["fields"], *as_list(body.get("override_fields")), *identities_of(body)])
    given = {part.get("target") for part in parts}
    for id_, item in _fields(target).items():
        if item.get("required") and item.get("createable") is not False and id_ not in given:
            yield f"fields: {_title(target)} requires {id_!r} in new records; map it or override it."


def _fields(target: JsonObject) -> dict[str, JsonObject]:
    return {str(item.get("id")): item for item in as_objects(target.get("fields"))}


def _title(target: JsonObject) -> str:
    return repr(target.get("name") or target.get("id") or "the target")


def _no_field(owner: str, name: str, known: Iterable[str]) -> str:
    return f"{owner} has no field {quoted(name)}.{valid_values(name, known)}"
