"""A sync as a caller writes it, under the API's own names, and the sync that the API stores."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import AliasChoices, Field, model_validator

from polytomic_mcp.catalogue.rules import filter_functions, identity_functions
from polytomic_mcp.catalogue.rules.frequencies import FREQUENCIES
from polytomic_mcp.catalogue.rules.modes import FIELD_MODES, FIELD_TYPES, STRATEGIES, SYNC_MODES
from polytomic_mcp.common.json_values import AnyJson, JsonObject, as_list
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, ORGANIZATION, POLICY, SYNC
from polytomic_mcp.tools.deletions.sources import NO_MODEL
from polytomic_mcp.tools.framework.arguments import Integer, Name, in_any_case
from polytomic_mcp.tools.framework.references import Refers
from polytomic_mcp.tools.framework.requests import Part, Request, brief
from polytomic_mcp.tools.framework.timing import Timing
from polytomic_mcp.tools.syncs.target_creation import with_create

FilterFunction = Annotated[str, in_any_case(filter_functions.FUNCTIONS)]
IdentityFunction = Annotated[str, in_any_case(identity_functions.FUNCTIONS)]


class Source(Part):
    """A field of a model."""

    model_id: Annotated[str, Refers(MODEL), Field(description="Id or exact name; once is enough")] = ""
    field: str

    @model_validator(mode="before")
    @classmethod
    def _read_name(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value


class Mapping(Part):
    """A mapping of a model's field, or a constant, to a field of the target."""

    target: str
    source: Source | None = None
    new: bool | None = None
    override_value: AnyJson = None
    sync_mode: Annotated[
        Annotated[str, in_any_case(FIELD_MODES)] | None, Field(description="create: write once")
    ] = None
    encryption_enabled: bool | None = None


class Identity(Part):
    """How a row is matched to a record of the target."""

    source: Source
    target: str
    function: Annotated[IdentityFunction, Field(description=", ".join(identity_functions.FUNCTIONS))] = (
        "Equality"
    )
    new_field: bool | None = None
    remote_field_type_id: str | None = None


class Identities(Part):
    """Several identities, and how they are tried."""

    mappings: list[Identity]
    strategy: Annotated[str, in_any_case(STRATEGIES)] | None = None


class Condition(Part):
    """What a value is compared with."""

    function: FilterFunction
    value: AnyJson = None
    label: str | None = None

    @property
    def compared(self) -> Source | None:
        """The field that it compares with, if not with a value."""
        return None


class ModelCondition(Condition):
    """A condition on the field of a model."""

    source: Annotated[Source, Field(validation_alias=AliasChoices("source", "field"))]


class TargetCondition(Condition):
    """A condition on a field of the target."""

    field: str
    value_source: Source | None = None

    @property
    def compared(self) -> Source | None:
        """The field that it compares with, if not with a value."""
        return self.value_source


class OldCondition(Condition):
    """A condition in the older form, on a field of either kind."""

    field: Source | None = None
    field_id: str | None = None
    field_type: Annotated[str, in_any_case(FIELD_TYPES)] | None = None
    value_field: Source | None = None

    @property
    def is_of_target(self) -> bool:
        """Whether its field is one of the target."""
        return self.field_type == "Target"

    @property
    def target_field(self) -> str:
        """The field of the target that it tests, if it tests one."""
        return self.field_id or (self.field.field if self.field else "")

    @property
    def compared(self) -> Source | None:
        """The field that it compares with, if not with a value."""
        return self.value_field if self.is_of_target else None


class ModelFilters(Part):
    """Which rows are synced."""

    conditions: list[ModelCondition] | None = None
    logic: str | None = None


class TargetFilters(Part):
    """Which records of the target are changed."""

    conditions: list[TargetCondition] | None = None
    logic: str | None = None


class Override(Part):
    """A value that replaces those which pass a function."""

    field: Source | None = None
    field_id: str | None = None
    function: FilterFunction | None = None
    value: AnyJson = None
    override: AnyJson = None


class Target(Part):
    """Where rows are written: an existing object, or one to create."""

    connection_id: Annotated[str | None, Refers(CONNECTION), Field(description="Id or exact name")] = None
    object: Annotated[str | None, Field(description="Id or exact name from list_target_objects")] = None
    create: Annotated[
        dict[str, str] | None, Field(description="Properties of a new object, as in target_creation")
    ] = None
    configuration: JsonObject | None = None
    new_name: str | None = None
    search_values: JsonObject | None = None
    filter_logic: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_create(cls, value: Any) -> Any:
        return with_create(value)


class RunAfter(Part):
    """The syncs that a sync runs after."""

    sync_ids: list[Annotated[str, Refers(SYNC)]] | None = None
    bulk_sync_ids: list[Annotated[str, Refers(BULK_SYNC)]] | None = None


class Schedule(Timing):
    """When a sync runs. The API's times are in UTC; ``timezone`` is converted before they are sent."""

    frequency: Annotated[
        Annotated[str, in_any_case(FREQUENCIES)] | None,
        Field(
            description="manual, continuous, hourly, daily, weekly, custom (cron fields), runafter, dbtcloud"
        ),
    ] = None
    run_after: RunAfter | None = None
    run_after_success_only: bool | None = None
    connection_id: Annotated[str | None, Refers(CONNECTION)] = None
    job_id: Integer | None = None


class SyncRequest(Request):
    """A sync: the fields of models mapped to a target object."""

    CREATE_ONLY: ClassVar[frozenset[str]] = frozenset({"organization_id"})

    name: Name
    mode: Annotated[str, Field(description=f"{', '.join(SYNC_MODES)}, if the target supports it")]
    target: Annotated[Target, Field(description="An object, or one to create")]
    fields: Annotated[list[Mapping] | None, Field(description="Model fields to target fields")] = None
    identity: Annotated[Identity | None, Field(description="How a row is matched to a record")] = None
    identities: Annotated[
        Identities | None,
        brief("object", 'Several: {"mappings": [identity], "strategy": "priority" or "and"}'),
    ] = None
    schedule: Annotated[Schedule | None, Field(description="Default manual")] = None
    active: bool | None = None
    model_filters: Annotated[
        ModelFilters | None,
        brief(
            "object",
            'Rows: {"conditions": [{"source", "function", "value", "label"}], "logic": "A OR B"}. Functions: '
            + ", ".join(filter_functions.FUNCTIONS),
        ),
    ] = None
    target_filters: Annotated[
        TargetFilters | None,
        brief(
            "object", 'Records: {"conditions": [{"field", "function", "value" or "value_source"}], "logic"}'
        ),
    ] = None
    filters: Annotated[list[OldCondition] | None, brief("array", "Old form of model_filters")] = None
    filter_logic: str | None = None
    override_fields: Annotated[
        list[Mapping] | None, brief("array", 'Constants: [{"target", "override_value"}]')
    ] = None
    overrides: Annotated[
        list[Override] | None,
        brief("array", 'Replacements: [{"field": source, "function", "value", "override"}]'),
    ] = None
    sync_all_records: bool | None = None
    skip_initial_backfill: bool | None = None
    only_enrich_updates: bool | None = None
    encryption_passphrase: str | None = None
    policies: list[Annotated[str, Refers(POLICY)]] | None = None
    organization_id: Annotated[str | None, Refers(ORGANIZATION)] = None

    @property
    def all_identities(self) -> list[tuple[str, Identity]]:
        """Every identity, in either form, with its path."""
        one = [("identity", self.identity)] if self.identity is not None else []
        several = self.identities.mappings if self.identities is not None else []
        return [*one, *((f"identities.mappings[{at}]", each) for at, each in enumerate(several))]

    @property
    def all_mappings(self) -> list[tuple[str, Mapping]]:
        """Every mapping and constant, with its path."""
        return [
            (f"{name}[{at}]", mapping)
            for name, mappings in (("fields", self.fields), ("override_fields", self.override_fields))
            for at, mapping in enumerate(mappings or [])
        ]

    @property
    def all_conditions(self) -> list[tuple[str, "ModelCondition | TargetCondition | OldCondition"]]:
        """Every condition, in either form, with its path."""
        parts = {
            "model_filters.conditions": self.model_filters and self.model_filters.conditions,
            "target_filters.conditions": self.target_filters and self.target_filters.conditions,
            "filters": self.filters,
        }
        return [(f"{name}[{at}]", each) for name, part in parts.items() for at, each in enumerate(part or [])]

    @property
    def target_conditions(self) -> list[tuple[str, str, Source | None]]:
        """Every condition on the target: its path, its field, and the field that it compares with."""
        newer = self.target_filters.conditions if self.target_filters else None
        found = [
            (f"target_filters.conditions[{at}]", each.field, each.value_source)
            for at, each in enumerate(newer or [])
        ]
        older = enumerate(self.filters or [])
        return found + [
            (f"filters[{at}]", each.target_field, each.value_field) for at, each in older if each.is_of_target
        ]

    @property
    def sources(self) -> list[tuple[str, Source]]:
        """Every field of a model that is read, with its path; the first is of the base model."""
        names = (
            *("identity", "identities", "fields", "override_fields", "model_filters", "filters"),
            *("target_filters", "overrides"),
        )
        return [
            (path, source)
            for name in names
            for path, source in _sources_of(getattr(self, name), name)
            if source.model_id != NO_MODEL
        ]


def _sources_of(value: Any, path: str) -> Iterator[tuple[str, Source]]:
    """Yield every field of a model that a part of a sync reads, at any depth, with its path."""
    if isinstance(value, Source):
        yield path, value
    elif isinstance(value, Part):
        skipped = "field" if isinstance(value, OldCondition) and value.is_of_target else ""
        for name in type(value).model_fields.keys() - {skipped}:
            yield from _sources_of(getattr(value, name), f"{path}.{name}")
    for at, each in enumerate(as_list(value)):
        yield from _sources_of(each, f"{path}[{at}]")
