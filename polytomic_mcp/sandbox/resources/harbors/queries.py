"""A Harbor's queries: saved queries, drafted, validated, published and run, and ad hoc SQL."""

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError, bad_request, not_found, unprocessable
from polytomic_mcp.sandbox.data.sql import templates as query_templates
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.templates import TemplateError
from polytomic_mcp.sandbox.resources.harbors.harbors import require_lengths, require_managed
from polytomic_mcp.sandbox.resources.models import queries
from polytomic_mcp.sandbox.resources.models.reading import PREVIEW_SECONDS, stream_query
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor_saved_query"
DRAFT: Final = "harbor_saved_query_draft"
PREVIEW: Final = 20
"""Rows of a preview; a guess: the API says only that there is a limit."""

_TEXTS: Final = ("name", "description", "owner", "sql_template", "change_note")
_PUBLISHED: Final = (*_TEXTS, "parameters")
_PARTS: Final = ("name", "type", "required", "default_value")
"""The parts of a parameter."""


def published(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the published saved queries, oldest first."""
    return [each for each in workspace.store.list(KIND, {"_harbor_id": harbor["id"]}) if each["version"]]


def drafts(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the drafts, oldest first."""
    return workspace.store.list(DRAFT, {"_harbor_id": harbor["id"]})


def find(call: Call, harbor: JsonObject, *, is_published: bool = True) -> JsonObject:
    """Return the call's saved query; an unpublished one only with ``is_published=False``."""
    query = call.workspace.find(KIND, call.arguments["saved_query_id"])
    if query["_harbor_id"] != harbor["id"] or (is_published and not query["version"]):
        raise not_found("saved query", query["id"])
    return query


def create(call: Call, harbor: JsonObject) -> JsonObject:
    """Create a saved query that has only a draft, and return the draft."""
    require_managed(harbor)
    query: JsonObject = {
        "id": (id_ := call.workspace.new_id()),
        "version": 0,
        "created_at": call.workspace.now(),
        "_key": id_,
        "_harbor_id": harbor["id"],
    }
    call.workspace.store.put(KIND, id_, query)
    return save_draft(call, query)


def save_draft(call: Call, query: JsonObject) -> JsonObject:
    """Create or replace the draft; a replaced draft keeps its id and creator."""
    workspace, now, user_id = call.workspace, call.workspace.now(), call.credential.user_id
    current = workspace.store.get(DRAFT, query["id"]) or {
        "id": workspace.new_id(),
        "saved_query_id": query["id"],
        "created_at": now,
        "created_by": user_id,
        "created_by_type": "user",
        "_key": query["id"],
        "_harbor_id": query["_harbor_id"],
    }
    changed = {"updated_at": now, "updated_by": user_id, "updated_by_type": "user"}
    draft = {**current, **_valid_draft(call), **changed}
    workspace.store.put(DRAFT, query["id"], draft)
    return draft


def discard(call: Call, query: JsonObject) -> None:
    """Delete the draft, and the saved query too if it was never published."""
    call.workspace.find(DRAFT, query["id"])
    call.workspace.store.delete(DRAFT, query["id"])
    if not query["version"]:
        call.workspace.store.delete(KIND, query["id"])


def delete(workspace: Workspace, query: JsonObject) -> None:
    """Delete a saved query and its draft; running executions continue."""
    workspace.store.delete(DRAFT, query["id"])
    workspace.store.delete(KIND, query["id"])


def preview(call: Call, harbor: JsonObject, query: JsonObject) -> JsonObject:
    """Run the draft with its validation values and return its first rows, which are not stored.

    Raises:
        RefusalError: 404 if there is no draft, 422 if it does not run.
    """
    draft = call.workspace.find(DRAFT, query["id"])
    connection = call.workspace.find("connection", harbor["backing_connection_id"])
    try:
        sql = query_templates.bind(draft["sql_template"], draft["parameters"], draft["validation_values"])
        with stream_query(call.workspace, connection, sql, PREVIEW_SECONDS) as stream:
            rows = list(islice(stream.rows, PREVIEW + 1))
    except (TemplateError, QueryError) as error:
        raise unprocessable(call.operation, f"the draft does not run: {error}") from error
    names = [column.name for column in stream.columns]
    return {
        "columns": names,
        "rows": [dict(zip(names, row, strict=True)) for row in rows[:PREVIEW]],
        "truncated": len(rows) > PREVIEW,
    }


def publish(call: Call, harbor: JsonObject, query: JsonObject) -> JsonObject:
    """Run the draft, publish it as the next version, and return the saved query."""
    workspace = call.workspace
    columns: list[str] = preview(call, harbor, query)["columns"]
    draft = workspace.find(DRAFT, query["id"])
    query |= {name: draft[name] for name in _PUBLISHED} | {
        "version": query["version"] + 1,
        "revision_id": workspace.new_id(),
        "expected_columns": columns,
        "published_at": workspace.now(),
        "published_by": call.credential.user_id,
        "published_by_type": "user",
        "updated_at": draft["updated_at"],
    }
    workspace.store.put(KIND, query["id"], query)
    workspace.store.delete(DRAFT, query["id"])
    return query


def execute(call: Call, harbor: JsonObject, query: JsonObject) -> JsonObject:
    """Submit the published version with the call's parameters and return its run.

    Raises:
        RefusalError: 422 if a parameter is missing or invalid.
    """
    given: dict[str, Any] = call.arguments.get("parameters") or {}
    for each in query["parameters"]:
        if each.get("required") and given.get(each["name"], ...) is None:
            raise unprocessable(call.operation, f"parameter {each['name']} is required and must not be null")
    try:
        sql = query_templates.bind(query["sql_template"], query["parameters"], given)
    except TemplateError as error:
        raise unprocessable(call.operation, str(error)) from error
    revision = {"saved_query_id": query["id"], "revision_id": query["revision_id"]}
    return run(call, harbor, sql) | revision | {"version": query["version"]}


def run(call: Call, harbor: JsonObject, sql: str) -> JsonObject:
    """Submit SQL to the Harbor's store and return its run.

    Raises:
        RefusalError: 400 if the SQL is empty.
    """
    if not sql.strip():
        raise RefusalError(400, f"{call.operation}: query must not be empty.", key="bad_request")
    connection = call.workspace.find("connection", harbor["backing_connection_id"])
    return queries.submit(call.workspace, connection, sql, call.credential.user_id)


def _require_known(call: Call, parameters: Sequence[JsonObject]) -> None:
    """Raise a 400 refusal if a parameter has a part that the API does not have (the SDK's docstring)."""
    for position, parameter in enumerate(parameters):
        for name in parameter.keys() - set(_PARTS):
            reason = f"parameters[{position}]: {unknown('part', name, _PARTS)}"
            raise bad_request(call.operation, reason)


def _valid_draft(call: Call) -> JsonObject:
    """Return the content of a draft from the call's arguments after checking it."""
    require_lengths(call, name=200, description=2_000, owner=200, change_note=1_000)
    if not call.arguments["sql_template"].strip():
        raise unprocessable(call.operation, "sql_template must not be empty")
    parameters: list[JsonObject] = call.arguments.get("parameters") or []
    _require_known(call, parameters)
    values: JsonObject = call.arguments.get("validation_values") or {}
    try:
        query_templates.check(call.arguments["sql_template"], parameters, values)
    except TemplateError as error:
        raise unprocessable(call.operation, str(error)) from error
    texts = {name: call.arguments.get(name) for name in _TEXTS}
    return texts | {"parameters": parameters, "validation_values": values}
