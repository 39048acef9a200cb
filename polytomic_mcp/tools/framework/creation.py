"""Creating an object once: names that are in use, and keys that make a repeated call harmless."""

from collections.abc import Callable, Mapping
from typing import Annotated

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import AfterValidator, Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.client.message import IDEMPOTENCY_KEY, key_problem
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.api_access.names import Noun, named, shown
from polytomic_mcp.tools.framework.requests import Draft, Request


def _well_formed(key: str | None) -> str | None:
    if key is not None and (problem := key_problem(key)):
        raise ValueError(problem)
    return key


IdempotencyKey = Annotated[
    str | None,
    AfterValidator(_well_formed),
    Field(description="Your own key: repeating the call with it returns the first result"),
]


class Creation(Request):
    """How an object is created: whether its name may be in use, and the caller's own idempotency key."""

    allow_duplicate_name: Annotated[bool, Field(description="Create even if the name is in use")] = False
    idempotency_key: IdempotencyKey = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request that creates the object."""
        return {} if self.idempotency_key is None else {IDEMPOTENCY_KEY: self.idempotency_key}

    @property
    def given(self) -> JsonObject:
        """The arguments that differ from the defaults."""
        return {name: value for name, value in self.body().items() if value}

    def refuse_for_update(self, argument: str) -> None:
        """Raise a ``ToolError`` if it is given although ``argument`` names an object to update."""
        if self.allow_duplicate_name or self.idempotency_key is not None:
            raise ToolError(
                "allow_duplicate_name and idempotency_key are for a new object. Omit them, or omit "
                f"{argument} to create one. Nothing was changed."
            )

    async def check_name(
        self,
        api: Polytomic,
        noun: Noun,
        name: str,
        draft: Draft,
        instead: Callable[[str], NextStep] | None = None,
    ) -> None:
        """Add a problem to the draft if another object of that kind has the name, in any case.

        ``instead`` returns what to call with the id of that object; by default, the tool that gets it. At
        most one request is sent: what is not on the first page of the list is not seen.
        """
        if self.allow_duplicate_name or self.idempotency_key is not None:
            return
        if existing := await named(api, noun, name):
            draft.problems.append(
                f"name: A {noun.name} with that name exists: {shown(existing)}. Use it, choose another "
                "name, or set allow_duplicate_name."
            )
            id_ = existing[0]["id"]
            this = {noun.argument: id_}
            shows = NextStep(tool=noun.getter, arguments=this, reason="shows the existing one")
            draft.next_steps.append(instead(id_) if instead else shows)
