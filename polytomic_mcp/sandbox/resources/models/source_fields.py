"""The model fields a sync names: looked up once, and checked."""

from collections.abc import Mapping
from typing import Any

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem, nearest
from polytomic_mcp.sandbox.data.store import Store

Source = Mapping[str, str]
"""``{"model_id", "field"}``: how a sync names a model's field."""


class Sources:
    """Models by id, each read from the store at most once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._models: dict[str, JsonObject | None] = {}

    def model(self, id_: str) -> JsonObject | None:
        """Return the model, or None where there is none."""
        if id_ not in self._models:
            self._models[id_] = self._store.get("model", id_)
        return self._models[id_]

    def field(self, source: Source) -> JsonObject | None:
        """Return the model's field as the model describes it, or None."""
        model = self.model(source["model_id"])
        fields: list[JsonObject] = model["fields"] if model else []
        return next((field for field in fields if field["name"] == source["field"]), None)

    def problem(self, source: Source, path: str) -> Problem | None:
        """Return what keeps the source from being read, or None."""
        model = self.model(source["model_id"])
        if not source["model_id"]:
            return Problem(
                "unknown_source_field", f"no model has a field with the id {source['field']!r}", path
            )
        if model is None:
            return Problem("unknown_model", f"there is no model {source['model_id']}", f"{path}.model_id")
        if self.field(source) is None:
            names = [field["name"] for field in model["fields"]]
            hint = nearest(source["field"], names)
            message = f"model {model['name']} has no field {source['field']!r}: {hint}"
            return Problem("unknown_source_field", message, f"{path}.field")
        return None

    def named(self, field_id: str) -> dict[str, str] | None:
        """Return the source a model field's UUID stands for, or None."""
        for model in self._store.list("model"):
            for field in model["fields"]:
                if field["id"] == field_id:
                    return {"model_id": model["id"], "field": field["name"]}
        return None


def listed(document: Mapping[str, Any], key: str) -> list[JsonObject]:
    """Return the document's list of that name; an absent or null one is empty."""
    return document.get(key) or []


def used(sync: JsonObject) -> list[tuple[str, dict[str, Any]]]:
    """Return every source a sync names with its path: identities, fields, filters, overrides."""
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
    """Return the ids of the models a sync names; the first is the one whose records it moves."""
    return list(dict.fromkeys(source["model_id"] for _, source in used(sync)))
