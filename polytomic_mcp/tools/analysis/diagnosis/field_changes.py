"""Fields that a sync relies on and that are no longer what they were when it was made."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.syncs.drafts import canonical
from polytomic_mcp.tools.syncs.due_times import read_moment
from polytomic_mcp.tools.syncs.problems import Subject, problems_of
from polytomic_mcp.tools.syncs.requests import identities_of

_TAKES_ALL: Final = frozenset({"", "string", "unknown", "object", "binary"})
_LOOSE: Final = frozenset({"string", "object", "array"})
_STRICT: Final = frozenset({"number", "datetime", "boolean"})
"""Types that take hardly a value of the loose ones."""

_OLD_FORMS: Final = {
    "identities": ("identity",),
    "model_filters": ("filters", "filter_logic"),
    "target_filters": ("filters", "filter_logic"),
}
"""Parts that the API answers in two forms, and the older of the two."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A mapping whose field has a type that its target's field does not take.

    ``changed`` is when the field, or else its model, was changed, if that was after the sync.
    """

    field: str
    type: str
    target: str
    target_type: str
    changed: datetime | None
    changed_part: Literal["field", "model"]

    @property
    def is_gross(self) -> bool:
        """Whether hardly a value of the one type fits the other."""
        return self.type in _LOOSE and self.target_type in _STRICT

    def __str__(self) -> str:
        since = f"; the {self.changed_part} was changed after the sync" if self.changed else ""
        return f"{self.field} is {self.type}, {self.target} takes {self.target_type}{since}"


def broken_fields(sync: JsonObject, models: Mapping[str, JsonObject], target: JsonObject | None) -> list[str]:
    """Return what a stored sync names and its models or target no longer have or allow, as ``path: text``.

    Models that are not at hand are passed over, as are all rules of a target that is not.
    """
    body = canonical(newer_form(sync))
    if not isinstance(body.get("mode"), str):
        target = None
    return [*problems_of(body, Subject(dict(models), target)), *_filters(body, target)]


def misfits(
    sync: JsonObject, models: Mapping[str, JsonObject], target: JsonObject | None
) -> Iterator[Misfit]:
    """Yield mappings and identities whose types do not fit, though single values may."""
    body = newer_form(sync)
    fields = _fields(target)
    for mapping in [*identities_of(body), *as_objects(body.get("fields"))]:
        source, wanted = as_object(mapping.get("source")), fields.get(str(mapping.get("target")), {})
        model = models.get(str(source.get("model_id")), {})
        for item in as_objects(model.get("fields")):
            if item.get("name") == source.get("field") and not _fits(item, wanted):
                yield Misfit(
                    field=str(item.get("name")),
                    type=str(item.get("type")),
                    target=str(mapping.get("target")),
                    target_type=str(wanted.get("type")),
                    changed=_changed(item, model, sync),
                    changed_part="field" if item.get("updated_at") else "model",
                )


def _filters(body: JsonObject, target: JsonObject | None) -> Iterator[str]:
    """Yield the target filters whose field the target does not have."""
    known = _fields(target)
    conditions = as_objects(as_object(body.get("target_filters")).get("conditions"))
    for index, condition in enumerate(conditions if known else ()):
        if (name := str(condition.get("field"))) not in known:
            yield f"target_filters.conditions[{index}].field: the target has no field {quoted(name)}."


def _fields(target: JsonObject | None) -> dict[str, JsonObject]:
    return {str(item.get("id")): item for item in as_objects(as_object(target).get("fields"))}


def _fits(item: JsonObject, wanted: JsonObject) -> bool:
    given, taken = str(item.get("type") or ""), str(wanted.get("type") or "")
    return given == taken or taken in _TAKES_ALL or given in ("", "unknown")


def _changed(item: JsonObject, model: JsonObject, sync: JsonObject) -> datetime | None:
    changed = read_moment(item.get("updated_at") or model.get("updated_at"))
    made = read_moment(sync.get("updated_at"))
    return changed if changed is not None and made is not None and changed > made else None


def newer_form(sync: JsonObject) -> JsonObject:
    """Return a copy without the older form of what the API answers in two."""
    superseded = {old for new, olds in _OLD_FORMS.items() if sync.get(new) for old in olds}
    return {name: deepcopy(part) for name, part in sync.items() if name not in superseded}
