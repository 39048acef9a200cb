"""Which records of a run are new or changed since the sync last moved them; the others are left out.

A sync moves only new and changed records (the product documentation, on schedules). What has changed is
told by the values that the sync reads, or by those of the tracking columns if a model has some (the same,
on resyncing); by the values of the base model alone if the sync has ``only_enrich_updates`` (its docstring
in the SDK). A record that failed has not been moved, and neither has one that a mapping wrote which is now
another. A record that the mode or a target filter skipped counts as moved (a guess): its source has not
changed. ``replace`` moves every record of every run (a guess: it has emptied the target).

A run that is asked for all records, with ``sync_all_records`` or ``resync``, or for some by name, moves
these, whatever has changed. With ``skip_initial_backfill``, runs up to the first complete one move nothing,
unless they are asked for records (a guess).
"""

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.resources.models.joins import Record
from polytomic_mcp.sandbox.resources.models.source_fields import Source, used_sources
from polytomic_mcp.sandbox.resources.runs import moved_records
from polytomic_mcp.sandbox.resources.runs.moved_records import NOTHING, Moved
from polytomic_mcp.sandbox.resources.syncs import executions
from polytomic_mcp.sandbox.resources.syncs.movement.records import Records
from polytomic_mcp.sandbox.resources.syncs.references import References
from polytomic_mcp.sandbox.resources.syncs.rules.modes import MODES
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_DIGEST_BYTES: Final = 8
_KEY_BITS: Final = 2**32 - 1
_SELECTIONS: Final = ("identities", "source_identities")
_UNTRACKED: Final = ("model_filters", "overrides")
"""The parts of a sync whose fields select and replace values, which are compared by their results."""

_NEW: Final = ("new", "new_field")
"""What only says how a field of the target came to be."""


class Changes:
    """Selects the records that one run moves, and remembers them for the next one."""

    def __init__(
        self, workspace: Workspace, references: References, records: Records, execution: JsonObject
    ) -> None:
        self._workspace = workspace
        self._sync = references.sync
        self._execution_id: str = execution["id"]
        request: JsonObject = execution["_request"]
        self._is_partial = any(request.get(name) for name in _SELECTIONS)
        self._remembers = not (request.get("test") or MODES[self._sync["mode"]].clears)
        moves_all = bool(request.get("resync") or self._sync["sync_all_records"] or self._is_partial)
        self._skips = self._remembers and not moves_all and self._is_initial_backfill()
        keys = [*_key_sources(references)]
        self._readers = [*map(records.build_reader, _compared(references, keys))]
        self._key_size = len(keys)
        self._has_key = 0 < self._key_size < len(self._readers)
        self._signature = _digest(_signature(self._sync))
        self._unchanged = Moved()
        is_told = self._remembers and not moves_all and not self._skips
        self._known = moved_records.load(workspace, self._sync["id"]) if is_told else set[int]()

    @property
    def unchanged(self) -> int:
        """How many records were left out so far."""
        return len(self._unchanged)

    @property
    def is_backfill_skipped(self) -> bool:
        """Whether the run only remembers the records that are there."""
        return self._skips

    def select(self, chunk: Sequence[Record]) -> Sequence[Record]:
        """Return the records of a chunk that the run moves."""
        if not self._known and not self._skips:
            return chunk
        moving: list[Record] = []
        for record in chunk:
            key, digest = self._digests(record)
            if self._skips or digest in self._known:
                self._unchanged.add(key, digest)
            else:
                moving.append(record)
        return moving

    def remember(self, records: Sequence[Record], failed: set[int]) -> None:
        """Store that these records were moved, without those at the positions that failed.

        Call it in the transaction that writes the rows.
        """
        if not self._remembers:
            return
        moved = Moved()
        for position, record in enumerate(records):
            key, digest = self._digests(record)
            moved.add(key, NOTHING if position in failed else digest)
        moved_records.add(self._workspace, self._sync["id"], self._execution_id, moved)

    def complete(self) -> None:
        """Forget the records that the run has not read; call it when the run has read and moved all."""
        if self._remembers and not self._is_partial:
            moved_records.add(self._workspace, self._sync["id"], self._execution_id, self._unchanged)
            moved_records.keep_only(self._workspace, self._sync["id"], self._execution_id)

    def _is_initial_backfill(self) -> bool:
        if not self._sync["skip_initial_backfill"]:
            return False
        return not any(map(_is_complete, executions.of_sync(self._workspace, self._sync["id"])))

    def _digests(self, record: Record) -> tuple[int, int]:
        """Return the key and the digest of a record; without other values, the digest is also the key."""
        values = [read(record) for read in self._readers]
        digest = _digest(values) ^ self._signature
        if not self._has_key:
            return digest & _KEY_BITS, digest
        return zlib.crc32(repr(values[: self._key_size]).encode()), digest


def _digest(values: Any) -> int:
    # Values are JSON values, whose repr is the same in every process, and has no lone surrogate.
    return int.from_bytes(hashlib.blake2b(repr(values).encode(), digest_size=_DIGEST_BYTES).digest())


def _is_complete(execution: JsonObject) -> bool:
    request: JsonObject = execution["_request"]
    return execution["status"] == "completed" and not any(map(request.get, ("test", *_SELECTIONS)))


def _key_sources(references: References) -> Iterator[Source]:
    """Yield the fields that identify a record: those of the identities, or else the model's identifier."""
    mappings = references.sync["identities"]["mappings"]
    yield from (mapping["source"] for mapping in mappings)
    base = references.sources.model(references.model_ids[0]) or {}
    if not mappings and base.get("identifier"):
        yield _source(base, base["identifier"])


def _compared(references: References, keys: Sequence[Source]) -> list[Source]:
    """Return the fields whose values tell that a record has changed, beginning with the keys."""
    sync, base = references.sync, references.model_ids[0]
    found = [*keys]
    for path, source in used_sources(sync):
        is_left_out = sync["only_enrich_updates"] and source["model_id"] != base
        if not is_left_out and not path.startswith(_UNTRACKED):
            found += _tracked(references, source) if keys else [source]
    return [source for at, source in enumerate(found) if at < len(keys) or source not in found[:at]]


def _tracked(references: References, source: Source) -> list[Source]:
    """Return the tracking columns of a field's model, or the field if the model has none."""
    model = references.sources.model(source["model_id"]) or {}
    return [_source(model, name) for name in model.get("tracking_columns") or ()] or [source]


def _source(model: JsonObject, name: str) -> Source:
    """Return a model's field, given its name in any case."""
    names = (field["name"] for field in model["fields"])
    return {
        "model_id": model["id"],
        "field": next(each for each in names if each.casefold() == name.casefold()),
    }


def _signature(sync: JsonObject) -> str:
    """Return what a sync writes, and where, in a form that does not depend on how it was sent."""
    target = {key: sync["target"].get(key) for key in ("connection_id", "object")}
    parts = ("mode", "fields", "override_fields", "overrides", "identities", "target_filters")
    return json.dumps([target, *(_plain(sync[part]) for part in parts)], sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        known = as_object(value).items()
        return {key: _plain(each) for key, each in known if each is not None and key not in _NEW}
    return [_plain(each) for each in as_list(value)] if isinstance(value, list) else value
