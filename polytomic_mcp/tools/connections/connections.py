"""Connections: the systems that data is read from and written to."""

from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import ElicitationResult, Resolve
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.errors import RefusedError
from polytomic_mcp.tools.answers.results import Deleted, Page, Refusal
from polytomic_mcp.tools.api_access.caller import Caller
from polytomic_mcp.tools.api_access.listing import DEFAULT_LIMIT, list_page
from polytomic_mcp.tools.api_access.merging import differences, given, writable
from polytomic_mcp.tools.api_access.names import CONNECTION, POLICY, every, find, type_id
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.connections.connection_types import id_of_type
from polytomic_mcp.tools.connections.drafts import (
    changed_configuration,
    check_changed,
    check_new,
    describe_type,
    draft_new,
)
from polytomic_mcp.tools.connections.masks import concealed, masked_fields, refusal, secrets_sent
from polytomic_mcp.tools.connections.requests import ConnectionRequest
from polytomic_mcp.tools.connections.results import Connection, Health, failed, passed, row, shown
from polytomic_mcp.tools.connections.states import note_on, remember_link, state_after, state_of
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

Validate = Annotated[bool | None, Field(description="false skips the test")]


async def list_connections(
    caller: TheCaller,
    query: Query = None,
    type: Annotated[str | None, Field(description="Only this type: id or name")] = None,  # noqa: A002 - the API's name
    fields: Fields = None,
    limit: Limit = DEFAULT_LIMIT,
    page_token: PageToken = None,
) -> Page:
    """List connections: id, name, type, status."""
    only = await id_of_type(caller.api, type) if type is not None else None
    return await list_page(
        caller.api,
        CONNECTION.list,
        row=lambda item: row(item, state_of(item, caller.date(), caller.consent_links)),
        query=query,
        keep=lambda item: only is None or type_id(item) == only,
        fields=fields,
        limit=limit,
        page_token=page_token,
    )


async def get_connection(caller: TheCaller, connection_id: ConnectionId) -> Connection:
    """Get a connection: status, configuration (secrets masked). After consent, status is healthy."""
    found = await find(caller.api, CONNECTION, connection_id)
    named = found | await _policy_names(caller.api, found)
    return shown(named, state_of(found, caller.date(), caller.consent_links))


async def create_connection(
    caller: TheCaller, request: ConnectionRequest, creation: Creation, validate: Validate = None
) -> Connection:
    """Create a connection. Polytomic tests the configuration first.

    An OAuth type returns auth_url: have a person open it, then call get_connection until status is healthy.
    """
    draft = await draft_new(caller.api, request)
    await creation.check_name(caller.api, CONNECTION, request.name, draft)
    draft.refuse_if_wrong("create_connection")
    body = draft.body | given(validate=validate)
    try:
        made = await data_of(caller.api, "POST /api/connections", headers=creation.headers, **body)
    except RefusedError as refused:
        if refused.status not in _INVALID:
            raise
        raise Refusal(str(refused), describe_type(request.type)) from refused
    return _written(caller, made)


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

    Returns what changed. Stored secrets are masked and would be overwritten, even by a rename: send them in
    configuration, or set keep_masked.
    """
    reset = cleared(changes, clear)
    await resolve_names(caller.api, changes)
    changed = changes.body() | given(reconnect=reconnect, validate=validate)
    sent = as_object(changed.get("configuration"))
    draft = Draft({})
    async with caller.updating:
        stored = await find(caller.api, CONNECTION, connection_id)
        whole = await changed_configuration(caller.api, stored, sent, draft)
        draft.refuse_if_wrong("update_connection")
        masked = masked_fields(whole)
        if masked and not keep_masked:
            raise refusal(masked, {"connection_id": stored["id"]} | changed | given(clear=clear))
        body = writable(_UPDATE, stored) | changed | {"type": type_id(stored), "configuration": whole}
        kept = {name: part for name, part in body.items() if name not in reset}
        after = await data_of(caller.api, _UPDATE, id=stored["id"], **kept)
    connection = _written(caller, after, stored, is_new_consent=bool(reconnect))
    is_tested = validate is not False
    kept_secrets = note_on(masked, stored, after, is_tested=is_tested)
    connection.note = " ".join(filter(None, (connection.note, kept_secrets))) or None
    before, after = concealed(stored), concealed(after)
    connection.changed = differences(before, after, body.keys() - _NOT_COMPARED)
    connection.changed |= secrets_sent(sent, as_object(after.get("configuration")))
    return connection


async def test_connection(
    caller: TheCaller,
    connection_id: Annotated[str | None, Field(description="Connection: id or exact name")] = None,
    type: Annotated[str | None, Field(description="Id or name, without connection_id")] = None,  # noqa: A002 - the API's name
    configuration: Annotated[
        JsonObject | None, Field(description="For a stored connection: fields to override")
    ] = None,
) -> Health:
    """Test a stored connection, or a type and configuration before creating one. Stores nothing."""
    api, draft, sent, stored = caller.api, Draft({}), configuration or {}, JsonObject()
    if connection_id is not None:
        stored = await find(api, CONNECTION, connection_id)
        arguments: JsonObject = {"type": type_id(stored), "connection_id": stored["id"]}
        await check_changed(api, stored, sent, draft)
    elif type is not None:
        arguments = {"type": await check_new(api, type, sent, draft)}
    else:
        raise ToolError("test_connection: Send connection_id, or type and configuration.")
    draft.refuse_if_wrong("test_connection")
    state = state_of(stored, caller.date(), caller.consent_links)
    try:
        await api.call("POST /api/connections/test", configuration=sent, **arguments)
    except RefusedError as refused:
        if refused.status not in _INVALID:
            raise
        if stored and not sent:
            state = state_after(stored, refused.reason, caller.date(), caller.consent_links)
        return failed(refused.reason, state)
    return passed(stored, state, is_changed=bool(sent))


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


async def _policy_names(api: Polytomic, connection: JsonObject) -> JsonObject:
    """Return the names of the policies that a connection lists; nothing if the caller may not read them."""
    ids = list(map(str, as_list(connection.get("policies"))))
    if not ids:
        return {}
    try:
        names = {item["id"]: item.get("name") for item in await every(api, POLICY.list)}
    except RefusedError:
        return {}
    return {"policy_names": [names.get(id_) or id_ for id_ in ids]}


def _written(
    caller: Caller, after: JsonObject, before: JsonObject | None = None, *, is_new_consent: bool = False
) -> Connection:
    """Return a connection as a create or an update answered it, and remember its link for consent."""
    has_link = remember_link(caller, after, before, is_new_consent=is_new_consent)
    connection = shown(after, state_of(after, caller.date(), caller.consent_links, is_tested=True))
    if has_link and before:
        connection.note = f"{connection.note} Earlier links no longer work."
    return connection
