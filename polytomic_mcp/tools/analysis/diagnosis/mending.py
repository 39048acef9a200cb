"""The update that mends what a sync refers to, as far as it can be known without a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.common.spelling import canonical, quoted
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.deletions.sources import NO_MODEL
from polytomic_mcp.tools.syncs import requests
from polytomic_mcp.tools.syncs.problems import INSERTING_MODES, broken_references
from polytomic_mcp.tools.syncs.requests import SyncRequest
from polytomic_mcp.tools.syncs.stored import StoredMappings, newer_form
from polytomic_mcp.tools.syncs.subject import Subject, TargetObject

_MOST_NAMES = 8


@dataclass(slots=True)
class Mending:
    """Arguments of ``update_sync``, what each does in words, and what only a person knows.

    Without changes, no call is known that would be accepted.
    """

    changes: JsonObject = field(default_factory=dict[str, Any])
    words: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])


def mend(evidence: Evidence, models: Mapping[str, JsonObject]) -> Mending:
    """Return the changes after which the sync fits these models and its target.

    A field is replaced or mapped only by one whose name differs in case, spaces, hyphens and underscores
    alone; a mapping without such a field is dropped.
    """
    found = _Mending(newer_form(evidence.sync), models, evidence.target or {})
    mending = found.mend()
    return mending if found.is_mended(mending) else Mending(unknown=mending.unknown)


@dataclass(slots=True)
class _Mending:
    sync: JsonObject
    models: Mapping[str, JsonObject]
    target: JsonObject
    result: Mending = field(default_factory=Mending)
    fields: list[JsonObject] = field(default_factory=list[JsonObject])
    """The mappings after the update."""

    def mend(self) -> Mending:
        mappings = [
            each
            for each in as_objects(self.sync.get("fields"))
            if as_object(each.get("source")).get("model_id") != NO_MODEL
        ]
        fitted = [(each, self._fitted(each)) for each in mappings]
        required = self._required()
        self.fields = [*(fit for _, fit in fitted if fit is not None), *required]
        replaced = [(each, fit) for each, fit in fitted if fit is not None and _reads_another(each, fit)]
        dropped = [each for each, fit in fitted if fit is None]
        self._edit(replaced, required, dropped)
        identity = as_object(self.sync.get("identity"))
        if identity and not self.sync.get("identities") and (source := self._renamed(identity)):
            self.result.changes["identity"] = _sendable(requests.Identity, identity | {"source": source})
            self.result.words.append(f"identifies by {source['field']}")
        return self.result

    def _edit(
        self, replaced: list[tuple[JsonObject, JsonObject]], new: list[JsonObject], dropped: list[JsonObject]
    ) -> None:
        """Add the edits of the mappings: ``replaced`` are pairs of a stored one and what it becomes."""
        added = [*(fit for _, fit in replaced), *new]
        takes_whole_rows = TargetObject(self.target).takes_whole_rows
        stored = StoredMappings.of(self.sync, is_shared=bool(added) and takes_whole_rows)
        gone = [*(each for each, _ in replaced if stored.is_shared), *dropped]
        names = list(dict.fromkeys(stored.name(each) for each in gone))
        self.result.changes |= given(add_fields=added or None, remove_fields=names or None)

    def is_mended(self, mending: Mending) -> bool:
        """Whether the update would be accepted, and leaves nothing that is broken."""
        try:
            identity = given(identity=mending.changes.get("identity"))
            request = SyncRequest.stored(self.sync | {"fields": self.fields} | identity)
        except ValidationError:
            return False
        if any(each.encryption_enabled for _, each in request.all_mappings):
            mending.unknown.append("encryption_passphrase: Polytomic never returns it; an update needs it")
            return False
        existing = {id_: model for id_, model in self.models.items() if model}
        return not broken_references(request, Subject(existing, self.target or None))

    def _fitted(self, mapping: JsonObject) -> JsonObject | None:
        """Return a mapping as it fits now; None if it has to be dropped."""
        source, name = as_object(mapping.get("source")), str(mapping.get("target"))
        title = f"{source.get('field')} to {name}"
        if self._is_unknown_target(mapping):
            self.result.words.append(f"drops the mapping of {title}, which the target no longer has")
            return None
        if not self._is_gone(source):
            return _sendable(requests.Mapping, mapping)
        renamed = self._renamed(mapping)
        if renamed is None:
            self.result.words.append(f"drops the mapping of {title}, whose source is gone")
            return None
        self.result.words.append(f"maps {renamed['field']} to {name}")
        return _sendable(requests.Mapping, mapping | {"source": renamed})

    def _is_unknown_target(self, mapping: JsonObject) -> bool:
        known = [str(each.get("id")).casefold() for each in as_objects(self.target.get("fields"))]
        is_free = mapping.get("new") or as_object(self.target.get("properties")).get("target_creator")
        return bool(known) and not is_free and str(mapping.get("target")).casefold() not in known

    def _is_gone(self, source: JsonObject) -> bool:
        model = self.models.get(str(source.get("model_id")))
        return model is not None and source.get("field") not in _names(model)

    def _renamed(self, part: JsonObject) -> JsonObject | None:
        """Return the source that replaces the one of a mapping or an identity, if that is gone."""
        source = as_object(part.get("source"))
        if not self._is_gone(source):
            return None
        name = canonical(str(source.get("field")), _names(self.models[str(source["model_id"])]))
        return None if name is None else {"model_id": source["model_id"], "field": name}

    def _required(self) -> list[JsonObject]:
        """Return a mapping for each required field of the target that a field of a model has the name of."""
        if self.sync.get("mode") not in INSERTING_MODES:
            return []
        request = SyncRequest.stored(self.sync)
        named = {part.target.casefold() for _, part in [*request.all_mappings, *request.all_identities]}
        missing = [
            str(each["id"])
            for each in as_objects(self.target.get("fields"))
            if each.get("required") and each.get("createable") is not False
        ]
        return [
            found
            for id_ in missing
            if id_.casefold() not in named and (found := self._mapping_to(id_)) is not None
        ]

    def _mapping_to(self, target: str) -> JsonObject | None:
        for model_id, model in self.models.items():
            name = canonical(target.removesuffix("__c"), _names(model))
            if name is not None:
                self.result.words.append(f"maps {name} to {target}, which is required")
                return {"source": {"model_id": model_id, "field": name}, "target": target}
        names = [name for model in self.models.values() for name in _names(model)]
        more = ", …" if len(names) > _MOST_NAMES else ""
        self.result.unknown.append(
            f"only a person knows what {quoted(target)} gets: {', '.join(names[:_MOST_NAMES])}{more}, or a "
            "constant (override_fields)"
        )
        return None


def _names(model: JsonObject) -> list[str]:
    return [str(each.get("name")) for each in as_objects(model.get("fields"))]


def _reads_another(mapping: JsonObject, fit: JsonObject) -> bool:
    return as_object(mapping.get("source")).get("field") != as_object(fit.get("source")).get("field")


def _sendable(part: type[requests.Part], stored: JsonObject) -> JsonObject:
    """Return what an update takes of a stored part."""
    return {name: stored[name] for name in part.model_fields if stored.get(name) not in (None, False)}
