"""The parts of a bulk sync that a caller writes, under the API's own names."""

from typing import Annotated, Any, Final

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.tools.bulk_syncs.schedules import flattened
from polytomic_mcp.tools.framework.arguments import refuse_boolean
from polytomic_mcp.tools.framework.requests import Part

_AFTER_OTHERS: Final = frozenset({"runafter", "dbtcloud"})
_AFTER_PARTS: Final = ("run_after", "run_after_success_only", "connection_id", "job_id")
_NO_RUN_AFTER: Final = (
    "a bulk sync can only run at set times, not after another job; a model sync can run after a bulk sync "
    "(run_after: {bulk_sync_ids})"
)


class _WithoutNulls(Part):
    """A part that is sent without nulls at any depth."""

    def body(self) -> JsonObject:
        """Return the part as it is sent."""
        return self.model_dump(mode="json", exclude_none=True)


class _Choice(_WithoutNulls):
    """A part that may be written as a bare name, which means that it is enabled."""

    id: str

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, value: Any) -> Any:
        return {"id": value, "enabled": True} if isinstance(value, str) else value


class FieldChoice(_Choice):
    """A field of a schema: whether it is synced, and how."""

    enabled: bool | None = None
    obfuscate: Annotated[bool | None, Field(validation_alias=AliasChoices("obfuscate", "obfuscated"))] = None
    user_output_name: str | None = None


class SchemaChoice(_Choice):
    """A schema of the source: whether it is synced, and how."""

    enabled: bool | None = None
    fields: list[FieldChoice] | None = None
    filters: list[JsonObject] | None = None
    user_output_name: str | None = None
    partition_key: str | None = None
    tracking_field: str | None = None
    data_cutoff_timestamp: str | None = None
    disable_data_cutoff: bool | None = None
    history_enabled: bool | None = None


class BulkSchedule(_WithoutNulls):
    """When a bulk sync, or some of its schemas, runs. Names of older versions are accepted."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    frequency: str
    id: str | None = None
    minute: str | None = None
    hour: str | None = None
    day_of_week: str | None = None
    day_of_month: str | None = None
    month: str | None = None
    selective_mode: str | None = None
    resync_mode: str | None = None
    schemas: list[str] | None = None
    multi: JsonObject | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_old_names(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        schedule = flattened(as_object(value))
        if _is_after_others(schedule):
            raise ValueError(_NO_RUN_AFTER)
        return schedule


def _is_after_others(schedule: JsonObject) -> bool:
    return schedule.get("frequency") in _AFTER_OTHERS or any(
        schedule.get(part) is not None for part in _AFTER_PARTS
    )


_OBJECT: Final[JsonObject] = {"type": "object"}
_OBJECTS: Final[JsonObject] = {"type": "array", "items": _OBJECT}
_AS_CREATED: Final = "As in creation"
_PARTS: Final[JsonObject] = {"type": "array", "items": {"anyOf": [{"type": "string"}, _OBJECT]}}


def _shown(schema: JsonObject, description: str) -> WithJsonSchema:
    """Describe a part in a few words; its whole schema, inlined in every tool, would cost too many tokens."""
    return WithJsonSchema({**schema, "description": description})


BulkSyncId = Annotated[str, Field(description="Bulk sync: id or exact name")]
BulkMode = Annotated[str, Field(description="replicate, snapshot or append, if the destination supports it")]
Schemas = Annotated[
    list[SchemaChoice],
    _shown(
        _PARTS,
        "Names, or {id, enabled, fields: [name or {id, enabled, obfuscate, user_output_name}], "
        "filters: [{field_id, function, value}], user_output_name, partition_key, tracking_field, "
        "data_cutoff_timestamp, disable_data_cutoff, history_enabled}; default all",
    ),
]
SchemaChanges = Annotated[
    list[SchemaChoice],
    _shown(
        _PARTS,
        "As in creation, merged by id, fields too; a bare name enables",
    ),
]
DefaultSchedule = Annotated[
    BulkSchedule,
    _shown(
        _OBJECT,
        "{frequency: manual (default), continuous, hourly, daily, weekly or custom; minute, hour, "
        "day_of_week, day_of_month, month}, in UTC",
    ),
]
AdditionalSchedules = Annotated[
    list[BulkSchedule],
    _shown(
        _OBJECTS,
        "Each for some schemas, or selective_mode incrementalFields or nonincrementalFields; with "
        "resync_mode normal, refetch, resync or rebuild",
    ),
]
OldSchedule = Annotated[BulkSchedule, _shown(_OBJECT, "Old form of default_schedule; multi has several")]
OldSchedules = Annotated[list[BulkSchedule], _shown(_OBJECTS, "Old form: all schedules")]
NewSchedule = Annotated[BulkSchedule, _shown(_OBJECT, _AS_CREATED)]
NewSchedules = Annotated[list[BulkSchedule], _shown(_OBJECTS, _AS_CREATED)]
Setting = Annotated[str, Field(description=_AS_CREATED)]
NewObjects = Annotated[str, Field(description="all, onlyIncremental, onlyNonIncremental or none (default)")]
NewFields = Annotated[str, Field(description="As for objects; default all")]
NormalizeNames = Annotated[str, Field(description="enabled, disabled or legacy")]
Cutoff = Annotated[str, Field(description="Only records since this time")]
NoTimestamps = Annotated[bool, Field(description="Do not write record timestamps")]
Concurrency = Annotated[int, Field(description="Schemas in parallel"), BeforeValidator(refuse_boolean)]
