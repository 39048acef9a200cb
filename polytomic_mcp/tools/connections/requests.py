"""A connection as a caller writes it, under the API's own names."""

from typing import Annotated, ClassVar

from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.api_access.names import ORGANIZATION, POLICY
from polytomic_mcp.tools.framework.arguments import Name
from polytomic_mcp.tools.framework.references import Refers
from polytomic_mcp.tools.framework.requests import Request


class ConnectionRequest(Request):
    """A connection to a system. The API publishes what the configuration of each type may hold."""

    CREATE_ONLY: ClassVar[frozenset[str]] = frozenset({"type", "redirect_url", "organization_id"})

    name: Name
    type: Annotated[str, Field(description="Id or name, such as snowflake")]
    configuration: Annotated[JsonObject, Field(description="Fields from describe_connection_type")]
    redirect_url: Annotated[str | None, Field(description="Where to return after consent")] = None
    healthcheck_interval: str | None = None
    policies: list[Annotated[str, Refers(POLICY)]] | None = None
    organization_id: Annotated[str | None, Refers(ORGANIZATION)] = None
