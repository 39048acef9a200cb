"""Organizations: the caller's own, and for partners those they created."""

from contextlib import suppress
from typing import Annotated, Final

from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.errors import PolytomicError
from polytomic_mcp.tools.answers.results import Result, Row
from polytomic_mcp.tools.api_access.names import ORGANIZATION, every, find
from polytomic_mcp.tools.api_access.responses import data_of, identified
from polytomic_mcp.tools.framework.arguments import Api

_ME: Final = "GET /api/me"

OrganizationId = Annotated[str | None, Field(description="For partners: id or name; default: your own")]


class Organization(Result):
    """An organization, the calling user, and the organizations that a partner can access."""

    id: str
    name: str | None = None
    me: JsonObject | None = None
    organizations: list[Row] | None = None


async def get_organization(api: Api, organization_id: OrganizationId = None) -> Organization:
    """Get the organization and your identity in it: user, role, kind of key."""
    if organization_id is not None:
        return Organization.model_validate(await find(api, ORGANIZATION, organization_id))
    me = await data_of(api, _ME)
    organization = {"id": me.get("organization_id"), "name": me.get("organization_name")}
    with suppress(PolytomicError):  # older versions lack it, and /api/me is enough
        organization |= await data_of(api, "GET /api/organization")
    who = {name: value for name, value in me.items() if not name.startswith("organization_")}
    return Organization.model_validate(organization | {"me": who, "organizations": await _others(api)})


async def own_id(api: Polytomic, organization_id: str | None) -> str:
    """Return the id of the organization that a tool acts in; the caller's own by default."""
    if organization_id is not None:
        return (await find(api, ORGANIZATION, organization_id))["id"]
    me = await data_of(api, _ME)
    return identified(_ME, {"id": me.get("organization_id")})["id"]


async def _others(api: Polytomic) -> list[Row] | None:
    """Return the organizations that a partner can access; None if there is only one."""
    try:
        listed = await every(api, ORGANIZATION.list)
    except PolytomicError:
        return None
    rows = [Row(id=each["id"], name=each.get("name")) for each in listed]
    return rows if len(rows) > 1 else None
