"""A sync before it is written: names become ids, defaults are filled in, and all problems are found."""

import re
from copy import deepcopy
from string import ascii_uppercase
from typing import Any, Final

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_object, as_objects
from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, find, put_ids
from polytomic_mcp.tools.framework.requests import Draft
from polytomic_mcp.tools.syncs.problems import Subject, problems_of
from polytomic_mcp.tools.syncs.references import identities_of, sources_of
from polytomic_mcp.tools.syncs.requests import IDENTITY_FUNCTIONS
from polytomic_mcp.tools.syncs.targets import find_target, target_fields

_NUMBER: Final = re.compile(r"\b\d+\b")


async def draft_sync(api: Polytomic, body: JsonObject) -> Draft:
    """Complete a request body and validate it against the models and the target that it names."""
    draft = Draft(canonical(deepcopy(body)))
    subject = Subject(models=await _resolve_models(api, draft))
    await _resolve_target(api, draft, subject)
    await _resolve_schedule(api, draft)
    draft.problems += problems_of(draft.body, subject)
    return draft


def canonical(body: JsonObject) -> JsonObject:
    """Fill in defaults, and write identity functions and filter logic as the API spells them."""
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


async def _resolve_models(api: Polytomic, draft: Draft) -> dict[str, JsonObject]:
    """Replace the names of models by their ids, and return those models by id."""
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


async def _resolve_target(api: Polytomic, draft: Draft, subject: Subject) -> None:
    """Replace the names in the target by ids, and read its fields and modes into ``subject``."""
    target = draft.body["target"]
    if not target.get("connection_id"):
        draft.problems.append("target.connection_id is required: the connection that rows are written to.")
        return
    if bool(target.get("object")) == bool(target.get("create")):
        draft.problems.append("target needs either object (list_target_objects shows them) or create.")
        return
    try:
        connection_id = target["connection_id"] = (await find(api, CONNECTION, target["connection_id"]))["id"]
        if target.get("object"):
            target["object"] = (await find_target(api, connection_id, target["object"]))["id"]
            draft.next_steps.append(_see_target(connection_id, target["object"]))
            subject.target = await target_fields(api, connection_id, target=target["object"])
        else:
            subject.target = await target_fields(api, connection_id, properties=target["create"])
    except ToolError as error:
        draft.problems.append(f"target: {error}")


def _see_target(connection_id: str, target: str) -> NextStep:
    arguments = {"connection_id": connection_id, "target": target}
    return NextStep(tool="list_target_fields", arguments=arguments, reason="shows its fields and modes")


async def _resolve_schedule(api: Polytomic, draft: Draft) -> None:
    """Replace the names of connections and of syncs to run after by ids."""
    try:
        await put_ids(api, draft.body["schedule"])
    except ToolError as error:
        draft.problems.append(f"schedule: {error}")


def _canonical_function(function: str) -> str:
    by_case = {name.casefold(): name for name in IDENTITY_FUNCTIONS}
    return by_case.get(function.casefold(), function)


def _labelled(logic: Any, conditions: Any) -> str:
    """Replace condition numbers (``1 AND 2``) by the API's labels (``A AND B``)."""
    pairs = zip(as_objects(conditions), ascii_uppercase, strict=False)
    labels = {str(number): str(part.get("label") or letter) for number, (part, letter) in enumerate(pairs, 1)}
    return _NUMBER.sub(lambda number: labels.get(number[0], number[0]), str(logic))
