"""Connections: the systems that data is read from and written to."""

from typing import Annotated, Any, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import RefusedError
from polytomic_mcp.tools.answers.results import (
    MASK,
    Answer,
    Change,
    Deleted,
    NextStep,
    Page,
    Refusal,
    Result,
    Source,
)
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import differences, given, writable
from polytomic_mcp.tools.api_access.names import CONNECTION, find
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.connections.connection_types import id_of_type
from polytomic_mcp.tools.connections.drafts import check_changed, check_new, describe_type, draft_new
from polytomic_mcp.tools.connections.requests import ConnectionRequest
from polytomic_mcp.tools.deletions.deletion import Confirmation, Deletion
from polytomic_mcp.tools.deletions.pipelines import confirm_connection, connection_deletion
from polytomic_mcp.tools.framework.arguments import (
    Api,
    ConfirmName,
    ConnectionId,
    Fields,
    Limit,
    PageToken,
    Query,
    TheCaller,
)
from polytomic_mcp.tools.framework.creation import Creation
from polytomic_mcp.tools.framework.references import resolve_names
from polytomic_mcp.tools.framework.requests import Changes, Clear, Draft, cleared

_NOT_COMPARED: Final = frozenset({"reconnect", "type", "validate"})
_INVALID: Final = frozenset({400, 422})
_UPDATE: Final = "PUT /api/connections/{id}"
_HEALTHY: Final = "healthy"

Validate = Annotated[bool | None, Field(description="false skips the test")]


class Connection(Result):
    """A connection, with secrets masked. auth_url: where a person gives consent."""

    id: str
    name: str | None = None
    type: str | None = None
    status: str | None = None
    saved: bool | None = None
    auth_url: str | None = None
    changed: dict[str, Change] | None = None

    def source(self) -> Source:
        """Return where the API answers the connection."""
        return Source(CONNECTION.get, {"id": self.id})


class Health(Answer):
    """Whether a configuration works and, if not, why."""

    ok: bool
    reason: str | None = None


async def list_connections(
    api: Api,
    query: Query = None,
    type: Annotated[str | None, Field(description="Only this type: id or name")] = None,  # noqa: A002 - the API's name
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List connections: id, name, type, status."""
    only = await id_of_type(api, type) if type is not None else None
    return await list_page(
        api,
        CONNECTION.list,
        row=_row,
        query=query,
        keep=lambda item: only is None or type_id(item) == only,
        fields=fields,
        limit=limit,
        page_token=page_token,
    )


async def get_connection(api: Api, connection_id: ConnectionId) -> Connection:
    """Get a connection: status, configuration (secrets masked). After consent, status is healthy."""
    return _connection(await find(api, CONNECTION, connection_id))


async def create_connection(
    api: Api, request: ConnectionRequest, creation: Creation, validate: Validate = None
) -> Connection:
    """Create a connection. Polytomic tests the configuration first.

    An OAuth type returns auth_url: have a person open it, then call get_connection until status is healthy.
    """
    draft = await draft_new(api, request)
    await creation.check_name(api, CONNECTION, request.name, draft)
    draft.refuse_if_wrong("create_connection")
    body = draft.body | given(validate=validate)
    try:
        return _connection(await data_of(api, "POST /api/connections", headers=creation.headers, **body))
    except RefusedError as refused:
        if refused.status not in _INVALID:
            raise
        raise Refusal(str(refused), describe_type(request.type)) from refused


async def update_connection(
    caller: TheCaller,
    connection_id: ConnectionId,
    changes: Annotated[ConnectionRequest, Changes("create_connection")],
    keep_masked: Annotated[
        bool, Field(description="Send masked secrets back and rely on Polytomic to keep them")
    ] = False,
    reconnect: Annotated[bool | None, Field(description="Start consent again")] = None,
    validate: Validate = None,
    clear: Clear = None,
) -> Connection:
    """Update a connection. Omitted arguments, and omitted fields of its configuration, are unchanged.

    Returns what changed. Stored secrets are masked and would be overwritten: send them in configuration, or
    set keep_masked.
    """
    reset = cleared(changes, clear)
    await resolve_names(caller.api, changes)
    changed = changes.body()
    sent = as_object(changed.get("configuration"))
    draft = Draft({})
    async with caller.updating:
        stored = await find(caller.api, CONNECTION, connection_id)
        await check_changed(caller.api, type_id(stored), sent, draft)
        draft.refuse_if_wrong("update_connection")
        merged = as_object(stored.get("configuration")) | sent
        if not keep_masked:
            _refuse_masked(merged)
        body = writable(_UPDATE, stored) | changed | given(reconnect=reconnect, validate=validate)
        body |= {"type": type_id(stored), "configuration": merged}
        kept = {name: part for name, part in body.items() if name not in reset}
        after = await data_of(caller.api, _UPDATE, id=stored["id"], **kept)
    connection = _connection(after)
    connection.changed = differences(stored, after, body.keys() - _NOT_COMPARED)
    connection.changed |= _secrets_sent(sent, as_object(after.get("configuration")))
    return connection


async def test_connection(
    api: Api,
    connection_id: Annotated[str | None, Field(description="Connection: id or exact name")] = None,
    type: Annotated[str | None, Field(description="Id or name, without connection_id")] = None,  # noqa: A002 - the API's name
    configuration: Annotated[
        JsonObject | None, Field(description="For a stored connection: fields to override")
    ] = None,
) -> Health:
    """Test a stored connection, or a type and configuration before creating one. Stores nothing."""
    draft, sent = Draft({}), configuration or {}
    if connection_id is not None:
        stored = await find(api, CONNECTION, connection_id)
        arguments: JsonObject = {"type": type_id(stored), "connection_id": stored["id"]}
        await check_changed(api, type_id(stored), sent, draft)
    elif type is not None:
        arguments = {"type": await check_new(api, type, sent, draft)}
    else:
        raise ToolError("test_connection: Send connection_id, or type and configuration.")
    draft.refuse_if_wrong("test_connection")
    try:
        await api.call("POST /api/connections/test", configuration=sent, **arguments)
    except RefusedError as refused:
        if refused.status not in _INVALID:
            raise
        return Health(ok=False, reason=refused.reason)
    return Health(ok=True)


async def delete_connection(
    api: Api,
    connection_id: ConnectionId,
    deletion: Annotated[Deletion, Resolve(connection_deletion)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(confirm_connection)],
    force: Annotated[bool, Field(description="Also delete the models and syncs that use it")] = False,
    confirm_name: ConfirmName = None,
) -> Deleted:
    """Delete a connection, after a person sees what uses it and confirms."""
    del connection_id, confirm_name
    return await deletion.carry_out(
        answer,
        api,
        "DELETE /api/connections/{id}",
        lambda: connection_deletion(api, deletion.id, force),
        **given(force=force or None),
    )


def type_id(connection: JsonObject) -> str | None:
    """Return the id of a connection's type, which the API answers as an object or as text."""
    kind = connection.get("type")
    return as_object(kind).get("id") if isinstance(kind, dict) else kind


def _refuse_masked(configuration: JsonObject) -> None:
    masked = sorted(field for field, value in configuration.items() if _is_masked(value))
    if masked:
        raise ToolError(
            f"update_connection: Polytomic masks {', '.join(masked)} and might store the mask. Send the "
            "secret again in configuration, or set keep_masked. Nothing was changed."
        )


def _secrets_sent(sent: JsonObject, after: JsonObject) -> dict[str, Change]:
    """Return the secrets that were sent as changed; Polytomic shows only their mask, before and after."""
    return {
        f"configuration.{name}": Change(before=MASK, after=MASK)
        for name, value in sent.items()
        if after.get(name) == MASK != value
    }


def _is_masked(value: Any) -> bool:
    """Whether a value contains a mask at any depth."""
    parts = [*as_object(value).values(), *as_list(value)]
    return value == MASK or any(_is_masked(part) for part in parts)


def _row(item: JsonObject) -> JsonObject:
    return {
        "id": item["id"],
        "name": item.get("name"),
        "type": type_id(item),
        "status": item.get("status"),
    }


def _connection(item: JsonObject) -> Connection:
    connection = Connection.model_validate(item | {"type": type_id(item)})
    this = {"connection_id": connection.id}
    if connection.auth_url and connection.status != _HEALTHY:
        reason = "status is healthy once a person has opened auth_url and consented"
        connection.next_steps = [NextStep(tool="get_connection", arguments=this, reason=reason)]
    elif connection.saved is False:
        again = this | {"reconnect": True}
        reason = "returns a new auth_url for a person to open"
        connection.next_steps = [NextStep(tool="update_connection", arguments=again, reason=reason)]
    elif connection.status not in (None, _HEALTHY):
        connection.next_steps = [
            NextStep(tool="test_connection", arguments=this, reason="shows what is wrong")
        ]
    return connection
