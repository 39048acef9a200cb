"""Whether there is a person to ask, and their yes to what cannot be undone."""

from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult
from pydantic import BaseModel, Field

Form = TypeVar("Form", bound=BaseModel)


class Consent(BaseModel):
    """The form a person answers."""

    proceed: Annotated[bool, Field(title="Yes, do it", description="This cannot be undone.")] = False


def can_ask(context: Context[Any]) -> bool:
    """Tell whether the client can put a form before a person."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def ask(context: Context[Any], question: str, yes: Form, *, confirmed: bool, how: str) -> Form | Elicit[Form]:
    """Ask the person where there is one; elsewhere an argument must stand in for the yes.

    Raises:
        ToolError: Nobody can be asked and nothing was confirmed; ``how`` says what does.
    """
    if can_ask(context):
        return Elicit(question, type(yes))
    if confirmed:
        return yes
    raise ToolError(
        f"{question}\nThis client cannot ask a person. If a person wants this, call again with {how}"
    )


def has_consent(answer: ElicitationResult[Consent]) -> bool:
    """Tell whether the answer is an accepted yes."""
    return isinstance(answer, AcceptedElicitation) and answer.data.proceed
