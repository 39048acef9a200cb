"""A model as a caller writes it, under the API's own names."""

from typing import Annotated, ClassVar

from pydantic import Field

from polytomic_mcp.common.json_values import AnyJson, JsonObject
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, ORGANIZATION, POLICY
from polytomic_mcp.tools.framework.arguments import Name
from polytomic_mcp.tools.framework.references import Refers
from polytomic_mcp.tools.framework.requests import Part, Request, brief


class AdditionalField(Part):
    """A field that the source does not have."""

    name: str
    label: str
    type: str
    example: AnyJson = None


class RelatedField(Part):
    """The field of another model that a relation leads to."""

    model_id: Annotated[str, Refers(MODEL)]
    field: str


class Relation(Part):
    """A join: a field of the model, and the field of another that has the same values."""

    from_: Annotated[str, Field(alias="from")]
    to: RelatedField


class EnricherField(Part):
    """A field that an enricher adds, as the API answers it."""

    id: str | None = None
    name: str | None = None
    label: str | None = None
    description: str | None = None
    type: str | None = None
    remote_type: str | None = None
    example: AnyJson = None
    unique: bool | None = None
    user_added: bool | None = None
    created_at: str | None = None
    created_by: JsonObject | None = None
    updated_at: str | None = None
    updated_by: JsonObject | None = None


class Enricher(Part):
    """A connection that adds fields to each row."""

    connection_id: Annotated[str | None, Refers(CONNECTION)] = None
    enricher_id: str | None = None
    configuration: JsonObject | None = None
    mappings: dict[str, str] | None = None
    fields: list[EnricherField] | None = None


ModelConfiguration = Annotated[
    JsonObject, Field(description='What to read: {"query": SQL}, or {"table": name}')
]


class ModelRequest(Request):
    """A model: a query or a table of a connection. The API publishes what its configuration may hold."""

    CREATE_ONLY: ClassVar[frozenset[str]] = frozenset({"connection_id", "organization_id"})

    name: Name
    connection_id: Annotated[str, Refers(CONNECTION), Field(description="Connection: id or exact name")]
    configuration: ModelConfiguration
    fields: Annotated[list[str] | None, Field(description="Columns to include; default all")] = None
    additional_fields: Annotated[
        list[AdditionalField] | None, brief("array", 'Custom columns: [{"name", "label", "type"}]')
    ] = None
    identifier: Annotated[str | None, Field(description="Column that identifies a row")] = None
    relations: Annotated[
        list[Relation] | None,
        brief("array", 'Joins: [{"from": column, "to": {"model_id", "field"}}]'),
    ] = None
    tracking_columns: list[str] | None = None
    labels: list[str] | None = None
    enricher: Annotated[
        Enricher | None, brief("object", 'A connection that adds fields: {"connection_id", "mappings"}')
    ] = None
    policies: list[Annotated[str, Refers(POLICY)]] | None = None
    organization_id: Annotated[str | None, Refers(ORGANIZATION)] = None
