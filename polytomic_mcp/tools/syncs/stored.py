"""A sync as the API stores it: its mappings, identities, the fields of models that it reads, its target."""

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Self

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.deletions.sources import USER_DATA, model_ids_of

MAPPINGS: Final = ("fields", "override_fields")
"""The lists of a sync that have its mappings and its constants."""

_READING: Final = (
    *("identity", "identities", "fields", "override_fields"),
    *("model_filters", "filters", "target_filters", "overrides"),
)
"""The parts of a sync that read fields of models."""

_OLDER_FORMS: Final = {
    "identities": ("identity",),
    "model_filters": ("filters", "filter_logic"),
    "target_filters": ("filters", "filter_logic"),
}
"""The parts that the API answers in two forms, and the older form of each."""


def identities_of(body: JsonObject) -> list[JsonObject]:
    """Return the identities of a sync, in either form."""
    several = as_object(body.get("identities")).get("mappings")
    return as_objects([body.get("identity"), *as_list(several)])


def target_of(sync: JsonObject) -> tuple[str, str]:
    """Return the connection and the object that a sync writes to; either is empty if it is not known.

    The sync may be whole, or as the list of syncs shows it.
    """
    target = as_object(sync.get("target"))
    connection_id = target.get("connection_id") or sync.get("target_connection_id")
    return str(connection_id or ""), str(target.get("object") or sync.get("target_object") or "")


def newer_form(sync: JsonObject) -> JsonObject:
    """Return a copy that keeps only the newer form of the parts that the API answers in two."""
    superseded = {old for new, olds in _OLDER_FORMS.items() if sync.get(new) for old in olds}
    return {name: deepcopy(part) for name, part in sync.items() if name not in superseded}


def condensed(sync: JsonObject) -> JsonObject:
    """Return a sync whose filters are in the newer form, and that has the id of its only model once.

    If it reads a single model, that is its ``model_id``, and its sources have none. ``identity`` stays beside
    ``identities``: most syncs have one, and are written with it.
    """
    shown, ids = newer_form(sync), model_ids_of(sync)
    shown |= {"identity": sync["identity"]} if sync.get("identity") else {}
    if len(ids) != 1:
        return shown
    parts = {name: _without_model(shown[name], ids[0]) for name in _READING if name in shown}
    return shown | parts | {"model_id": ids[0]}


def _without_model(value: Any, id_: str) -> Any:
    """Return a part of a sync whose sources do not name a model; the user's data is unchanged."""
    if isinstance(value, dict):
        return {
            name: part if name in USER_DATA else _without_model(part, id_)
            for name, part in as_object(value).items()
            if (name, part) != ("model_id", id_)
        }
    return [_without_model(part, id_) for part in as_list(value)] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True)
class StoredMappings:
    """The mappings and constants of a stored sync, told apart by their targets.

    If several fields have the same target, as of a webhook, ``is_shared``, and they are told apart by the
    fields of models that they read, too.
    """

    lists: Mapping[str, list[JsonObject]]
    is_shared: bool

    @classmethod
    def of(cls, stored: JsonObject, *, is_shared: bool = False) -> Self:
        """Read those of a stored sync; targets that it maps several times are shared in any case."""
        lists = {name: as_objects(stored.get(name)) for name in MAPPINGS}
        counts = Counter(str(each.get("target")).casefold() for part in lists.values() for each in part)
        return cls(lists, is_shared or any(count > 1 for count in counts.values()))

    @property
    def every(self) -> list[JsonObject]:
        """All mappings and constants."""
        return [each for name in MAPPINGS for each in self.lists[name]]

    def names(self, mapping: JsonObject) -> list[str]:
        """Return what a mapping is called: by its target and, if that is shared, by its source."""
        source = as_object(mapping.get("source")).get("field") if self.is_shared else None
        return [str(mapping.get("target")), *([str(source)] if source else [])]

    def name(self, mapping: JsonObject) -> str:
        """Return the name of a stored mapping that means no other one: its target, or else its source."""
        target, *source = self.names(mapping)
        others = [name for each in self.every if each is not mapping for name in self.names(each)]
        return source[0] if source and target in others else target

    def lost(self, given: Mapping[str, Sequence[JsonObject]]) -> list[JsonObject]:
        """Return what is in neither list once those that are ``given`` replace the stored ones."""
        after = {self._key(each) for name in MAPPINGS for each in given.get(name, self.lists[name])}
        return [each for name in given for each in self.lists[name] if self._key(each) not in after]

    def edited(self, added: Sequence[JsonObject], removed: Sequence[JsonObject]) -> JsonObject:
        """Return the lists that change if some are removed, and others are added or replace stored ones."""
        gone = {self._key(each) for each in [*added, *removed]}
        new = {name: [each for each in self.lists[name] if self._key(each) not in gone] for name in MAPPINGS}
        for each in added:
            new["fields" if "source" in each else "override_fields"].append(each)
        return {name: part for name, part in new.items() if part != self.lists[name]}

    def _key(self, mapping: JsonObject) -> tuple[str, ...]:
        return tuple(name.casefold() for name in self.names(mapping))
