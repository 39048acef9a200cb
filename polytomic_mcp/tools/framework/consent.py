"""A person's consent to a call that cannot be undone."""

from typing import Annotated, Any, Final, TypeVar

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult
from mcp.types import CONNECTION_CLOSED, ElicitResult
from pydantic import BaseModel, Field

from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.framework.arguments import caller_of

Form = TypeVar("Form", bound=BaseModel)

INVALID_CONFIRMATION: Final = (
    "The answer does not match the form, so nothing was confirmed and nothing was deleted. Call again for a "
    "new question."
)
_ANSWERS_WITH_NEXT_CALL: Final = "2026-07-28"
"""The first version of the protocol whose questions are results; the answer comes with the next call."""

_TOGETHER: Final = 0.1
"""Seconds for which a question waits for the calls that were sent with its own.

A call that begins after a question may count as the client's failure to ask it; these do not.
"""

_CLOSED: Final = (CONNECTION_CLOSED, "Connection closed")
"""How mcp reports a client that is gone; a client may use the same code for an error of its own."""


class Consent(BaseModel):
    """The form that a person fills in."""

    proceed: Annotated[bool, Field(title="Yes, do it", description="This cannot be undone.")] = False


async def ask(
    context: Context[Any],
    question: str,
    yes: Form,
    *,
    confirmed: bool,
    how: str,
    step: NextStep | None = None,
) -> Form | Elicit[Form]:
    """Return the person's answer, or the question for mcp to ask, or ``yes`` if no one can be asked.

    A client cannot be asked if it does not declare ``elicitation``, or declares it and fails to answer. Only
    then does an argument that confirms the call count. The empty form means no.

    Raises:
        Refusal: The client cannot be asked and nothing was confirmed; ``how`` and ``step`` say what confirms.
        ToolError: The answer does not match the form.
    """
    answer, why = None, "cannot ask a person"
    if _declares_forms(context):
        is_later = (context.protocol_version or "") >= _ANSWERS_WITH_NEXT_CALL
        asking = _asked_with_result if is_later else _asked_now
        answer, why = await asking(context, question, type(yes)), "was asked and did not answer"
    if answer is not None:
        return answer
    if confirmed:
        return yes
    steps = () if step is None else (step,)
    raise Refusal(f"{question}\nThis client {why}. If a person has agreed, {how}", *steps)


def _declares_forms(context: Context[Any]) -> bool:
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


async def _asked_now(context: Context[Any], question: str, form: type[Form]) -> Form | None:
    """Ask, and return the answer; None if the client answered with an error."""
    time = (await caller_of(context)).time
    try:
        with time.paused():
            answer = await context.elicit(question, form)
    except MCPError as error:
        if (error.error.code, error.error.message) == _CLOSED:
            raise
        return None
    except ValueError as error:
        raise ToolError(INVALID_CONFIRMATION) from error
    return answer.data if isinstance(answer, AcceptedElicitation) else form()


async def _asked_with_result(context: Context[Any], question: str, form: type[Form]) -> Elicit[Form] | None:
    """Return the question; None if the call was repeated without an answer to it."""
    caller = await caller_of(context)
    answers = (context.input_responses or {}).values()
    if any(isinstance(answer, ElicitResult) for answer in answers):
        caller.questions.answer()
        return Elicit(question, form)
    if context.request_state is not None or caller.questions.is_left_open(
        question, id(context), caller.now()
    ):
        return None
    await caller.sleep(_TOGETHER)
    caller.questions.ask(question, caller.now())
    return Elicit(question, form)


def has_consent(answer: ElicitationResult[Consent]) -> bool:
    """Return whether the person confirmed."""
    return isinstance(answer, AcceptedElicitation) and answer.data.proceed
