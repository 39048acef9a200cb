"""Deleting: work out what goes along, ask the person, and delete on a clear yes only."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.refusals import Refusal
from polytomic_mcp.tools.answers.results import Deleted, NextStep
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, SYNC, Noun, find
from polytomic_mcp.tools.framework.arguments import Api
from polytomic_mcp.tools.framework.consent import ask
from polytomic_mcp.tools.framework.dependants import Dependants, of_connection, of_model

_NAMED: Final = 10


class Confirmation(BaseModel):
    """The form a person answers."""

    delete: Annotated[bool, Field(title="Yes, delete it", description="This cannot be undone.")] = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is to be deleted, and what else is affected.

    ``instead`` is the call to make where Polytomic would refuse this one after any yes.
    """

    noun: Noun
    id: str
    name: str
    consequence: str
    dependants: Dependants
    instead: NextStep | None = None

    @property
    def question(self) -> str:
        """What the person is asked; the same for the same state of things."""
        return "\n".join([f"Delete the {self.title} ({self.id})?", *self.what_goes_along()])

    @property
    def title(self) -> str:
        """What is to be deleted, as messages write it."""
        return f"{self.noun.name} {quoted(self.name)}"

    def what_goes_along(self) -> list[str]:
        """Say line by line what else is affected."""
        lines = [self.consequence]
        lines += [f"- {kind} {quoted(str(row.name))}" for kind, row in self.dependants.named()[:_NAMED]]
        if (more := len(self.dependants.named()) - _NAMED) > 0:
            lines.append(f"- and {more} more")
        return [*lines, self.dependants.note] if self.dependants.note else lines

    async def carry_out(
        self,
        answer: ElicitationResult[Confirmation],
        api: Polytomic,
        operation: str,
        again: "Callable[[], Awaitable[Deletion]]",
        **arguments: Any,
    ) -> Deleted:
        """Delete if the answer is an accepted yes; otherwise leave everything as it is.

        A person may take their time: ``again`` works out anew what goes along, and where that is no
        longer what they were told, nothing is deleted.
        """
        if not (isinstance(answer, AcceptedElicitation) and answer.data.delete):
            raise ToolError(f"Nobody said yes, so the {self.title} was not deleted.")
        if (await again()).question != self.question:
            raise ToolError(
                f"What goes with the {self.title} has changed since the question. Nothing was deleted; call "
                "again to be asked again."
            )
        await api.call(operation, id=self.id, **arguments)
        return Deleted(
            deleted=True,
            id=self.id,
            name=self.name,
            affected=[row for _, row in self.dependants.named()],
            note=self.dependants.note or None,
        )


async def connection_deletion(api: Api, connection_id: str, force: bool) -> Deletion:
    """Work out what deleting a connection takes along; what is in use takes ``force``."""
    connection = await find(api, CONNECTION, connection_id)
    dependants = await of_connection(api, connection["id"])
    instead = None
    if not dependants.named():
        consequence = "No model or sync uses it."
    elif force:
        consequence = "These are deleted with it:"
    else:
        consequence = "These use it, so Polytomic will refuse unless force is set:"
        instead = _forced(connection["id"])
    name = str(connection.get("name"))
    return Deletion(CONNECTION, connection["id"], name, consequence, dependants, instead)


async def model_deletion(api: Api, model_id: str) -> Deletion:
    """Work out which syncs break when a model goes: the API does not protect them."""
    model = await find(api, MODEL, model_id)
    dependants = await of_model(api, model["id"])
    consequence = "These stop working without it:" if dependants.named() else "No sync uses it."
    return Deletion(MODEL, model["id"], str(model.get("name")), consequence, dependants)


async def sync_deletion(api: Api, sync_id: str) -> Deletion:
    """Work out what deleting a sync takes along: its history, never the rows it has written."""
    sync = await find(api, SYNC, sync_id)
    consequence = "Its schedule and history go; rows it has written stay where they are."
    return Deletion(SYNC, sync["id"], str(sync.get("name")), consequence, Dependants())


async def bulk_sync_deletion(api: Api, bulk_sync_id: str) -> Deletion:
    """Work out what deleting a bulk sync takes along: a run under way too."""
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    consequence = "Its schedules and history go, a run is canceled; rows it has written stay where they are."
    return Deletion(BULK_SYNC, sync["id"], str(sync.get("name")), consequence, Dependants())


def asking(
    work_out: Callable[..., Awaitable[Deletion]],
) -> Callable[..., Awaitable[Confirmation | Elicit[Confirmation]]]:
    """Make the resolver that asks about what another one has worked out."""

    async def confirm(
        context: Context, deletion: Annotated[Deletion, Resolve(work_out)], confirm_name: str | None
    ) -> Confirmation | Elicit[Confirmation]:
        if deletion.instead is not None:
            lines = [f"The {deletion.title} was not deleted.", *deletion.what_goes_along()]
            raise Refusal("\n".join(lines), deletion.instead)
        return ask(
            context,
            deletion.question,
            Confirmation(delete=True),
            confirmed=confirm_name == deletion.name,
            how=f"confirm_name set to the exact name. Nothing was deleted.{_mismatch(confirm_name)}",
        )

    return confirm


def _forced(connection_id: str) -> NextStep:
    arguments = {"connection_id": connection_id, "force": True}
    reason = "deletes what uses it too, once a person agrees"
    return NextStep(tool="delete_connection", arguments=arguments, reason=reason)


def _mismatch(confirm_name: str | None) -> str:
    return "" if confirm_name is None else f" The confirm_name {quoted(confirm_name)} does not match it."


confirm_connection = asking(connection_deletion)
confirm_model = asking(model_deletion)
confirm_sync = asking(sync_deletion)
confirm_bulk_sync = asking(bulk_sync_deletion)
