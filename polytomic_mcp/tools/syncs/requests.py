"""The parts of a sync that a caller writes, under the API's own names."""

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, WithJsonSchema

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.framework.arguments import Parsed
from polytomic_mcp.tools.framework.requests import Part

MODES: Final = ("create", "update", "updateOrCreate", "replace", "append", "remove", "snapshot", "enrich")
IDENTITY_FUNCTIONS: Final = ("Equality", "ISubstring", "OneOf", "DomainMatch", "HostnameMatch")


class Source(Part):
    """A field of a model."""

    model_id: Annotated[str, Field(description="Id or exact name")]
    field: str


class Mapping(Part):
    """A mapping of a model's field to a field of the target."""

    target: str
    source: Source | None = None
    new: bool | None = None
    override_value: Any = None
    sync_mode: Annotated[str | None, Field(description="create: write once")] = None
    encryption_enabled: bool | None = None


class Identity(Part):
    """How a row is matched to a record of the target."""

    source: Source
    target: str
    function: Annotated[
        str, Field(description="Equality, ISubstring, OneOf, DomainMatch or HostnameMatch")
    ] = "Equality"
    new_field: bool | None = None
    remote_field_type_id: str | None = None

    def body(self) -> JsonObject:
        """Return the identity with its function, which the API requires even where it is the default."""
        return super().body() | {"function": self.function}


class Target(Part):
    """Where rows are written: an existing object, or one to create."""

    connection_id: Annotated[str | None, Field(description="Id or exact name")] = None
    object: Annotated[str | None, Field(description="Id or exact name from list_target_objects")] = None
    create: Annotated[dict[str, str] | None, Field(description="Properties of a new object")] = None
    configuration: JsonObject | None = None
    new_name: str | None = None
    search_values: JsonObject | None = None
    filter_logic: str | None = None


class Schedule(Part):
    """When a sync runs: manual, continuous, hourly, daily, weekly, custom, runafter or dbtcloud."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    frequency: str
    minute: str | None = None
    hour: str | None = None
    day_of_week: str | None = None


TargetArgument = Annotated[Target, Parsed, Field(description="An object, or one to create")]
IdentityArgument = Annotated[Identity | None, Parsed, Field(description="How a row is matched to a record")]
Identities = Annotated[
    JsonObject | None,
    Parsed,
    Field(description='Several: {"mappings": [identity], "strategy": "priority" or "and"}'),
]
Mappings = Annotated[list[Mapping] | None, Parsed, Field(description="Model fields to target fields")]
ScheduleArgument = Annotated[Schedule | None, Parsed, Field(description="Times in UTC; default manual")]
Mode = Annotated[
    str,
    Field(description="create, update, updateOrCreate, replace, append or remove, if the target supports it"),
]
ModelFilters = Annotated[
    JsonObject | None,
    Parsed,
    Field(description='Rows: {"conditions": [{"source", "function", "value", "label"}], "logic": "A OR B"}'),
]
TargetFilters = Annotated[
    JsonObject | None,
    Parsed,
    Field(description='Records: {"conditions": [{"field", "function", "value"}], "logic"}'),
]
Filters = Annotated[list[JsonObject] | None, Parsed, Field(description="Old form of model_filters")]
OverrideFields = Annotated[
    list[JsonObject] | None, Parsed, Field(description='Constants: [{"target", "override_value"}]')
]
Overrides = Annotated[
    list[JsonObject] | None,
    Parsed,
    Field(description='Replacements: [{"field": source, "function", "value", "override"}]'),
]


def as_in_create(schema_type: str) -> WithJsonSchema:
    """Show an argument of update_sync by its type alone; the definition of create_sync has its shape."""
    items = {"items": {"type": "object"}} if schema_type == "array" else {}
    return WithJsonSchema({"type": schema_type, **items, "description": "As in create_sync"})
