"""Copying a sync: a new, inactive one like a stored one, with another name, target or model."""

from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.merging import given, writable
from polytomic_mcp.tools.api_access.names import BULK_SYNC, MODEL, SYNC, find, named, shown
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.framework.arguments import SyncId, TheCaller
from polytomic_mcp.tools.framework.references import Refers
from polytomic_mcp.tools.framework.requests import Request, brief
from polytomic_mcp.tools.syncs.drafts import draft_sync
from polytomic_mcp.tools.syncs.edits import Edits
from polytomic_mcp.tools.syncs.requests import SyncRequest, Target
from polytomic_mcp.tools.syncs.results import Sync, dry_run_of, sync_of
from polytomic_mcp.tools.syncs.updates import merged

_CREATE: Final = "POST /api/syncs"
_NOT_COPIED: Final = "Its history, log and error subscribers are not copied: the first run takes all rows."


class CopyRequest(Request):
    """What is different in the copy."""

    name: Annotated[str | None, Field(description="Default: Copy of the old one")] = None
    target: Annotated[Target | None, brief("object", "What differs: connection_id, object or create")] = None
    model_id: Annotated[str | None, Refers(MODEL), Field(description="Another model")] = None
    encryption_passphrase: str | None = None


async def copy_sync(
    caller: TheCaller,
    sync_id: SyncId,
    request: CopyRequest,
    dry_run: Annotated[bool, Field(description="Only check")] = False,
) -> Sync:
    """Create an inactive copy of a sync."""
    stored = await _stored(caller.api, sync_id)
    sync = _copied(stored, request)
    if request.model_id is not None:
        await _replace_model(caller.api, sync, request.model_id)
    draft = await draft_sync(caller, sync, keeps_schedule=True)
    if existing := await named(caller.api, SYNC, sync.name):
        draft.problems.append(f"name: A sync with that name exists: {shown(existing)}. Choose another name.")
    draft.refuse_if_wrong("copy_sync")
    if dry_run:
        planned = dry_run_of(draft.body, draft.names, caller.date())
        planned.note = _NOT_COPIED
        return planned
    created = await data_of(caller.api, _CREATE, **draft.body)
    copied = {"schedule": draft.body["schedule"]} | created | {"copied_from": stored["id"]}
    copy = sync_of(copied, draft.names, caller.date())
    copy.note = _NOT_COPIED
    start = NextStep(tool="start_sync", arguments={"sync_id": copy.id}, reason="runs it now")
    copy.next_steps = [*(copy.next_steps or ()), start]
    return copy


async def _stored(api: Polytomic, sync_id: str) -> JsonObject:
    """Return the sync; of a bulk sync, say how that is copied."""
    try:
        return await find(api, SYNC, sync_id)
    except Refusal as refused:
        if not any(step.tool == BULK_SYNC.getter for step in refused.next_steps):
            raise
        way = "To copy a bulk sync, send what that answers to create_bulk_sync with another name."
        raise Refusal(f"{refused} {way}", *refused.next_steps) from None


def _copied(stored: JsonObject, request: CopyRequest) -> SyncRequest:
    """Return the request that creates the copy.

    Raises:
        ToolError: The sync encrypts fields, and the passphrase is not there: the API never answers it.
    """
    if any(mapping.get("encryption_enabled") for mapping in as_objects(stored.get("fields"))):
        _require_passphrase(request)
    name = request.name or f"Copy of {stored.get('name')}"
    values = given(
        name=name,
        active=False,
        target=request.target,
        encryption_passphrase=request.encryption_passphrase,
    )
    changes = SyncRequest.model_construct({*values}, **values)
    body = writable(_CREATE, stored)
    kept = {part: body[part] for part in body if part not in SyncRequest.CREATE_ONLY}
    return merged(kept, changes, Edits())


def _require_passphrase(request: CopyRequest) -> None:
    if request.encryption_passphrase is None:
        raise ToolError(
            "copy_sync: This sync encrypts fields, and Polytomic never returns the passphrase. Send "
            "encryption_passphrase for the copy. Nothing was created."
        )


async def _replace_model(api: Polytomic, sync: SyncRequest, model_id: str) -> None:
    """Read every field from another model.

    Raises:
        ToolError: The sync reads several models, or the model does not exist.
    """
    old = list(dict.fromkeys(source.model_id for _, source in sync.sources))
    if len(old) != 1:
        raise ToolError(
            f"copy_sync: model_id replaces the one model of a sync, and this one reads {len(old)}: "
            f"{', '.join(map(quoted, old)) or 'none'}. Omit it, then change the copy with update_sync. "
            "Nothing was created."
        )
    new = (await find(api, MODEL, model_id))["id"]
    for _, source in sync.sources:
        source.model_id = new
