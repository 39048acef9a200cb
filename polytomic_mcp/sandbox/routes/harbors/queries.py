"""The queries of Harbors: saved queries and their drafts, and ad hoc SQL."""

from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.calls.call import Call, Routes, public
from polytomic_mcp.sandbox.resources.harbors import harbors
from polytomic_mcp.sandbox.resources.harbors import queries as harbor_queries

_PUBLISHED: Final = (
    "id", "name", "description", "owner", "expected_columns", "published_at", "revision_id", "updated_at",
    "version",
)  # fmt: skip
_DETAILS: Final = (
    *_PUBLISHED, "change_note", "parameters", "published_by", "published_by_type", "sql_template",
)  # fmt: skip


def list_all(call: Call) -> JsonObject:
    """List the published saved queries without their SQL."""
    shown, pagination = harbors.page_of(call, harbor_queries.published(call.workspace, harbors.find(call)))
    return {"data": [{name: each[name] for name in _PUBLISHED} for each in shown], "pagination": pagination}


def create(call: Call) -> JsonObject:
    """Create a saved query that has only a draft."""
    return {"data": public(harbor_queries.create(call, harbors.find(call)))}


def list_drafts(call: Call) -> JsonObject:
    """List the drafts with their SQL."""
    shown, pagination = harbors.page_of(call, harbor_queries.drafts(call.workspace, harbors.find(call)))
    return {"data": [public(each) for each in shown], "pagination": pagination}


def get(call: Call) -> JsonObject:
    """Return the published version of a saved query."""
    return {"data": _shown(harbor_queries.find(call, harbors.find(call)))}


def delete(call: Call) -> JsonObject:
    """Delete a saved query and its draft."""
    query = harbor_queries.find(call, harbors.find(call))
    harbor_queries.delete(call.workspace, query)
    return {"data": {"id": query["id"]}}


def save_draft(call: Call) -> JsonObject:
    """Create or replace a saved query's draft."""
    return {"data": public(harbor_queries.save_draft(call, _find_with_draft(call)))}


def delete_draft(call: Call) -> JsonObject:
    """Delete a saved query's draft."""
    query = _find_with_draft(call)
    harbor_queries.discard(call, query)
    return {"data": {"id": query["id"]}}


def validate(call: Call) -> JsonObject:
    """Run the draft and return its first rows."""
    return {"data": harbor_queries.preview(call, harbors.find(call), _find_with_draft(call))}


def publish(call: Call) -> JsonObject:
    """Publish the draft as the next version."""
    return {"data": _shown(harbor_queries.publish(call, harbors.find(call), _find_with_draft(call)))}


def execute(call: Call) -> JsonObject:
    """Submit the published version; ``GET /api/queries/{id}`` returns its rows."""
    harbors.require_own(call)
    harbor = harbors.find(call)
    return {"data": harbor_queries.execute(call, harbor, harbor_queries.find(call, harbor))}


def run(call: Call) -> JsonObject:
    """Submit ad hoc SQL; ``GET /api/queries/{id}`` returns its rows."""
    harbors.require_own(call)
    return {"data": harbor_queries.run(call, harbors.find(call), call.arguments["query"])}


def _find_with_draft(call: Call) -> JsonObject:
    return harbor_queries.find(call, harbors.find(call), is_published=False)


def _shown(query: JsonObject) -> JsonObject:
    return {name: query[name] for name in _DETAILS}


_QUERIES: Final = "/api/harbors/{harbor_id}/saved-queries"
_QUERY: Final = f"{_QUERIES}/{{saved_query_id}}"

ROUTES: Final[Routes] = {
    f"GET {_QUERIES}": list_all,
    f"POST {_QUERIES}": create,
    f"GET {_QUERIES}/drafts": list_drafts,
    f"GET {_QUERY}": get,
    f"DELETE {_QUERY}": delete,
    f"PUT {_QUERY}/draft": save_draft,
    f"DELETE {_QUERY}/draft": delete_draft,
    f"POST {_QUERY}/draft/validate": validate,
    f"POST {_QUERY}/draft/publish": publish,
    f"POST {_QUERY}/execute": execute,
    "POST /api/harbors/{harbor_id}/query": run,
}
