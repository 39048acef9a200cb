"""Starting a model sync: on request or by its schedule."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.connections import connections
from polytomic_mcp.sandbox.resources.models.source_fields import model_ids
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.resources.syncs import executions, syncs
from polytomic_mcp.sandbox.resources.syncs.movement import runner
from polytomic_mcp.sandbox.resources.syncs.references import References, resolve_references
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_MOST_IDENTITIES: Final = 1_000


def start(workspace: Workspace, sync: JsonObject, request: JsonObject) -> JsonObject:
    """Start an execution in the background and return it; raises what ``prepare`` raises."""
    execution = prepare(workspace, sync, request)
    workspace.run_later(partial(runner.run, workspace, sync["id"], execution["id"]))
    return execution


def prepare(workspace: Workspace, sync: JsonObject, request: JsonObject) -> JsonObject:
    """Store an execution that is ready to run and return it. The sync may be inactive.

    ``request`` may have ``test``, ``resync``, ``identities``, ``source_identities`` and ``trigger``.

    Raises:
        RefusalError: 409 if an execution is in progress; 404 or 422 if the sync refers to something that
            does not exist or cannot be used, or the request names a field that the sync does not read;
            422 if it encrypts values.
    """
    if executions.current(workspace, sync["id"]) is not None:
        raise RefusalError(
            409,
            f"Sync {sync['name']} is already running. Wait until it ends, or cancel it.",
            key="already_running",
        )
    references = resolve_references(workspace, sync)
    connections.require_writable(workspace, references.require_endpoints(workspace).destination)
    problems = [*syncs.encryption_problems(sync), *_request_problems(request, references)]
    if problems:
        raise refusal(problems, "The sync cannot start")
    return executions.create(workspace, sync["id"], request)


def fail(workspace: Workspace, sync: JsonObject, request: JsonObject, reason: str) -> JsonObject:
    """Store an execution that failed before it began and return it, for a scheduled start."""
    execution = executions.create(workspace, sync["id"], request)
    logs.say(workspace, execution["id"], "error", reason)
    executions.finish(workspace, execution, "failed", reason)
    return execution


def _request_problems(request: JsonObject, references: References) -> Iterator[Problem]:
    groups: list[list[JsonObject]] = request.get("source_identities") or []
    if len(groups) > _MOST_IDENTITIES:
        message = f"At most {_MOST_IDENTITIES} records can be selected."
        yield Problem("too_many", message, "source_identities")
    for at, group in enumerate(groups):
        for position, each in enumerate(group):
            path = f"source_identities[{at}][{position}].source"
            if problem := references.sources.problem(each["source"], path):
                yield problem
            elif each["source"]["model_id"] not in model_ids(references.sync):
                message = "The sync does not read this model. Use a field of one that it reads."
                yield Problem("unrelated_model", message, path)
