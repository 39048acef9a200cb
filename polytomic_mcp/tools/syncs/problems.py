"""What is wrong with a sync, held against its models' fields and its target's fields and modes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.tools.syncs.requests import identities_of, sources_of
from polytomic_mcp.tools.syncs.targets import mode_names

CREATING_MODES: Final = frozenset({"create", "updateOrCreate", "append", "replace"})
_SHOWN: Final = 20


@dataclass(slots=True)
class Subject:
    """What a sync is about: its models by id, and its target's answer; None where unknown."""

    models: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    target: JsonObject | None = None


def problems_of(body: JsonObject, subject: Subject) -> list[str]:
    """Return every problem, in the order of the request's parts; empty when it can be written."""
    problems = list(_sources(body, subject))
    if subject.target is not None:
        problems += _mode(body, subject.target)
        problems += _identities(body, subject.target)
        problems += _mappings(body, subject.target)
        problems += _required(body, subject.target)
    return problems


def _sources(body: JsonObject, subject: Subject) -> Iterator[str]:
    for path, source in sources_of(body):
        model = subject.models.get(source["model_id"])
        if model is None:
            continue
        known = [str(item.get("name")) for item in as_objects(model.get("fields"))]
        if (name := str(source.get("field", ""))) not in known:
            title = f"the model {model.get('name')!r}"
            yield f"{path}: {title} has no field {quoted(name)}.{_choices(name, known)}"


def _mode(body: JsonObject, target: JsonObject) -> Iterator[str]:
    modes = mode_names(target.get("modes"))
    if modes and body["mode"] not in modes:
        yield f"mode: {_title(target)} does not take {quoted(body['mode'])}.{_choices(body['mode'], modes)}"


def _identities(body: JsonObject, target: JsonObject) -> Iterator[str]:
    fields = _fields(target)
    able = [id_ for id_, item in fields.items() if item.get("supports_identity")]
    identities = identities_of(body)
    if not identities and _needs_identity(body["mode"], target):
        yield f"identity is missing: mode {quoted(body['mode'])} needs one.{_choices('', able)}"
    for identity in identities:
        name = str(identity.get("target"))
        if identity.get("new_field"):
            continue
        if name not in fields:
            title, choices = _title(target), _choices(name, able or fields)
            yield f"identity.target: {title} has no field {quoted(name)}.{choices}"
        elif able and name not in able:
            yield f"identity.target: {name!r} cannot be an identity.{_choices(name, able)}"
        else:
            yield from _function(identity, fields[name])


def _needs_identity(name: str, target: JsonObject) -> bool:
    modes = as_objects(target.get("modes"))
    return any(mode.get("requires_identity") for mode in modes if mode_names([mode]) == [name])


def _function(identity: JsonObject, item: JsonObject) -> Iterator[str]:
    known = [str(function.get("id")) for function in as_objects(item.get("identity_functions"))]
    name = str(identity["function"])
    if known and name not in known:
        field_name = identity["target"]
        yield f"identity.function: {field_name!r} does not take {quoted(name)}.{_choices(name, known)}"


def _mappings(body: JsonObject, target: JsonObject) -> Iterator[str]:
    flags = as_object(target.get("properties"))
    mapped = as_objects([*body["fields"], *as_list(body.get("override_fields"))])
    if not mapped and not (flags.get("mappings_not_required") or flags.get("optional_target_mappings")):
        yield f"fields is empty: {_title(target)} needs at least one mapping.{_choices('', _fields(target))}"
    known = _fields(target)
    for path in ("fields", "override_fields"):
        for index, mapping in enumerate(as_objects(body.get(path))):
            name, title = str(mapping.get("target", "")), _title(target)
            if name not in known and not mapping.get("new"):
                yield f"{path}[{index}].target: {title} has no field {quoted(name)}.{_choices(name, known)}"
            elif name in known and not _is_writable(known[name]):
                yield f"{path}[{index}].target: {title} fills {name!r} in by itself; leave it out."


def _is_writable(item: JsonObject) -> bool:
    return item.get("createable") is not False or item.get("updateable") is not False


def _required(body: JsonObject, target: JsonObject) -> Iterator[str]:
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


def _choices(wrong: str, known: Any) -> str:
    """Name the nearest right name, then what there is to choose from."""
    names = [str(name) for name in known]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    there_are = f" Choose from: {', '.join(names[:_SHOWN])}{more}." if names else ""
    return nearest(wrong, names) + there_are
