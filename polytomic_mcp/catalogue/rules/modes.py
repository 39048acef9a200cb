"""The names of modes and other choices (2025-09-18 SDK). The API's lists are open: a target may list more."""

from typing import Final

SYNC_MODES: Final = ("create", "update", "updateOrCreate", "replace", "append", "remove", "snapshot")

FIELD_MODES: Final = ("create", "updateOrCreate")
"""The modes of a single field mapping, its ``sync_mode``."""

FIELD_TYPES: Final = ("Model", "Target")
"""The kinds of field that a condition in the older form tests, its ``field_type``."""

STRATEGIES: Final = ("priority", "and")
"""How several identities are tried."""

BULK_MODES: Final = ("replicate", "snapshot", "append")
FETCH_MODES: Final = ("none", "incremental", "full")
RESYNC_MODES: Final = ("refetch", "resync", "rebuild")
"""The resync modes of a start."""

SCHEDULE_RESYNC_MODES: Final = ("normal", *RESYNC_MODES)
"""The resync modes of an additional schedule, ``normal`` by default."""

SELECTIVE_MODES: Final = ("none", "incrementalFields", "nonincrementalFields")
"""Which fields an additional schedule reads, all by default."""

DISCOVERY: Final = ("all", "onlyIncremental", "onlyNonIncremental", "none")
"""The values of ``automatically_add_new_objects`` and ``automatically_add_new_fields``."""

NORMALIZATIONS: Final = ("enabled", "disabled", "legacy")
"""The values of ``normalize_names``."""
