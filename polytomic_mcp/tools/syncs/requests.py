"""The parts of a sync as a model writes them, under the API's own names."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, as_objects
from polytomic_mcp.tools.framework.arguments import Parsed

_DATA: Final = frozenset({"configuration", "override", "override_value", "search_values", "value"})


def _keep_fields(schema: JsonObject) -> None:
    del schema["description"], schema["additionalProperties"]


class Part(BaseModel):
    """A part of a request: unknown keys are refused, absent ones stay absent.

    The definitions say neither that nor the docstrings: the fields tell a model what it needs.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_keep_fields)

    def body(self) -> JsonObject:
        """Return the part as it goes out; null means not given, but for a constant."""
        given = self.model_dump(mode="json", exclude_unset=True)
        return {name: part for name, part in given.items() if part is not None or name == "override_value"}


class Source(Part):
    """A field of a model."""

    model_id: Annotated[str, Field(description="Id or exact name")]
    field: str


class Mapping(Part):
    """One mapped field."""

    target: str
    source: Source | None = None
    new: bool | None = None
    override_value: Any = None
    sync_mode: Annotated[str | None, Field(description="create: write once")] = None
    encryption_enabled: bool | None = None


class Identity(Part):
    """How a row finds its record."""

    source: Source
    target: str
    function: Annotated[
        str, Field(description="Equality, ISubstring, OneOf, DomainMatch or HostnameMatch")
    ] = "Equality"
    new_field: bool | None = None
    remote_field_type_id: str | None = None

    def body(self) -> JsonObject:
        """Return the identity with its function, which the API requires."""
        return super().body() | {"function": self.function}


class Target(Part):
    """Where rows go: an existing object, or one to create."""

    connection_id: Annotated[str | None, Field(description="Id or exact name")] = None
    object: Annotated[str | None, Field(description="Id or exact name from list_target_objects")] = None
    create: Annotated[dict[str, str] | None, Field(description="Properties of a new object")] = None
    configuration: JsonObject | None = None
    new_name: str | None = None
    search_values: JsonObject | None = None
    filter_logic: str | None = None


class Schedule(Part):
    """When it runs: manual, continuous, or hourly, daily, weekly, custom, runafter, dbtcloud with parts."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    frequency: str
    minute: str | None = None
    hour: str | None = None
    day_of_week: str | None = None


TheTarget = Annotated[Target, Parsed, Field(description="Where rows go: object, or create")]
TheIdentity = Annotated[
    Identity | None, Parsed, Field(description="How a row finds its record in the target")
]
Identities = Annotated[
    JsonObject | None,
    Parsed,
    Field(description='Several: {"mappings": [identity], "strategy": "priority" or "and"}'),
]
Mappings = Annotated[list[Mapping] | None, Parsed, Field(description="Which field goes where")]
TheSchedule = Annotated[Schedule | None, Parsed, Field(description="In UTC; default manual")]
MODES: Final = ("create", "update", "updateOrCreate", "replace", "append", "remove", "snapshot", "enrich")
Mode = Annotated[
    str,
    Field(description="create, update, updateOrCreate, replace, append or remove; the target limits them"),
]
ModelFilters = Annotated[
    JsonObject | None,
    Parsed,
    Field(description='Rows: {"conditions": [{"source", "function", "value", "label"}], "logic": "A OR B"}'),
]
TargetFilters = Annotated[
    JsonObject | None,
    Parsed,
    Field(description='Which records: {"conditions": [{"field", "function", "value"}], "logic"}'),
]
Filters = Annotated[list[JsonObject] | None, Parsed, Field(description="Old form of model_filters")]
OverrideFields = Annotated[
    list[JsonObject] | None, Parsed, Field(description='Constants: [{"target", "override_value"}]')
]
Overrides = Annotated[
    list[JsonObject] | None,
    Parsed,
    Field(description='Replaced values: [{"field": source, "function", "value", "override"}]'),
]


def brief(schema_type: str) -> WithJsonSchema:
    """Show an argument by its type alone, where another tool's definition has told its shape."""
    items = {"items": {"type": "object"}} if schema_type == "array" else {}
    return WithJsonSchema({"type": schema_type, **items, "description": "As in create_sync"})


def request_body(**arguments: Any) -> JsonObject:
    """Return the arguments that were given as the API takes them."""
    return {name: _plain(value) for name, value in arguments.items() if value is not None}


def identities_of(body: JsonObject) -> list[JsonObject]:
    """Return a sync's identities, of the old form and the new."""
    several = as_object(body.get("identities")).get("mappings")
    return as_objects([body.get("identity"), *as_list(several)])


def sources_of(value: Any, path: str = "") -> Iterator[tuple[str, JsonObject]]:
    """Yield every source (a model's field) that stands anywhere in a body but in its data, with its path."""
    source = as_object(value)
    if "model_id" in source:
        yield path, source
    for name, part in source.items():
        if name not in _DATA:
            yield from sources_of(part, f"{path}.{name}" if path else name)
    for index, part in enumerate(as_list(value)):
        yield from sources_of(part, f"{path}[{index}]")


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.body()
    return [_plain(item) for item in as_list(value)] if isinstance(value, list) else value
