"""Error notifications: who is notified when syncs fail, for all syncs and for one."""

from dataclasses import dataclass
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import valid_values
from polytomic_mcp.tools.answers.results import Change, Result
from polytomic_mcp.tools.api_access.merging import differences, given, writable
from polytomic_mcp.tools.api_access.names import BULK_SYNC, SYNC, every, find, fitting_items
from polytomic_mcp.tools.api_access.own_words import own_words
from polytomic_mcp.tools.api_access.responses import data_of, list_in
from polytomic_mcp.tools.framework.arguments import Api, Integer, TheCaller
from polytomic_mcp.tools.framework.requests import Draft, Part, Request
from polytomic_mcp.tools.framework.validation import path_of

_GLOBAL: Final = "/api/notifications/global-error-subscribers"

OfSync = Annotated[str | None, Field(description="Sync or bulk sync: id or exact name; default: all syncs")]


class ErrorNotifications(Result):
    """Who is notified of errors."""

    subscribers: list[str] | None = None
    changed: dict[str, Change] | None = None


class Settings(Part):
    """The error handling of one sync: the first three are of model syncs, the last is of bulk syncs."""

    auto_retry_record_errors: bool | None = None
    notify_on_record_errors: bool | None = None
    warning_notifications: bool | None = None
    ingestion_failure_threshold: Integer | None = None


class NotificationsRequest(Request):
    """Who is notified of errors, and how the errors of one sync are handled, as a caller writes it."""

    subscribers: Annotated[list[str] | None, Field(description="All email addresses; replaces the list")] = (
        None
    )
    settings: Annotated[Settings | None, Field(description="Other settings of one sync")] = None

    @property
    def given_settings(self) -> JsonObject:
        """The settings to change; empty if there are none."""
        return self.settings.body() if self.settings is not None else {}

    def body(self) -> JsonObject:
        """Return the settings as the API names them: all on one level."""
        return self.given_settings | given(subscribers=self.subscribers)


@dataclass(frozen=True, slots=True)
class _Place:
    """The operations that read and write the settings of one sync, or of all syncs."""

    path: str
    id: str | None

    @property
    def write(self) -> str:
        return f"PUT {self.path}"

    @property
    def settings(self) -> list[str]:
        """The names of the settings that the API takes there, besides the subscribers."""
        parameters = load_catalogue()[self.write].parameters
        return [each.name for each in parameters if each.place == "body" and each.name != "subscribers"]

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
    request: NotificationsRequest,
    sync_id: OfSync = None,
) -> ErrorNotifications:
    """Set who is notified of errors. Omitted arguments are unchanged."""
    api = caller.api
    async with caller.updating:
        place = await _place(api, sync_id)
        _refuse_unknown(place, request.given_settings)
        before = await place.read(api)
        after = await _write(api, place, before | request.body())
    changed = differences(before, after, after)
    return ErrorNotifications.model_validate(after | {"changed": changed})


async def _write(api: Polytomic, place: _Place, settings: JsonObject) -> JsonObject:
    if place.id is not None:
        return await data_of(api, place.write, id=place.id, **writable(place.write, settings))
    with own_words(emails="subscribers"):
        answer = await api.call(place.write, emails=settings["subscribers"])
    return {"subscribers": list_in(place.write, answer, "emails")}


async def _place(api: Polytomic, reference: str | None) -> _Place:
    if reference is None:
        return _Place(_GLOBAL, None)
    is_sync = fitting_items(await every(api, SYNC.list), reference)
    if not is_sync and fitting_items(await every(api, BULK_SYNC.list), reference):
        return _Place("/api/bulk/syncs/{id}/error-handling", (await find(api, BULK_SYNC, reference))["id"])
    return _Place("/api/syncs/{id}/error-handling", (await find(api, SYNC, reference))["id"])


def _refuse_unknown(place: _Place, settings: JsonObject) -> None:
    if place.id is None and settings:
        raise ToolError("set_error_notifications: Settings apply to one sync. Send sync_id too.")
    known = place.settings
    wrong = [name for name in settings if name not in known]
    problems = [f"{path_of(['settings', name])}: unknown name.{valid_values(name, known)}" for name in wrong]
    Draft({}, problems).refuse_if_wrong("set_error_notifications")
