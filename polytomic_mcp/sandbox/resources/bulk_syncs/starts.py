"""How a bulk sync is started, by a caller or by a schedule."""

from functools import partial

from polytomic_mcp.catalogue.rules.modes import FETCH_MODES, RESYNC_MODES
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.common.problems import Problem, refusal
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.resources.bulk_syncs import bulk_syncs
from polytomic_mcp.sandbox.resources.bulk_syncs import checks as bulk_checks
from polytomic_mcp.sandbox.resources.bulk_syncs import executions as bulk_executions
from polytomic_mcp.sandbox.resources.bulk_syncs import schemas as bulk_schemas
from polytomic_mcp.sandbox.resources.bulk_syncs import sources as bulk_sources
from polytomic_mcp.sandbox.resources.bulk_syncs.movement import runner as bulk_runner
from polytomic_mcp.sandbox.resources.runs import logs
from polytomic_mcp.sandbox.workspace.workspace import Workspace


def start(workspace: Workspace, sync: JsonObject, request: JsonObject) -> JsonObject:
    """Start an execution in the background and return it; raises the refusals of ``prepare``."""
    execution = prepare(workspace, sync, request)
    workspace.run_later(partial(bulk_runner.run, workspace, sync["id"], execution["id"]))
    return execution


def prepare(workspace: Workspace, sync: JsonObject, request: JsonObject) -> JsonObject:
    """Store an execution that is ready to run, and return it; the sync may be inactive.

    ``request`` may have ``test``, ``resync_mode``, ``fetch_mode``, ``schemas``, ``trigger``, and the
    ``schedule`` that starts it.

    Raises:
        RefusalError: 409, an execution is under way; 400, the request or a connection is not valid.
    """
    if bulk_executions.current(workspace, sync["id"]) is not None:
        raise RefusalError(
            409,
            f"Bulk sync {sync['name']} is already running. Wait for it to end, or cancel it.",
            key="already_running",
        )
    problems = bulk_checks.connection_problems(workspace, sync)
    if not problems and request.get("schemas"):
        request = request | {"schemas": bulk_sources.spelled(workspace, sync, request["schemas"])}
    if problems := problems or _request_problems(sync, request):
        raise refusal(problems, "The bulk sync cannot start", status=400)
    source = workspace.find("connection", sync["source_connection_id"])
    sync = sync | {"_schemas": bulk_schemas.discover(workspace, source, sync)}
    workspace.store.put(bulk_syncs.KIND, sync["id"], sync)
    selected = _schema_ids(request)
    enabled = [schema for schema in sync["_schemas"] if schema["enabled"]]
    chosen = [schema for schema in enabled if not selected or schema["id"].casefold() in selected]
    outputs = [(schema["id"], bulk_schemas.output_name(sync, schema)) for schema in chosen]
    is_partial = len(chosen) < len(enabled)
    return bulk_executions.create(workspace, sync["id"], request, outputs, is_partial=is_partial)


def fail(workspace: Workspace, sync: JsonObject, request: JsonObject, reason: str) -> JsonObject:
    """Store an execution that failed before it began, for a start by a schedule; return it."""
    execution = bulk_executions.create(workspace, sync["id"], request, (), is_partial=False)
    logs.say(workspace, execution["id"], "error", reason)
    bulk_executions.finish(workspace, execution, "failed", reason)
    return execution


def _request_problems(sync: JsonObject, request: JsonObject) -> list[Problem]:
    found: list[Problem] = []
    choices = {"resync_mode": RESYNC_MODES, "fetch_mode": FETCH_MODES}
    for name, values in choices.items():
        if request.get(name, values[0]) not in values:
            found.append(Problem("invalid_value", unknown(name, str(request[name]), values), name))
    if request.get("test") and request.get("resync_mode"):
        found.append(Problem("invalid_value", "A test cannot be combined with resync_mode.", "test"))
    enabled = {schema["id"].casefold(): schema["id"] for schema in sync["_schemas"] if schema["enabled"]}
    for position, id_ in enumerate(_schema_ids(request)):
        if id_ not in enabled:
            message = unknown("enabled schema", id_, enabled.values())
            found.append(Problem("unknown_schema", message, f"schemas[{position}]"))
    return found


def _schema_ids(request: JsonObject) -> list[str]:
    ids: list[str] = request.get("schemas") or []
    return [id_.casefold() for id_ in ids]
