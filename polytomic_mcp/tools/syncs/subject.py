"""What a sync refers to, as the API answered it: its models, and its target object."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.tools.connections.modes import mode_names
from polytomic_mcp.tools.syncs.requests import (
    ModelCondition,
    OldCondition,
    Override,
    Source,
    TargetCondition,
)

Tested = ModelCondition | TargetCondition | OldCondition | Override
"""What tests a field."""


@dataclass(slots=True)
class Subject:
    """What a sync is validated against: its models by id, and the API's answer about its target.

    Models that could not be found are absent, as is a target (None). ``fields`` are the fields of models by
    id, if the sync may name some by id.
    """

    models: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    target: JsonObject | None = None
    fields: dict[str, Source] = field(default_factory=dict[str, Source])

    def tested_type(self, tested: Tested) -> str | None:
        """Return the type of the field that a condition or an override tests, if it is known."""
        if isinstance(tested, TargetCondition):
            return self._target_type(tested.field)
        if isinstance(tested, OldCondition) and tested.is_of_target:
            return self._target_type(tested.target_field)
        if isinstance(tested, OldCondition | Override):
            return self._model_type(tested.field or self.fields.get(tested.field_id or ""))
        return self._model_type(tested.source)

    def _target_type(self, name: str) -> str | None:
        field = TargetObject(self.target).field(name) if self.target else None
        return (field or {}).get("type")

    def _model_type(self, source: Source | None) -> str | None:
        if source is None:
            return None
        fields = as_objects(self.models.get(source.model_id, {}).get("fields"))
        return next((each.get("type") for each in fields if each.get("name") == source.field), None)


@dataclass(frozen=True)
class TargetObject:
    """A target as the API answers it: its fields by id, in any case, and its properties."""

    answer: JsonObject

    @property
    def title(self) -> str:
        """Its name, for messages."""
        return repr(self.answer.get("name") or self.answer.get("id") or "the target")

    @cached_property
    def fields(self) -> dict[str, JsonObject]:
        """Its fields by id."""
        return {str(item.get("id")): item for item in as_objects(self.answer.get("fields"))}

    @cached_property
    def _by_case(self) -> dict[str, JsonObject]:
        return {id_.casefold(): item for id_, item in reversed(self.fields.items())}

    @property
    def identifying(self) -> list[str]:
        """The fields that can identify a record; where none says so, those that do not deny it."""
        able = [id_ for id_, item in self.fields.items() if item.get("supports_identity")]
        return able or [id_ for id_, item in self.fields.items() if item.get("supports_identity") is None]

    def field(self, id_: str) -> JsonObject | None:
        """Return the field of that id, in any case; None if it does not exist."""
        return self._by_case.get(id_.casefold())

    @property
    def takes_whole_rows(self) -> bool:
        """Whether every field has the same target, which gets a record of all, as that of a webhook."""
        return len(self.fields) == 1 and self.has("optional_target_mappings")

    def has(self, flag: str) -> bool:
        """Whether it has a property."""
        return bool(as_object(self.answer.get("properties")).get(flag))

    def lacks(self, flag: str) -> bool:
        """Whether the API says that it does not have a property; without a word, it is not known."""
        return as_object(self.answer.get("properties")).get(flag) is False

    def mode(self, name: str) -> JsonObject:
        """Return what it says of a mode; empty if it does not list the mode."""
        modes = as_objects(self.answer.get("modes"))
        return next((mode for mode in modes if mode_names([mode]) == [name]), JsonObject())

    def no_field(self, id_: str, known: Iterable[str] | None = None) -> str:
        """Return the refusal of an unknown field."""
        return f"{self.title} has no field {quoted(id_)}.{valid_values(id_, known or self.fields)}"
