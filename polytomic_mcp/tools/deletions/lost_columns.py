"""What uses columns of a model that disappear: syncs that map, identify or filter by them, and joins."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.api_access.names import MODEL, every
from polytomic_mcp.tools.deletions.dependants import whole_syncs
from polytomic_mcp.tools.deletions.sources import objects_of

VERBS: Final[Mapping[str, str]] = {
    "fields": "maps",
    "override_fields": "maps",
    "identity": "identifies by",
    "identities": "identifies by",
    "filters": "filters by",
    "model_filters": "filters by",
    "target_filters": "filters the target by",
    "overrides": "replaces values of",
}
"""The parts of a sync that refer to columns, and what a sync does with the columns there."""


@dataclass(frozen=True, slots=True)
class LostColumns:
    """Columns of a model that disappear: the id of each field by the column's name."""

    model_id: str
    ids: Mapping[str, str]

    async def uses(self, api: Polytomic) -> list[str]:
        """Return one line for each sync that uses the columns, and for each model that joins by them."""
        syncs = {_titled("sync", sync): [*self._uses_in(sync)] for sync in await whole_syncs(api)}
        models = {_titled("model", each): [*self._joins_of(each)] for each in await every(api, MODEL.list)}
        return [
            f"{title}: {', '.join(dict.fromkeys(uses))}" for title, uses in (syncs | models).items() if uses
        ]

    def _uses_in(self, sync: JsonObject) -> Iterator[str]:
        for part, verb in VERBS.items():
            for item in objects_of(sync.get(part)):
                if name := self._column_of(item):
                    yield f"{verb} {name}"

    def _joins_of(self, model: JsonObject) -> Iterator[str]:
        for relation in as_objects(model.get("relations")):
            if name := self._column_of(as_object(relation.get("to"))):
                yield f"joins by {name}"

    def _column_of(self, item: JsonObject) -> str | None:
        """Return the lost column that an object refers to, by its model and name or by its field's id."""
        name = str(item.get("field")).casefold() if item.get("model_id") == self.model_id else None
        for column, id_ in self.ids.items():
            if column.casefold() == name or (id_ and item.get("field_id") == id_):
                return column
        return None


def _titled(kind: str, item: JsonObject) -> str:
    return f"{kind} {quoted(str(item.get('name')))} ({item['id']})"
