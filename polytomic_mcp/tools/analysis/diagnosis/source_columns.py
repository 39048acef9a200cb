"""The columns that the sources of a sync have now, compared with the fields of its models."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.api_access.responses import objects_in
from polytomic_mcp.tools.deletions.sources import sources_of
from polytomic_mcp.tools.syncs.stored import newer_form

_PREVIEW: Final = "POST /api/model-preview"

Columns = Mapping[str, JsonObject]
"""Columns by lowercase name."""


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that a sync reads and that changed: its type then and now; ``now`` is empty if it is gone."""

    model_id: str
    model: str
    column: str
    then: str
    now: str

    def __str__(self) -> str:
        if not self.now:
            return f"{self.column} of the model {self.model} no longer exists in its source"
        return f"{self.column} of the model {self.model} was {self.then}, is now {self.now} in its source"


def can_be_read(model: JsonObject) -> bool:
    """Whether a model's columns all come from its source, and can be read without running a query."""
    configuration = as_object(model.get("configuration"))
    is_plain = all(isinstance(value, str) for part in configuration.values() for value in _listed(part))
    has_source = bool(configuration) and bool(model.get("connection_id"))
    return has_source and is_plain and "query" not in configuration and not model.get("enricher")


async def read_columns(api: Polytomic, model: JsonObject) -> Columns:
    """Return the current columns of the source that a model's configuration names."""
    params = {name: _listed(part) for name, part in as_object(model["configuration"]).items()}
    operation = "GET /api/connections/{id}/modelsync/source/fields"
    answer = await api.call(operation, id=model["connection_id"], params=params)
    return {str(item.get("name")).casefold(): item for item in objects_in(operation, answer)}


def has_query(model: JsonObject) -> bool:
    """Whether a model's columns are those of a query."""
    return isinstance(as_object(model.get("configuration")).get("query"), str) and not model.get("enricher")


async def read_query_columns(api: Polytomic, model: JsonObject) -> Columns:
    """Return the columns that a model's query has now, by a preview, which stores nothing.

    Raises:
        RefusedError: With the status 400 or 422, the query does not run.
    """
    source: JsonObject = {name: model.get(name) for name in ("name", "connection_id", "configuration")}
    answer = as_object(await api.call(_PREVIEW, **source))
    columns = as_objects(as_object(answer.get("data")).get("fields"))
    return {str(item.get("name")).casefold(): item for item in columns}


def column_changes(
    sync: JsonObject, models: Mapping[str, JsonObject], columns: Mapping[str, Columns]
) -> Iterator[ColumnChange]:
    """Yield each column that the sync reads and its model has, but its source no longer has unchanged.

    Sources that list no columns at all are skipped.
    """
    used = {(str(source["model_id"]), str(source.get("field"))) for source in sources_of(newer_form(sync))}
    for model_id, found in columns.items():
        for item in as_objects(models[model_id].get("fields")) if found else ():
            if (model_id, str(item.get("name"))) in used and not item.get("user_added"):
                then, now = _type(item), _now(found.get(str(item.get("name")).casefold()))
                if not now or (then != now and "unknown" not in (then, now)):
                    yield ColumnChange(
                        model_id, str(models[model_id].get("name")), str(item["name"]), then, now
                    )


def _now(item: JsonObject | None) -> str:
    return _type(item) if item is not None else ""


def _type(item: JsonObject) -> str:
    return str(item.get("type") or "unknown")


def _listed(part: object) -> list[object]:
    return as_list(part) if isinstance(part, list) else [part]
