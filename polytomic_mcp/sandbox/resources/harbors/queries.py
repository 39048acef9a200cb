"""The saved queries of a Harbor: a draft, validated and published as immutable versions, and their runs."""

from itertools import islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.refusals import RefusalError, not_found
from polytomic_mcp.sandbox.data.sql import templates as query_templates
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.templates import TemplateError
from polytomic_mcp.sandbox.resources.harbors.harbors import require_managed, require_short, unfit
from polytomic_mcp.sandbox.resources.models import queries
from polytomic_mcp.sandbox.resources.models.reading import LOOKING_SECONDS, stream_query
from polytomic_mcp.sandbox.workspace.workspace import Workspace

KIND: Final = "harbor_saved_query"
DRAFT: Final = "harbor_saved_query_draft"
PREVIEW: Final = 20
"""Rows of a preview; a guess, the API says it is bounded."""

_TEXTS: Final = ("name", "description", "owner", "sql_template", "change_note")
_KEPT: Final = (*_TEXTS, "parameters")


def published(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the published saved queries, oldest first."""
    return [each for each in workspace.store.list(KIND, {"_harbor_id": harbor["id"]}) if each["version"]]


def drafts(workspace: Workspace, harbor: JsonObject) -> list[JsonObject]:
    """Return the drafts, oldest first."""
    return workspace.store.list(DRAFT, {"_harbor_id": harbor["id"]})


def find(call: Call, harbor: JsonObject, *, is_published: bool = True) -> JsonObject:
    """Return the saved query a call names; an unpublished one only where drafts are meant."""
    query = call.workspace.find(KIND, call.arguments["saved_query_id"])
    if query["_harbor_id"] != harbor["id"] or (is_published and not query["version"]):
        raise not_found("saved query", query["id"])
    return query


def create(call: Call, harbor: JsonObject) -> JsonObject:
    """Begin a saved query with a draft, and return the draft."""
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
    """Make or replace the draft; a replaced one keeps its id and its maker."""
    workspace, now, user_id = call.workspace, call.workspace.now(), call.credential.user_id
    held = workspace.store.get(DRAFT, query["id"]) or {
        "id": workspace.new_id(),
        "saved_query_id": query["id"],
        "created_at": now,
        "created_by": user_id,
        "created_by_type": "user",
        "_key": query["id"],
        "_harbor_id": query["_harbor_id"],
    }
    changed = {"updated_at": now, "updated_by": user_id, "updated_by_type": "user"}
    draft = {**held, **_checked(call), **changed}
    workspace.store.put(DRAFT, query["id"], draft)
    return draft


def discard(call: Call, query: JsonObject) -> None:
    """Drop the draft; a query that was never published goes with it."""
    call.workspace.find(DRAFT, query["id"])
    call.workspace.store.delete(DRAFT, query["id"])
    if not query["version"]:
        call.workspace.store.delete(KIND, query["id"])


def delete(workspace: Workspace, query: JsonObject) -> None:
    """Remove a saved query and its draft; runs under way go on."""
    workspace.store.delete(DRAFT, query["id"])
    workspace.store.delete(KIND, query["id"])


def preview(call: Call, harbor: JsonObject, query: JsonObject) -> JsonObject:
    """Run the draft with its validation values and return a few rows, which are not kept.

    Raises:
        RefusalError: 404, there is no draft; 422, it does not run.
    """
    draft = call.workspace.find(DRAFT, query["id"])
    connection = call.workspace.find("connection", harbor["backing_connection_id"])
    try:
        sql = query_templates.bind(draft["sql_template"], draft["parameters"], draft["validation_values"])
        with stream_query(call.workspace, connection, sql, LOOKING_SECONDS) as stream:
            rows = list(islice(stream.rows, PREVIEW + 1))
    except (TemplateError, QueryError) as error:
        raise unfit(call, f"the draft does not run: {error}") from error
    names = [column.name for column in stream.columns]
    return {
        "columns": names,
        "rows": [dict(zip(names, row, strict=True)) for row in rows[:PREVIEW]],
        "truncated": len(rows) > PREVIEW,
    }


def publish(call: Call, harbor: JsonObject, query: JsonObject) -> JsonObject:
    """Publish the draft, once it has run, as the next version, and return the saved query."""
    workspace = call.workspace
    columns: list[str] = preview(call, harbor, query)["columns"]
    draft = workspace.find(DRAFT, query["id"])
    query |= {name: draft[name] for name in _KEPT} | {
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
    """Submit the published version with a call's values and return the run as it is now."""
    given: dict[str, Any] = call.arguments.get("parameters") or {}
    for each in query["parameters"]:
        if each.get("required") and given.get(each["name"], ...) is None:
            raise unfit(call, f"parameter {each['name']} is required and takes no null")
    try:
        sql = query_templates.bind(query["sql_template"], query["parameters"], given)
    except TemplateError as error:
        raise unfit(call, str(error)) from error
    revision = {"saved_query_id": query["id"], "revision_id": query["revision_id"]}
    return run(call, harbor, sql) | revision | {"version": query["version"]}


def run(call: Call, harbor: JsonObject, sql: str) -> JsonObject:
    """Submit SQL to the Harbor's store and return the query as it is now."""
    if not sql.strip():
        raise RefusalError(400, f"{call.operation} needs a query.", key="bad_request")
    connection = call.workspace.find("connection", harbor["backing_connection_id"])
    return queries.submit(call.workspace, connection, sql, call.credential.user_id)


def _checked(call: Call) -> JsonObject:
    """Return what a draft holds, or refuse with 422 what cannot be one."""
    require_short(call, name=200, description=2_000, owner=200, change_note=1_000)
    if not call.arguments["name"].strip() or not call.arguments["sql_template"].strip():
        raise unfit(call, "name and sql_template must not be empty")
    parameters: list[JsonObject] = call.arguments.get("parameters") or []
    values: JsonObject = call.arguments.get("validation_values") or {}
    try:
        query_templates.check(call.arguments["sql_template"], parameters, values)
    except TemplateError as error:
        raise unfit(call, str(error)) from error
    texts = {name: call.arguments.get(name) for name in _TEXTS}
    return texts | {"parameters": parameters, "validation_values": values}
