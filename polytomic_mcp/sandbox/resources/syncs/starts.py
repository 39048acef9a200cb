"""Starting a model sync: by hand or by its schedule."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections import connections
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, model_ids
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import checks, executions
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_MOST_IDENTITIES: Final = 1_000


def start(workspace: Workspace, sync: JsonObject, request: JsonObject) -> JsonObject:
    """Start an execution beside the call and return it; refuses as ``prepare`` does."""
    execution = prepare(workspace, sync, request)
    workspace.run_later(partial(runner.run, workspace, sync["id"], execution["id"]))
    return execution


def prepare(workspace: Workspace, sync: JsonObject, request: JsonObject) -> JsonObject:
    """Store an execution that is ready to run, and return it; an inactive sync can be started, too.

    ``request`` may hold ``test``, ``resync``, ``identities``, ``source_identities`` and ``trigger``.

    Raises:
        RefusalError: 409, one is under way; 404 or 422, something it names cannot be used.
    """
    if executions.current(workspace, sync["id"]) is not None:
        raise RefusalError(
            409,
            f"Sync {sync['name']} is already running; wait for its end or cancel it.",
            key="already_running",
        )
    sources = Sources(workspace.store)
    checks.require_target(workspace, sync, sources)
    connections.require_destination(workspace, sync["target"]["connection_id"])
    if problems := list(_request_problems(request, sync, sources)):
        raise refusal(problems, "The sync cannot start")
    return executions.create(workspace, sync["id"], request)


def fail(workspace: Workspace, sync: JsonObject, request: JsonObject, reason: str) -> JsonObject:
    """Store an execution that failed before it began, for a start that nobody waits for; return it."""
    execution = executions.create(workspace, sync["id"], request)
    logs.say(workspace, execution["id"], "error", reason)
    executions.finish(workspace, execution, "failed", reason)
    return execution


def _request_problems(request: JsonObject, sync: JsonObject, sources: Sources) -> Iterator[Problem]:
    groups: list[list[JsonObject]] = request.get("source_identities") or []
    if len(groups) > _MOST_IDENTITIES:
        yield Problem("too_many", f"at most {_MOST_IDENTITIES} records can be named", "source_identities")
    for at, group in enumerate(groups):
        for position, each in enumerate(group):
            path = f"source_identities[{at}][{position}].source"
            if problem := sources.problem(each["source"], path):
                yield problem
            elif each["source"]["model_id"] not in model_ids(sync):
                yield Problem("unrelated_model", "is of a model that the sync does not read", path)
