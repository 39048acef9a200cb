"""A sync before it is written: names become ids, gaps are filled, and every problem is found at once."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, find, put_ids
from polytomic_mcp.tools.syncs.problems import Subject, problems_of
from polytomic_mcp.tools.syncs.requests import identities_of, sources_of
from polytomic_mcp.tools.syncs.targets import find_target, target_fields

IDENTITY_FUNCTIONS: Final = ("Equality", "ISubstring", "OneOf", "DomainMatch", "HostnameMatch")
_NUMBER: Final = re.compile(r"\b\d+\b")


@dataclass(slots=True)
class Draft:
    """A sync's request body, and what is wrong with it; nothing was written.

    ``is_aimed`` says that its target object is known.
    """

    body: JsonObject
    problems: list[str] = field(default_factory=list[str])
    is_aimed: bool = False

    def refuse_if_wrong(self, tool: str) -> None:
        """Raise a ``ToolError`` that lists every problem."""
        if self.problems:
            listed = "\n".join(f"- {problem}" for problem in self.problems)
            raise Refusal(f"{tool}: nothing was written, because:\n{listed}", *self._remedies())

    def _remedies(self) -> Iterator[NextStep]:
        target = as_object(self.body.get("target"))
        if self.is_aimed:
            where = {"connection_id": target["connection_id"], "target": target["object"]}
            yield NextStep(tool="list_target_fields", arguments=where, reason="shows its fields and modes")


async def draft_sync(api: Polytomic, body: JsonObject) -> Draft:
    """Complete a request body and hold it against the models and the target it names."""
    draft = Draft(canonical(deepcopy(body)))
    subject = Subject(models=await _models(api, draft))
    await _aim(api, draft, subject)
    await _time(api, draft)
    draft.problems += problems_of(draft.body, subject)
    return draft


def canonical(body: JsonObject) -> JsonObject:
    """Fill what the guides leave out, and bring names to the API's spelling."""
    defaults: JsonObject = {"fields": [], "schedule": {"frequency": "manual"}}
    filled = defaults | body
    for identity in identities_of(filled):
        identity["function"] = _canonical_function(str(identity.get("function", "Equality")))
    if "filter_logic" in filled:
        filled["filter_logic"] = _labelled(filled["filter_logic"], filled.get("filters"))
    for filters in (as_object(filled.get(kind)) for kind in ("model_filters", "target_filters")):
        if "logic" in filters:
            filters["logic"] = _labelled(filters["logic"], filters.get("conditions"))
    return filled


async def _models(api: Polytomic, draft: Draft) -> dict[str, JsonObject]:
    """Put ids where models are named, and return those models by id."""
    found: dict[str, JsonObject] = {}
    for path, source in sources_of(draft.body):
        reference = str(source["model_id"])
        if reference not in found:
            try:
                found[reference] = await find(api, MODEL, reference)
            except ToolError as error:
                draft.problems.append(f"{path}.model_id: {error}")
                found[reference] = {}
        source["model_id"] = found[reference].get("id", reference)
    return {model["id"]: model for model in found.values() if model}


async def _aim(api: Polytomic, draft: Draft, subject: Subject) -> None:
    """Put ids where the target is named, and learn its fields and modes."""
    target = draft.body["target"]
    if not target.get("connection_id"):
        draft.problems.append("target.connection_id is missing: which connection do the rows go to?")
        return
    if bool(target.get("object")) == bool(target.get("create")):
        draft.problems.append("target needs either object (list_target_objects shows them) or create.")
        return
    try:
        connection_id = target["connection_id"] = (await find(api, CONNECTION, target["connection_id"]))["id"]
        if target.get("object"):
            target["object"] = (await find_target(api, connection_id, target["object"]))["id"]
            draft.is_aimed = True
            subject.target = await target_fields(api, connection_id, target=target["object"])
        else:
            subject.target = await target_fields(api, connection_id, properties=target["create"])
    except ToolError as error:
        draft.problems.append(f"target: {error}")


async def _time(api: Polytomic, draft: Draft) -> None:
    """Put ids where the schedule names a connection, or syncs to run after."""
    try:
        await put_ids(api, draft.body["schedule"])
    except ToolError as error:
        draft.problems.append(f"schedule: {error}")


def _canonical_function(function: str) -> str:
    by_case = {name.casefold(): name for name in IDENTITY_FUNCTIONS}
    return by_case.get(function.casefold(), function)


def _labelled(logic: Any, conditions: Any) -> str:
    """Turn the condition numbers that some write (``1 AND 2``) into the API's labels (``A AND B``)."""
    pairs = zip(as_objects(conditions), ascii_uppercase, strict=False)
    labels = {str(number): str(part.get("label") or letter) for number, (part, letter) in enumerate(pairs, 1)}
    return _NUMBER.sub(lambda number: labels.get(number[0], number[0]), str(logic))
