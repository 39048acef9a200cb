"""Jobs: work that continues after the response, and the document that a caller polls."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_LOG: Final = logging.getLogger(__name__)

TYPES: Final = ("createmodel", "updatemodel", "previewmodel", "samplemodel", "exportlogs", "connectionproxy")

_ENDED: Final = ("done", "failed")
_INTERRUPTED: Final = (
    "The sandbox was restarted before this job ended. Repeat the call with a new Idempotency-Key."
)


def start(workspace: Workspace, type_: str, work: Callable[[], Any]) -> JsonObject:
    """Start a job and return its document; ``work`` runs on a worker and returns the job's result.

    Its status is ``running`` from the start: the Python SDK 1.0.0 cannot parse ``created``.
    """
    job: JsonObject = {
        "job_id": workspace.new_id(),
        "type": type_,
        "status": "running",
        "result": None,
        "error": None,
    }
    workspace.store.put("job", job["job_id"], job)
    workspace.run_later(partial(_run, workspace, job, work))
    return job


def interrupt_all(workspace: Workspace) -> None:
    """Fail the jobs that an earlier process left under way; call it before anything starts."""
    for job in workspace.store.list("job"):
        if job["status"] not in _ENDED:
            _fail(workspace, job, _INTERRUPTED)


def _run(workspace: Workspace, job: JsonObject, work: Callable[[], Any]) -> None:
    try:
        # In one transaction with the writes of the work, so that an interrupted job has had no effect.
        with workspace.store.transaction():
            workspace.store.put("job", job["job_id"], job | {"status": "done", "result": work()})
    except RefusalError as refusal:
        workspace.finish(partial(_fail, workspace, job, refusal.message))
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: the caller who polls must see it
        _LOG.debug("job %s failed", job["type"], exc_info=True)
        message = "The sandbox failed. This is a bug in the sandbox."
        workspace.finish(partial(_fail, workspace, job, message))


def _fail(workspace: Workspace, job: JsonObject, error: str) -> None:
    workspace.store.put("job", job["job_id"], job | {"status": "failed", "error": error})
