"""A bulk sync as a caller writes it, under the API's own names and in each form of its schedules."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AliasChoices, Field, WithJsonSchema, model_validator

from polytomic_mcp.catalogue.rules.filter_functions import FUNCTIONS
from polytomic_mcp.catalogue.rules.frequencies import BULK_FREQUENCIES
from polytomic_mcp.catalogue.rules.modes import (
    BULK_MODES,
    DISCOVERY,
    FETCH_MODES,
    NORMALIZATIONS,
    RESYNC_MODES,
    SCHEDULE_RESYNC_MODES,
    SELECTIVE_MODES,
)
from polytomic_mcp.common.json_values import AnyJson, JsonObject, as_list, as_object
from polytomic_mcp.tools.api_access.names import CONNECTION, ORGANIZATION, POLICY
from polytomic_mcp.tools.framework.arguments import ConnectionId, Integer, Name, in_any_case
from polytomic_mcp.tools.framework.references import Refers
from polytomic_mcp.tools.framework.requests import Part, Request, brief
from polytomic_mcp.tools.framework.timing import Timing

_MULTI: Final = "multi"
_AFTER_OTHERS: Final = frozenset({"runafter", "dbtcloud"})
_AFTER_PARTS: Final = ("run_after", "run_after_success_only", "connection_id", "job_id")
_NO_RUN_AFTER: Final = (
    "a bulk sync can only run at set times, not after another job; a model sync can run after a bulk sync "
    "(run_after: {bulk_sync_ids})"
)


def _named(*names: str) -> Any:
    """Accept a part under several names: the current one, then those of older versions."""
    return Field(validation_alias=AliasChoices(*names))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


class _Choice(Part):
    """A part that may be written as a bare name, which means that it is enabled."""

    id: str
    enabled: bool | None = None
    user_output_name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, value: Any) -> Any:
        return {"id": value, "enabled": True} if isinstance(value, str) else value


class FieldChoice(_Choice):
    """A field of a schema: whether it is synced, and how."""

    obfuscate: Annotated[bool | None, _named("obfuscate", "obfuscated")] = None


class SchemaFilter(Part):
    """Which records of a schema are synced."""

    field_id: str | None = None
    function: Annotated[str, in_any_case(FUNCTIONS)]
    value: AnyJson = None


class SchemaChoice(_Choice):
    """A schema of the source: whether it is synced, and how."""

    fields: list[FieldChoice] | None = None
    filters: list[SchemaFilter] | None = None
    partition_key: str | None = None
    tracking_field: str | None = None
    data_cutoff_timestamp: str | None = None
    disable_data_cutoff: bool | None = None
    history_enabled: bool | None = None


class BulkSchedule(Timing):
    """When a bulk sync runs."""

    WITHIN: ClassVar[tuple[str, ...]] = ()
    """The parts that may have the times, in place of this schedule itself."""

    frequency: Annotated[str, in_any_case((*BULK_FREQUENCIES, _MULTI))] | None = None
    day_of_week: Annotated[str | None, _named("day_of_week", "dayOfWeek")] = None
    day_of_month: Annotated[str | None, _named("day_of_month", "dayOfMonth")] = None
    id: str | None = None

    @property
    def is_wrapper(self) -> bool:
        """Whether one of its parts has the times."""
        return any(getattr(self, part) is not None for part in self.WITHIN)

    @model_validator(mode="before")
    @classmethod
    def _at_set_times(cls, value: Any) -> Any:
        parts = as_object(value)
        is_after = str(parts.get("frequency")).casefold() in _AFTER_OTHERS
        if is_after or any(parts.get(part) is not None for part in _AFTER_PARTS):
            raise ValueError(_NO_RUN_AFTER)
        return value

    @model_validator(mode="after")
    def _with_times_in_one_place(self) -> Self:
        places = [part for part in self.WITHIN if getattr(self, part) is not None]
        times = [part for part in Timing.model_fields if getattr(self, part) is not None]
        if places == [_MULTI] and self.frequency == _MULTI:
            times.remove("frequency")
        if places and len(places + times) > 1:
            raise ValueError(
                f"{' and '.join(places + times)} cannot be combined; send the times in one place"
            )
        return self


class AdditionalSchedule(BulkSchedule):
    """When some schemas or fields of a bulk sync run."""

    schemas: list[str] | None = None
    selective_mode: Annotated[
        Annotated[str, in_any_case(SELECTIVE_MODES)] | None, _named("selective_mode", "selectiveMode", "item")
    ] = None
    resync_mode: Annotated[
        Annotated[str, in_any_case(SCHEDULE_RESYNC_MODES)] | None, _named("resync_mode", "syncMode")
    ] = None


class ListedSchedule(AdditionalSchedule):
    """A schedule in a list of an older form."""

    WITHIN = ("schedule",)

    schedule: BulkSchedule | None = None


class SeveralSchedules(Part):
    """All schedules in the form of 2024-02-08."""

    type: str | None = None
    schedules: list[ListedSchedule]


class OldSchedule(BulkSchedule):
    """The one schedule of 2024-02-08, which may have several in ``multi``."""

    WITHIN = ("schedule", _MULTI)

    schedule: BulkSchedule | None = None
    multi: SeveralSchedules | None = None


def _choices(description: str) -> WithJsonSchema:
    """Describe a list of names or objects."""
    items: JsonObject = {"anyOf": [{"type": "string"}, {"type": "object"}]}
    return WithJsonSchema({"type": "array", "items": items, "description": description})


class BulkSyncRequest(Request):
    """A bulk sync: schemas of a source copied into a destination."""

    CREATE_ONLY: ClassVar[frozenset[str]] = frozenset({"organization_id"})

    name: Name
    source_connection_id: Annotated[ConnectionId, Refers(CONNECTION)]
    destination_connection_id: Annotated[ConnectionId, Refers(CONNECTION)]
    destination_configuration: Annotated[
        JsonObject | None, Field(description='Such as {"schema": "hubspot"}')
    ] = None
    schemas: Annotated[
        list[SchemaChoice] | None,
        _choices(
            "Names, or {id, enabled, fields: [name or {id, enabled, obfuscate, user_output_name}], "
            "filters: [{field_id, function, value}], user_output_name, partition_key, tracking_field, "
            "data_cutoff_timestamp, disable_data_cutoff, history_enabled}; default all",
        ),
    ] = None
    mode: Annotated[
        Annotated[str, in_any_case(BULK_MODES)] | None,
        Field(description=f"{_listed(BULK_MODES)}, if the destination supports it"),
    ] = None
    active: bool | None = None
    default_schedule: Annotated[
        BulkSchedule | None,
        brief(
            "object",
            f"{{frequency: {_listed(BULK_FREQUENCIES)} (default manual); minute, hour, day_of_week, "
            "day_of_month, month; timezone: default UTC}",
        ),
    ] = None
    additional_schedules: Annotated[
        list[AdditionalSchedule] | None,
        brief(
            "array",
            f"Each for some schemas, or selective_mode {_listed(SELECTIVE_MODES[1:])}; with resync_mode "
            f"{_listed(SCHEDULE_RESYNC_MODES)}",
        ),
    ] = None
    schedule: Annotated[
        OldSchedule | None, brief("object", "Old form of default_schedule; multi has several")
    ] = None
    schedules: Annotated[list[ListedSchedule] | None, brief("array", "Old form: all schedules")] = None
    source_configuration: Annotated[
        JsonObject | None, Field(description="Such as replication_slot; rarely needed")
    ] = None
    automatically_add_new_objects: Annotated[
        Annotated[str, in_any_case(DISCOVERY)] | None, Field(description=f"{_listed(DISCOVERY)} (default)")
    ] = None
    automatically_add_new_fields: Annotated[
        Annotated[str, in_any_case(DISCOVERY)] | None, Field(description="As for objects; default all")
    ] = None
    normalize_names: Annotated[
        Annotated[str, in_any_case(NORMALIZATIONS)] | None, Field(description=_listed(NORMALIZATIONS))
    ] = None
    data_cutoff_timestamp: Annotated[str | None, Field(description="Only records since this time")] = None
    disable_record_timestamps: Annotated[bool | None, Field(description="Do not write record timestamps")] = (
        None
    )
    concurrency_limit: Annotated[Integer | None, Field(description="Schemas in parallel")] = None
    resync_concurrency_limit: Annotated[Integer | None, Field(description="Schemas in parallel")] = None
    policies: list[Annotated[str, Refers(POLICY)]] | None = None
    organization_id: Annotated[str | None, Refers(ORGANIZATION)] = None

    @property
    def all_schedules(self) -> list[tuple[str, BulkSchedule]]:
        """Every schedule that has times, in any form, with its path."""
        names = ("default_schedule", "additional_schedules", "schedule", "schedules")
        return [found for name in names for found in _schedules_in(getattr(self, name), name)]

    @property
    def all_selections(self) -> list[tuple[str, AdditionalSchedule]]:
        """Every schedule that may be for some schemas or fields, in any form, with its path."""
        several = self.schedule.multi if self.schedule else None
        lists = {
            "additional_schedules": self.additional_schedules,
            "schedule.multi.schedules": several and several.schedules,
            "schedules": self.schedules,
        }
        return [(f"{name}[{at}]", each) for name, part in lists.items() for at, each in enumerate(part or ())]


class BulkStartRequest(Request):
    """What a run of a bulk sync copies; without restrictions, what changed since the last run."""

    schemas: Annotated[list[str] | None, Field(description="Only these, by id or name")] = None
    resync_mode: Annotated[
        Annotated[str, in_any_case(RESYNC_MODES)] | None,
        Field(
            description="refetch, resync or rebuild (drops outputs: a person confirms); default: changes only"
        ),
    ] = None
    fetch_mode: Annotated[
        Annotated[str, in_any_case(FETCH_MODES)] | None,
        Field(description="none, incremental or full (Salesforce)"),
    ] = None
    test: Annotated[bool | None, Field(description="A test run of up to 5 records per schema")] = None
    resync: Annotated[bool | None, Field(description="Old form of resync_mode rebuild")] = None


BulkSyncId = Annotated[str, Field(description="Bulk sync: id or exact name")]


def _schedules_in(value: Any, path: str) -> Iterator[tuple[str, BulkSchedule]]:
    """Yield the schedules in a part of a request that have times, with their paths."""
    if isinstance(value, BulkSchedule) and not value.is_wrapper:
        yield path, value
    elif isinstance(value, BulkSchedule):
        for part in value.WITHIN:
            yield from _schedules_in(getattr(value, part), f"{path}.{part}")
    elif isinstance(value, SeveralSchedules):
        yield from _schedules_in(value.schedules, f"{path}.schedules")
    for at, each in enumerate(as_list(value)):
        yield from _schedules_in(each, f"{path}[{at}]")
