"""What a sync does with the records of its target: the modes, and what each of them needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Mode:
    """One mode. ``inserts``, ``updates`` and ``deletes`` say what it may do to a record.

    ``requires_identity`` is what the API's documentation asks for; a target may ask for more.
    ``clears`` marks the mode that empties the target first.
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
        """Whether the mode looks for a record's counterpart; ``append`` alone does not."""
        return self.id != "append"


_MODES: Final = (
    Mode(
        "create",
        "Create",
        "Adds records that the target does not have; leaves the others alone.",
        inserts=True,
    ),
    Mode(
        "update",
        "Update",
        "Changes records that the target has; adds none.",
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
    Mode("append", "Append", "Adds every record, without looking for an earlier one.", inserts=True),
    Mode(
        "remove", "Remove", "Deletes the target's records that match.", deletes=True, requires_identity=True
    ),
)

MODES: Final[Mapping[str, Mode]] = MappingProxyType({mode.id: mode for mode in _MODES})
"""The modes the sandbox runs; the API's ``snapshot`` is a name without a described behaviour."""


@dataclass(frozen=True, slots=True)
class TargetMode:
    """A mode as one target offers it."""

    mode: Mode
    requires_identity: bool
    supports_field_mode: bool = True
    supports_filters: bool = True

    def light(self) -> dict[str, Any]:
        """Return it as the list of target objects shows it (keys seen in the 2025-09-18 SDK)."""
        return {
            "id": self.mode.id,
            "label": self.mode.label,
            "requires_identity": self.requires_identity,
            "supports_per_field_mode": self.supports_field_mode,
            "supports_target_filters": self.supports_filters,
        }

    def full(self) -> dict[str, Any]:
        """Return it as a target's own page shows it; two keys are spelled differently there."""
        return {
            "mode": self.mode.id,
            "label": self.mode.label,
            "description": self.mode.description,
            "requires_identity": self.requires_identity,
            "supports_field_sync_mode": self.supports_field_mode,
            "supports_target_filters": self.supports_filters,
        }


def offered(ids: Iterable[str], *, identity: str | None = None) -> tuple[TargetMode, ...]:
    """Return these modes as a target offers them; it may want an identity ``always`` or ``never``.

    Target filters constrain records that were matched, so modes that only insert have none, nor has a
    target that matches nothing.
    """
    return tuple(_offered(MODES[id_], identity) for id_ in ids)


def _offered(mode: Mode, identity: str | None) -> TargetMode:
    matches = identity != "never"
    return TargetMode(
        mode,
        requires_identity=matches and (mode.requires_identity or identity == "always"),
        supports_field_mode=mode.inserts and mode.updates,
        supports_filters=matches and (mode.updates or mode.deletes) and not mode.clears,
    )
