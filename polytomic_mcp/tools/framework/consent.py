"""A person's consent to a call that cannot be undone."""

from typing import Annotated, Any, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult
from pydantic import BaseModel, Field

Form = TypeVar("Form", bound=BaseModel)


class Consent(BaseModel):
    """The form that a person fills in."""

    proceed: Annotated[bool, Field(title="Yes, do it", description="This cannot be undone.")] = False


def can_ask(context: Context[Any]) -> bool:
    """Return whether the client can show a form to a person."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def ask(context: Context[Any], question: str, yes: Form, *, confirmed: bool, how: str) -> Form | Elicit[Form]:
    """Return the question for the person, or ``yes`` if the client cannot ask but an argument confirmed it.

    Raises:
        ToolError: The client cannot ask and nothing was confirmed; ``how`` says which argument confirms.
    """
    if can_ask(context):
        return Elicit(question, type(yes))
    if confirmed:
        return yes
    raise ToolError(
        f"{question}\nThis client cannot ask a person. If a person has agreed, call again with {how}"
    )


def has_consent(answer: ElicitationResult[Consent]) -> bool:
    """Return whether the person confirmed."""
    return isinstance(answer, AcceptedElicitation) and answer.data.proceed
