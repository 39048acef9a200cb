"""The model fields that a sync uses, and lookups of them that read each model once."""

from collections.abc import Mapping
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.data.store import Store

Source = Mapping[str, str]
"""A model's field as a sync names it: ``{"model_id": ..., "field": ...}``."""


class Sources:
    """Models by ID, each read from the store at most once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._models: dict[str, JsonObject | None] = {}

    def model(self, id_: str) -> JsonObject | None:
        """Return the model, or None if it does not exist."""
        if id_ not in self._models:
            self._models[id_] = self._store.get("model", id_)
        return self._models[id_]

    def field(self, source: Source) -> JsonObject | None:
        """Return the field as its model describes it, or None if it does not exist."""
        model = self.model(source["model_id"])
        fields: list[JsonObject] = model["fields"] if model else []
        return next((field for field in fields if field["name"] == source["field"]), None)

    def problem(self, source: Source, path: str) -> Problem | None:
        """Return the reason why the field cannot be read, or None."""
        model = self.model(source["model_id"])
        if not source["model_id"]:
            message = f"No model has a field with the ID {quoted(source['field'])}."
            return Problem("unknown_source_field", message, path)
        if model is None:
            message = f"Unknown model {source['model_id']}. GET /api/models lists the valid ones."
            return Problem("unknown_model", message, f"{path}.model_id")
        if self.field(source) is None:
            names = [field["name"] for field in model["fields"]]
            message = f"Model {model['name']} has no field {quoted(source['field'])}."
            hint = valid_values(source["field"], names)
            return Problem("unknown_source_field", message + hint, f"{path}.field")
        return None

    def find_by_id(self, field_id: str) -> dict[str, str] | None:
        """Return the field with this UUID as a source, or None if no model has it."""
        for model in self._store.list("model"):
            for field in model["fields"]:
                if field["id"] == field_id:
                    return {"model_id": model["id"], "field": field["name"]}
        return None


def listed(document: Mapping[str, Any], key: str) -> list[JsonObject]:
    """Return a document's list, empty if it is absent or null."""
    return document.get(key) or []


def used_sources(sync: JsonObject) -> list[tuple[str, dict[str, Any]]]:
    """Return every model field that a sync uses, each with its path in the sync."""
    found: list[tuple[str, Any]] = []
    for position, mapping in enumerate(sync["identities"]["mappings"]):
        found.append((f"identities.mappings[{position}].source", mapping["source"]))
    for position, field in enumerate(sync["fields"]):
        found.append((f"fields[{position}].source", field.get("source")))
    for position, condition in enumerate(sync["model_filters"]["conditions"]):
        found.append((f"model_filters.conditions[{position}].source", condition["source"]))
    for position, condition in enumerate(sync["target_filters"]["conditions"]):
        found.append((f"target_filters.conditions[{position}].value_source", condition.get("value_source")))
    for position, override in enumerate(sync["overrides"]):
        found.append((f"overrides[{position}].field", override["field"]))
    return [(path, source) for path, source in found if source]


def model_ids(sync: JsonObject) -> list[str]:
    """Return the IDs of the models that a sync uses, the base model first."""
    return list(dict.fromkeys(source["model_id"] for _, source in used_sources(sync)))
