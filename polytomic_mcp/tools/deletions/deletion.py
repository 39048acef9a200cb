"""A deletion of any object: the question a person is asked, and the call that is made on a yes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.answers.results import Deleted, NextStep, Refusal, Row
from polytomic_mcp.tools.api_access.names import Noun
from polytomic_mcp.tools.deletions.dependants import Dependants, described
from polytomic_mcp.tools.framework.consent import ask

_MOST_LISTED: Final = 10


class Confirmation(BaseModel):
    """The form that a person fills in."""

    delete: Annotated[bool, Field(title="Yes, delete it", description="This cannot be undone.")] = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is to be deleted, and what else is affected.

    ``instead`` is the call to make if Polytomic would refuse this one even after a confirmation.
    """

    noun: Noun
    id: str
    name: str
    consequence: str
    dependants: Dependants = field(default_factory=Dependants)
    instead: NextStep | None = None

    @property
    def question(self) -> str:
        """What the person is asked; the same as long as nothing has changed."""
        return "\n".join([f"Delete the {self.title} ({self.id})?", *self.effects()])

    @property
    def title(self) -> str:
        """What is to be deleted, for messages: its kind and its quoted name."""
        return f"{self.noun.name} {quoted(self.name)}"

    def effects(self) -> list[str]:
        """Return what else is affected, one line for each effect."""
        lines = [self.consequence]
        lines += [described(kind, row) for kind, row in self.dependants.listed()[:_MOST_LISTED]]
        if (more := len(self.dependants.listed()) - _MOST_LISTED) > 0:
            lines.append(f"- and {more} more")
        return [*lines, self.dependants.note] if self.dependants.note else lines

    async def carry_out(
        self,
        answer: ElicitationResult[Confirmation],
        api: Polytomic,
        operation: str,
        plan_again: "Callable[[], Awaitable[Deletion]]",
        **arguments: Any,
    ) -> Deleted:
        """Delete the object if the person has confirmed it.

        A person may take a long time to answer, so ``plan_again`` computes the effects once more.

        Raises:
            ToolError: Not confirmed, or the effects differ from those that were confirmed. Nothing was
                deleted.
        """
        if not (isinstance(answer, AcceptedElicitation) and answer.data.delete):
            raise ToolError("Not confirmed; nothing was deleted.")
        if (await plan_again()).question != self.question:
            raise ToolError(
                f"What deleting the {self.title} affects has changed since the question. Nothing was "
                "deleted. Call again for a new question."
            )
        await api.call(operation, id=self.id, **arguments)
        return Deleted(
            deleted=True,
            id=self.id,
            name=self.name,
            affected=[_named(row) for _, row in self.dependants.listed()],
            note=self.dependants.note or None,
        )


def confirming(
    plan: Callable[..., Awaitable[Deletion]],
) -> Callable[..., Awaitable[Confirmation | Elicit[Confirmation]]]:
    """Return the resolver that asks a person to confirm the deletion that ``plan`` resolves to."""

    async def confirm(
        context: Context, deletion: Annotated[Deletion, Resolve(plan)], confirm_name: str | None
    ) -> Confirmation | Elicit[Confirmation]:
        if deletion.instead is not None:
            lines = [f"The {deletion.title} was not deleted.", *deletion.effects()]
            raise Refusal("\n".join(lines), deletion.instead)
        return await ask(
            context,
            deletion.question,
            Confirmation(delete=True),
            confirmed=confirm_name == deletion.name,
            how="call again with confirm_name set to the exact name. Nothing was deleted."
            f"{_mismatch(confirm_name)}",
        )

    return confirm


def _named(row: Row) -> Row:
    return Row.model_validate(row.model_dump(include={"id", "name", "kind"}))


def _mismatch(confirm_name: str | None) -> str:
    return "" if confirm_name is None else f" The confirm_name {quoted(confirm_name)} does not match it."
