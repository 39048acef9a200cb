"""Sync modes: what each may do to the records of a target, and what it requires."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode. ``inserts``, ``updates`` and ``deletes`` are what it may do to a record.

    ``requires_identity`` is as the API's documentation says; a target may require an identity in other
    modes too. ``clears`` marks the mode that empties the target first.
    """

    id: str
    label: str
    description: str
    inserts: bool = False
    updates: bool = False
    deletes: bool = False
    clears: bool = False
    requires_identity: bool = False

    @property
    def matches(self) -> bool:
        """Whether the mode looks for matching records of the target; only ``append`` does not."""
        return self.id != "append"


_MODES: Final = (
    Mode(
        "create",
        "Create",
        "Adds records that the target does not have. Leaves the others unchanged.",
        inserts=True,
    ),
    Mode(
        "update",
        "Update",
        "Changes records that the target has. Adds none.",
        updates=True,
        requires_identity=True,
    ),
    Mode(
        "updateOrCreate",
        "Update or create",
        "Changes records that the target has and adds the others.",
        inserts=True,
        updates=True,
        requires_identity=True,
    ),
    Mode(
        "replace",
        "Replace",
        "Empties the target, then adds every record.",
        inserts=True,
        updates=True,
        clears=True,
    ),
    Mode("append", "Append", "Adds every record without looking for a match.", inserts=True),
    Mode(
        "remove", "Remove", "Deletes the target's records that match.", deletes=True, requires_identity=True
    ),
)

MODES: Final[Mapping[str, Mode]] = MappingProxyType({mode.id: mode for mode in _MODES})
"""The modes that the sandbox runs: all but ``snapshot``, whose behavior the API does not describe."""


@dataclass(frozen=True, slots=True)
class TargetMode:
    """A mode as one target supports it."""

    mode: Mode
    requires_identity: bool
    supports_field_mode: bool = True
    supports_filters: bool = True

    def summarize(self) -> dict[str, Any]:
        """Return the mode as the list of target objects shows it (keys seen in the 2025-09-18 SDK)."""
        return {
            "id": self.mode.id,
            "label": self.mode.label,
            "requires_identity": self.requires_identity,
            "supports_per_field_mode": self.supports_field_mode,
            "supports_target_filters": self.supports_filters,
        }

    def describe(self) -> dict[str, Any]:
        """Return the mode as a single target object shows it; two keys are spelled differently there."""
        return {
            "mode": self.mode.id,
            "label": self.mode.label,
            "description": self.mode.description,
            "requires_identity": self.requires_identity,
            "supports_field_sync_mode": self.supports_field_mode,
            "supports_target_filters": self.supports_filters,
        }


def target_modes(
    ids: Iterable[str], *, identity: str | None = None, filters: bool = True
) -> tuple[TargetMode, ...]:
    """Return these modes as a target supports them, which has ``filters`` or none.

    ``identity`` is ``always`` or ``never`` if the target, and not the mode, decides whether an identity is
    required. Target filters apply to matched records, so modes that only insert do not support them, nor
    does a target without identities. A field's mode says whether it replaces a value of a matched record, so
    it needs a mode that inserts, matches and updates (a guess).
    """
    return tuple(_target_mode(MODES[id_], identity, filters=filters) for id_ in ids)


def _target_mode(mode: Mode, identity: str | None, *, filters: bool) -> TargetMode:
    matches = identity != "never"
    return TargetMode(
        mode,
        requires_identity=matches and (mode.requires_identity or identity == "always"),
        supports_field_mode=matches and mode.inserts and mode.updates and not mode.clears,
        supports_filters=filters and matches and (mode.updates or mode.deletes) and not mode.clears,
    )
