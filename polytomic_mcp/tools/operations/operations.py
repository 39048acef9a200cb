"""The tools for any operation of the API: find one by plain words, then read or write with it."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, Resolve
from pydantic import BeforeValidator, Field

from polytomic_mcp.catalogue import Effect, Operation, load_catalogue
from polytomic_mcp.catalogue.groups import GROUPS, group_of
from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.message import IDEMPOTENCY_KEY
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import NotFoundError, UnknownOperationError
from polytomic_mcp.tools.answers.results import Answer, AnyJson, NextStep, Page, Refusal
from polytomic_mcp.tools.answers.truncation import ROWS_TOKENS
from polytomic_mcp.tools.api_access.listing import page_of
from polytomic_mcp.tools.api_access.merging import given
from polytomic_mcp.tools.connections.states import remember_link
from polytomic_mcp.tools.framework.arguments import Api, PageToken, TheCaller, refuse_boolean
from polytomic_mcp.tools.framework.consent import Consent, ask, has_consent
from polytomic_mcp.tools.framework.creation import IdempotencyKey
from polytomic_mcp.tools.operations.arguments import validated
from polytomic_mcp.tools.operations.questions import confirmation, question
from polytomic_mcp.tools.operations.references import with_ids
from polytomic_mcp.tools.operations.signatures import schema_of, signature
from polytomic_mcp.tools.operations.typed_tools import tool_for
from polytomic_mcp.tools.operations.views import Reading, View

Detail = Literal["names", "summary", "arguments", "schema"]
Arguments = Annotated[JsonObject, Field(description="Path, query and body arguments by name")]

Plan = tuple[Operation, JsonObject]
"""The operation to call, and its validated arguments."""

_CONNECTIONS: Final = frozenset({"/api/connections", "/api/connections/{id}"})
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
_BEST: Final = 5
_LISTED: Final = 60
_FEWEST_TOKENS: Final = 600
"""The fewest tokens that an operation's schema may use."""


class Operations(Page):
    """Operations, the best match first, and the total. In arguments, ? marks optional ones.

    Prefer the tool of an operation that has one.
    """

    total: int
    note: str | None = None


class Written(Answer):
    """The answer to a write."""

    operation: str
    result: AnyJson = None


async def find_operations(
    caller: TheCaller,
    query: Annotated[str, Field(description="Plain words, part of a path, or an operation's id")] = "",
    detail: Detail | None = None,
    group: Annotated[str | None, Field(description="Such as bulk_syncs; without query, lists it")] = None,
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None,
    effect: Effect | None = None,
    limit: Annotated[int | None, Field(ge=1, le=200), BeforeValidator(refuse_boolean)] = None,
    page_token: PageToken = None,
) -> Operations:
    """Find API operations for tasks without a tool; call them with read_operation or write_operation."""
    if group is not None and group not in GROUPS:
        raise Refusal(f"find_operations: {unknown('group', group, GROUPS)}")
    from polytomic_mcp.catalogue.search import load_index, with_id  # noqa: PLC0415 - SQLite, on demand

    is_search = bool(query.strip())
    exact = with_id(load_catalogue(), query)
    candidates = [exact] if exact else load_index().search(query) if is_search else load_catalogue().values()
    shown = detail or ("schema" if exact else "arguments")
    found = [
        operation
        for operation in candidates
        if group in (None, group_of(operation))
        and method in (None, operation.method)
        and effect in (None, operation.effect)
    ]
    most = limit or (_BEST if is_search else _LISTED)
    tokens = max(ROWS_TOKENS // max(min(len(found), most), 1), _FEWEST_TOKENS)
    page = page_of(
        [{"id": each.id} for each in found],
        row=lambda item: _row(load_catalogue()[item["id"]], shown, tokens, caller.tools),
        query=None,
        limit=most,
        page_token=page_token,
    )
    note = None if found else f"No matches. Use other words, or a group: {', '.join(GROUPS)}."
    return Operations(items=page.items, next_page_token=page.next_page_token, total=len(found), note=note)


async def read_operation(
    api: Api,
    operation: Annotated[str, Field(description="Such as GET /api/syncs/{id}")],
    arguments: Arguments = {},  # noqa: B006 - pydantic copies it
    pointer: Annotated[
        str | None, Field(description="JSON Pointer to the part to return, such as /data/0/fields")
    ] = None,
    offset: Annotated[int | None, Field(ge=0), BeforeValidator(refuse_boolean)] = None,
    limit: Annotated[int | None, Field(ge=1), BeforeValidator(refuse_boolean)] = None,
) -> Reading:
    """Call an API operation that only reads; find_operations finds it.

    offset and limit page through the list or text at pointer, to read the rest of what was truncated.
    """
    found = _find(operation)
    if found.effect != "read":
        raise Refusal(
            f"{found.id} is not read-only (effect: {found.effect}). Call it with write_operation.",
            *_same_call("write_operation", found, arguments),
        )
    checked = await with_ids(api, found, validated(found, arguments))
    return View(found, checked, pointer, offset, limit).of(await _call(api, found, checked))


async def plan_write(api: Api, operation: str, arguments: JsonObject) -> Plan:
    """Validate a write against the catalogue before a person is asked about it."""
    found = _find(operation)
    if found.effect == "read":
        raise Refusal(
            f"{found.id} is read-only. Call it with read_operation.",
            *_same_call("read_operation", found, arguments),
        )
    return found, await with_ids(api, found, validated(found, arguments))


async def consent_to_write(
    api: Api, context: Context, plan: Annotated[Plan, Resolve(plan_write)], confirm: str | None
) -> Consent | Elicit[Consent]:
    """Ask a person before something is destroyed; if the client cannot ask, ``confirm`` is required."""
    operation, arguments = plan
    if operation.effect != "destroy":
        return Consent(proceed=True)
    repeated = confirmation(operation, arguments)
    return await ask(
        context,
        await question(api, operation, arguments),
        Consent(proceed=True),
        confirmed=confirm == repeated,
        how=f"call again with confirm set to {repeated!r}. Nothing was sent.",
    )


async def write_operation(
    caller: TheCaller,
    operation: Annotated[str, Field(description="Such as POST /api/syncs")],
    plan: Annotated[Plan, Resolve(plan_write)],
    answer: Annotated[ElicitationResult[Consent], Resolve(consent_to_write)],
    arguments: Arguments = {},  # noqa: B006 - pydantic copies it
    confirm: Annotated[
        str | None, Field(description="The id again; only to destroy, if the client cannot ask a person")
    ] = None,
    idempotency_key: IdempotencyKey = None,
) -> Written:
    """Call an API operation that writes. A person is asked before one that destroys."""
    del operation, arguments, confirm
    found, checked = plan
    if not has_consent(answer):
        raise Refusal("Not confirmed; nothing was sent.")
    headers = {} if idempotency_key is None else {IDEMPOTENCY_KEY: idempotency_key}
    result = await _call(caller.api, found, checked, headers)
    if found.path in _CONNECTIONS:
        is_new_consent = bool(checked.get("reconnect"))
        remember_link(caller, as_object(as_object(result).get("data")), is_new_consent=is_new_consent)
    return Written(operation=found.id, result=result)


async def _call(
    api: Polytomic, operation: Operation, arguments: JsonObject, headers: Mapping[str, str] = _NO_HEADERS
) -> Any:
    """Call the operation; if an id does not exist, suggest the call that lists the valid ones."""
    try:
        return await api.call(operation.id, headers=headers, **arguments)
    except NotFoundError as refused:
        listing = f"GET {operation.path.partition('/{')[0]}"
        if listing not in load_catalogue():
            raise
        step = NextStep(tool="read_operation", arguments={"operation": listing}, reason="lists the ids")
        raise Refusal(str(refused), step) from refused


def _find(operation_id: str) -> Operation:
    try:
        method, _, path = " ".join(operation_id.split()).partition(" ")
        return load_catalogue().find(f"{method.upper()} {path}")
    except UnknownOperationError as error:
        step = NextStep(
            tool="find_operations", arguments={"query": operation_id[:200]}, reason="Find the right id"
        )
        raise Refusal(str(error), step) from None


def _same_call(tool: str, operation: Operation, arguments: JsonObject) -> Iterator[NextStep]:
    """Suggest the same call with the other tool, unless it has a body: that may contain secrets."""
    outside = {parameter.name for parameter in operation.parameters if parameter.place != "body"}
    required = {parameter.name for parameter in operation.parameters if parameter.required}
    if required <= arguments.keys() <= outside:
        same: JsonObject = {"operation": operation.id, "arguments": arguments}
        yield NextStep(tool=tool, arguments=same, reason="makes this call")


def _row(operation: Operation, detail: Detail, tokens: int, tools: AbstractSet[str]) -> JsonObject:
    if detail == "names":
        return {"id": operation.id}
    row: JsonObject = {"id": operation.id, "summary": operation.summary, "effect": operation.effect}
    row |= given(tool=tool_for(operation, tools))
    if detail == "schema":
        return row | {"arguments_schema": schema_of(operation, tokens)}
    return row | ({"arguments": signature(operation)} if detail == "arguments" else {})
