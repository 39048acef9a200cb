"""Schemas and their fields as a caller names them: names become ids, and what does not exist is a problem."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.catalogue.rules.outputs import TRACKABLE
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.tools.bulk_syncs.requests import BulkSyncRequest, FieldChoice, SchemaChoice
from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.schemas.source_schemas import find_schema

Schemas = list[tuple[str, SchemaChoice]]
"""Schemas that exist, each with its path in the request."""

C = TypeVar("C", SchemaChoice, FieldChoice)

_KEYS: Final = ("partition_key", "tracking_field")


def resolve_schemas(request: BulkSyncRequest, offered: Sequence[JsonObject], draft: Draft) -> Schemas:
    """Replace the names of schemas, also in schedules, by ids; return those of ``schemas`` that exist."""
    for path, selection in request.all_selections:
        names = selection.schemas or []
        for at, name in enumerate(names):
            names[at] = _id(offered, name, f"{path}.schemas[{at}]", draft, "schema") or name
    return _resolved(request.schemas or [], offered, "schemas", draft, "schema")


def resolve_fields(schema: SchemaChoice, path: str, known: Sequence[JsonObject], draft: Draft) -> None:
    """Replace the names of a schema's fields by ids."""
    _resolved(schema.fields or [], known, f"{path}.fields", draft, "field")
    for at, condition in enumerate(schema.filters or ()):
        if condition.field_id is not None:
            place = f"{path}.filters[{at}].field_id"
            condition.field_id = _id(known, condition.field_id, place, draft, "field") or condition.field_id
    for key in _KEYS:
        if name := getattr(schema, key):
            setattr(schema, key, _id(known, name, f"{path}.{key}", draft, "field") or name)


def has_fields(schema: SchemaChoice) -> bool:
    """Whether a schema names fields."""
    return any(getattr(schema, part) for part in ("fields", "filters", *_KEYS))


def tracking_problems(
    schema: SchemaChoice, path: str, source: JsonObject, fields: Iterable[JsonObject]
) -> Iterator[str]:
    """Yield a problem if the source supports no tracking fields, or if that field's type does not fit."""
    if not schema.tracking_field:
        return
    if as_object(source.get("capabilities")).get("supports_tracking_fields") is False:
        yield f"{path}.tracking_field: The source does not support tracking fields. Omit it."
    types: Mapping[str, str | None] = {field["id"]: field.get("type") for field in fields}
    type_ = types.get(schema.tracking_field)
    if type_ is not None and type_ not in TRACKABLE:
        able = [id_ for id_, each in types.items() if each in TRACKABLE]
        yield (
            f"{path}.tracking_field: {quoted(schema.tracking_field)} is of type {type_}. A tracking field "
            f"must be a {' or '.join(TRACKABLE)}.{valid_values(schema.tracking_field, able)}"
        )


def _resolved(
    choices: Iterable[C], offered: Sequence[JsonObject], path: str, draft: Draft, noun: str
) -> list[tuple[str, C]]:
    found: dict[str, tuple[str, C]] = {}
    for at, choice in enumerate(choices):
        place = f"{path}[{at}]"
        id_ = _id(offered, choice.id, place, draft, noun)
        if id_ in found:
            draft.problems.append(f"{place}: {quoted(id_)} is also {found[id_][0]}. Send one of the two.")
        elif id_ is not None:
            choice.id = id_
            found[id_] = place, choice
    return list(found.values())


def _id(offered: Sequence[JsonObject], reference: str, path: str, draft: Draft, noun: str) -> str | None:
    """Return the id of the schema or field with that id or name. If there is none, add a problem."""
    try:
        return find_schema(offered, reference, noun)["id"]
    except ToolError as error:
        draft.problems.append(f"{path}: {error}")
        return None
