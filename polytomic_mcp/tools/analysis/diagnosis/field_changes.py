"""Fields that a sync uses and that changed since it was created: they are gone, or have another type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import ValidationError

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.scalars import to_moment
from polytomic_mcp.tools.syncs.problems import broken_references
from polytomic_mcp.tools.syncs.requests import SyncRequest
from polytomic_mcp.tools.syncs.stored import identities_of, newer_form
from polytomic_mcp.tools.syncs.subject import Subject

_ACCEPTS_ALL: Final = frozenset({"", "string", "unknown", "object", "binary"})
_LOOSE: Final = frozenset({"string", "object", "array"})
_STRICT: Final = frozenset({"number", "datetime", "boolean"})
"""Types that accept almost no value of the loose ones."""


@dataclass(frozen=True, slots=True)
class TypeMismatch:
    """A mapping whose field has a type that the target's field does not accept.

    ``changed`` is when the field, or else its model, was changed; None if that was before the sync was.
    """

    field: str
    type: str
    target: str
    target_type: str
    changed: datetime | None
    changed_part: Literal["field", "model"]

    @property
    def is_severe(self) -> bool:
        """Whether almost no value of the one type is valid for the other."""
        return self.type in _LOOSE and self.target_type in _STRICT

    def __str__(self) -> str:
        since = f"; the {self.changed_part} was changed after the sync" if self.changed else ""
        return f"{self.field} is {self.type}, {self.target} expects {self.target_type}{since}"


def broken_fields(sync: JsonObject, models: Mapping[str, JsonObject], target: JsonObject | None) -> list[str]:
    """Return what a stored sync uses and its models or target no longer have or allow, as ``path: text``.

    Models that are not given are skipped, as are all rules of the target if it is None.
    """
    try:
        request = SyncRequest.stored(newer_form(sync))
    except ValidationError:  # an answer of another shape, which is not a reason to stop the diagnosis
        return []
    return broken_references(request, Subject(dict(models), target))


def type_mismatches(
    sync: JsonObject, models: Mapping[str, JsonObject], target: JsonObject | None
) -> Iterator[TypeMismatch]:
    """Yield mappings and identities whose types do not match; single values may still be valid."""
    body = newer_form(sync)
    fields = _fields(target)
    for mapping in [*identities_of(body), *as_objects(body.get("fields"))]:
        source, target_field = as_object(mapping.get("source")), fields.get(str(mapping.get("target")), {})
        model = models.get(str(source.get("model_id")), {})
        for item in as_objects(model.get("fields")):
            if item.get("name") == source.get("field") and not _is_compatible(item, target_field):
                yield TypeMismatch(
                    field=str(item.get("name")),
                    type=str(item.get("type")),
                    target=str(mapping.get("target")),
                    target_type=str(target_field.get("type")),
                    changed=_changed(item, model, sync),
                    changed_part="field" if item.get("updated_at") else "model",
                )


def _fields(target: JsonObject | None) -> dict[str, JsonObject]:
    return {str(item.get("id")): item for item in as_objects(as_object(target).get("fields"))}


def _is_compatible(item: JsonObject, target_field: JsonObject) -> bool:
    given, accepted = str(item.get("type") or ""), str(target_field.get("type") or "")
    return given == accepted or accepted in _ACCEPTS_ALL or given in ("", "unknown")


def _changed(item: JsonObject, model: JsonObject, sync: JsonObject) -> datetime | None:
    changed = to_moment(item.get("updated_at") or model.get("updated_at"))
    saved = to_moment(sync.get("updated_at"))
    return changed if changed is not None and saved is not None and changed > saved else None
