"""Error notifications: who is notified when syncs fail, for all syncs and for one."""

from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.tools.answers.results import Change, Result
from polytomic_mcp.tools.api_access.merging import differences, writable
from polytomic_mcp.tools.api_access.names import BULK_SYNC, SYNC, every, find, fitting_items
from polytomic_mcp.tools.api_access.responses import data_of, list_in
from polytomic_mcp.tools.framework.arguments import Api, TheCaller

_GLOBAL: Final = "/api/notifications/global-error-subscribers"

OfSync = Annotated[str | None, Field(description="Sync or bulk sync: id or exact name; default: all syncs")]


class ErrorNotifications(Result):
    """Who is notified of errors."""

    subscribers: list[str] | None = None
    changed: dict[str, Change] | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The operations that read and write the settings of one sync, or of all syncs."""

    path: str
    id: str | None

    @property
    def write(self) -> str:
        return f"PUT {self.path}"

    async def read(self, api: Polytomic) -> JsonObject:
        """Return the settings, with the email addresses under ``subscribers``."""
        if self.id is not None:
            return await data_of(api, f"GET {self.path}", id=self.id)
        operation = f"GET {self.path}"
        return {"subscribers": list_in(operation, await api.call(operation), "emails")}


async def get_error_notifications(api: Api, sync_id: OfSync = None) -> ErrorNotifications:
    """Get who is notified of errors: for all syncs, or for one sync with its error handling."""
    return ErrorNotifications.model_validate(await (await _place(api, sync_id)).read(api))


async def set_error_notifications(
    caller: TheCaller,
    subscribers: Annotated[
        list[str] | None, Field(description="All email addresses; replaces the list")
    ] = None,
    sync_id: OfSync = None,
    settings: Annotated[
        JsonObject | None,
        Field(description="Other settings of one sync, such as {auto_retry_record_errors: true}"),
    ] = None,
) -> ErrorNotifications:
    """Set who is notified of errors. Omitted arguments are unchanged."""
    api = caller.api
    async with caller.updating:
        place = await _place(api, sync_id)
        before = await place.read(api)
        _refuse_unknown(place, before, settings or {})
        sent = {} if subscribers is None else {"subscribers": subscribers}
        after = await _write(api, place, before | (settings or {}) | sent)
    changed = differences(before, after, after)
    return ErrorNotifications.model_validate(after | {"changed": changed})


async def _write(api: Polytomic, place: _Place, settings: JsonObject) -> JsonObject:
    if place.id is not None:
        return await data_of(api, place.write, id=place.id, **writable(place.write, settings))
    answer = await api.call(place.write, emails=settings["subscribers"])
    return {"subscribers": list_in(place.write, answer, "emails")}


async def _place(api: Polytomic, reference: str | None) -> _Place:
    if reference is None:
        return _Place(_GLOBAL, None)
    is_sync = fitting_items(await every(api, SYNC.list), reference)
    if not is_sync and fitting_items(await every(api, BULK_SYNC.list), reference):
        return _Place("/api/bulk/syncs/{id}/error-handling", (await find(api, BULK_SYNC, reference))["id"])
    return _Place("/api/syncs/{id}/error-handling", (await find(api, SYNC, reference))["id"])


def _refuse_unknown(place: _Place, known: JsonObject, settings: JsonObject) -> None:
    if place.id is None and settings:
        raise ToolError("set_error_notifications: Settings apply to one sync. Send sync_id too.")
    if wrong := [name for name in settings if name not in known]:
        raise ToolError(f"set_error_notifications: {unknown('setting', wrong[0], known)}")
