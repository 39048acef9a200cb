"""The tool that shows what depends on an object and what breaks without it, and where its data comes from."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Annotated, Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_objects
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.errors import NotFoundError
from polytomic_mcp.tools.analysis.lineage.dependants import trace
from polytomic_mcp.tools.analysis.lineage.graph import Graph, Kind, Subject, lost_models
from polytomic_mcp.tools.analysis.lineage.origins import upstream, writers, writes_into
from polytomic_mcp.tools.analysis.lineage.subjects import described, name_targets, target_subject
from polytomic_mcp.tools.answers.results import Page
from polytomic_mcp.tools.api_access.gathering import Finding, Gathering, Unavailable
from polytomic_mcp.tools.api_access.listing import page_of
from polytomic_mcp.tools.api_access.names import CONNECTION, MODEL, SYNC, Noun, every, find
from polytomic_mcp.tools.api_access.responses import data_of, identified
from polytomic_mcp.tools.connections.target_kinds import usual_kind
from polytomic_mcp.tools.framework.arguments import Api, Limit, PageToken

_BULK_SYNCS: Final = "GET /api/bulk/syncs"
_NOUNS: Final[dict[Kind, Noun]] = {"connection": CONNECTION, "model": MODEL}

Reference = Annotated[str | None, Field(description="Id or exact name")]


class Lineage(Page):
    """The dependants: how each uses the subject, and what breaks; of a target object, what writes it."""

    subject: JsonObject
    upstream: Annotated[list[JsonObject] | None, Field(description="What it reads")] = None
    counts: Annotated[dict[str, int], Field(description="All items by kind")]
    unavailable: list[Unavailable] | None = None


async def trace_lineage(
    api: Api,
    connection_id: Reference = None,
    model_id: Reference = None,
    target: Annotated[str | None, Field(description="A target object of connection_id")] = None,
    field: Annotated[str | None, Field(description="A field of model_id or target")] = None,
    sync_id: Reference = None,
    limit: Limit = 30,
    page_token: PageToken = None,
) -> Lineage:
    """Show what depends on a connection, model, field or sync, what breaks without it, and what it reads.

    For a target object or its field: which syncs write it, from which model, query and connection.
    """
    references: dict[Kind, str | None] = {"connection": connection_id, "model": model_id, "sync": sync_id}
    given: dict[Kind, str] = {kind: name for kind, name in references.items() if name}
    _refuse_other_starts(given, target, field)
    item, subject = await _subject(api, given, target, field)
    gathering = Gathering()
    graph = await _graph(api, subject, gathering)
    rows = writers(graph, subject) if subject.kind == "target" else trace(graph, subject)
    if not rows:
        _refuse_unknown_field(graph, subject, item)
        gathering.refuse_if_partial("trace_lineage", "Nothing that could be read depends on it")
    page = page_of(rows, query=None, limit=limit, page_token=page_token)
    await name_targets(api, page.items)
    return Lineage(
        items=page.items,
        next_page_token=page.next_page_token,
        subject=described(graph, subject, item),
        upstream=upstream(graph, subject) or None,
        counts=dict(Counter(str(row["kind"]) for row in rows)),
        unavailable=gathering.unavailable or None,
    )


def _refuse_other_starts(given: Mapping[Kind, str], target: str | None, field: str | None) -> None:
    """Refuse anything but one start.

    Raises:
        ToolError: Several objects or none are given, or a part of another object.
    """
    is_one = len(given) == 1 and not (target and "connection" not in given)
    if not is_one or (field and not target and "model" not in given):
        raise ToolError(
            "trace_lineage: Send exactly one of connection_id, model_id and sync_id. target requires "
            "connection_id; field requires model_id, or connection_id and target."
        )


async def _subject(
    api: Polytomic, references: Mapping[Kind, str], target: str | None, field: str | None
) -> tuple[JsonObject, Subject]:
    """Find the subject; return the whole object, or the target's fields, and the subject."""
    [(kind, reference)] = references.items()
    item = await find(api, _NOUNS.get(kind, SYNC), reference)
    if target:
        return await target_subject(api, item, target, field or "")
    name = str(item.get("name"))
    if not field:
        return item, Subject(kind, item["id"], name)
    ids = [str(each.get("id")) for each in as_objects(item.get("fields")) if each.get("name") == field]
    return item, Subject("field", item["id"], name, field, ids[0] if ids else "")


def _refuse_unknown_field(graph: Graph, subject: Subject, item: JsonObject) -> None:
    """Refuse a field that its owner does not have and nothing uses. A removed one may still be in use."""
    is_target = subject.kind == "target"
    known = [str(each.get("id" if is_target else "name")) for each in as_objects(item.get("fields"))]
    is_known = subject.field.casefold() in map(str.casefold, known) if is_target else subject.field in known
    if subject.field and not is_known and (known or not is_target):
        owner = usual_kind(graph.connection(subject.connection_id)) if is_target else "model"
        raise ToolError(
            f"trace_lineage: The {owner} {quoted(subject.name)} has no field {quoted(subject.field)}, and "
            f"nothing that could be read uses it.{valid_values(subject.field, known)}"
        )


async def _graph(api: Polytomic, subject: Subject, gathering: Gathering) -> Graph:
    """List everything, and read the whole of each sync that may use the subject."""
    async with gathering.together() as read:
        models = read("models", partial(every, api, MODEL.list))
        syncs = read("syncs", partial(every, api, SYNC.list))
        bulk_syncs = read("bulk syncs", partial(every, api, _BULK_SYNCS))
        connections = read("connections", partial(every, api, CONNECTION.list))
    lost = lost_models(models.value or (), subject)
    async with gathering.together() as read:
        whole = {
            sync["id"]: read("whole syncs", partial(_read_sync, api, sync["id"]))
            for sync in syncs.value or ()
            if _needs_reading(sync, lost, subject)
        }
    return Graph(
        models=models.value or (),
        syncs=[found for sync in syncs.value or () if (found := _most_complete(sync, whole.get(sync["id"])))],
        bulk_syncs=bulk_syncs.value or (),
        connections=connections.value or (),
    )


def _needs_reading(sync: JsonObject, lost: Mapping[str, str], subject: Subject) -> bool:
    """Whether a listed sync has to be read: it is not whole, and may use a lost model or write the target.

    That ``model_ids`` lists every model a sync reads is a guess; if it is empty or has a null, the
    sync is read.
    """
    if "fields" in sync or subject.kind in ("sync", "target"):
        return "fields" not in sync and (sync["id"] == subject.id or writes_into(sync, subject))
    model_ids = as_list(sync.get("model_ids"))
    is_known = bool(model_ids) and None not in model_ids
    return bool(lost) and not (is_known and lost.keys().isdisjoint(model_ids))


def _most_complete(sync: JsonObject, whole: Finding[JsonObject] | None) -> JsonObject:
    """Return the whole sync if it was read, else the listed one; an empty object if it was deleted since."""
    return sync if whole is None or whole.value is None else whole.value


async def _read_sync(api: Polytomic, sync_id: str) -> JsonObject:
    try:
        return identified(SYNC.get, await data_of(api, SYNC.get, id=sync_id))
    except NotFoundError:
        return {}
