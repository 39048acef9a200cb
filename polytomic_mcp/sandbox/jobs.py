"""Work that goes on after its request was answered, and what a caller sees of it."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from polytomic_mcp.sandbox.refusals import RefusalError
from polytomic_mcp.sandbox.store import JsonObject
from polytomic_mcp.sandbox.world import World

_LOG: Final = logging.getLogger(__name__)

TYPES: Final = ("createmodel", "updatemodel", "previewmodel", "samplemodel", "exportlogs", "connectionproxy")


def start(world: World, type_: str, work: Callable[[], Any]) -> JsonObject:
    """Hand the work to the workers and return the job as it is now; ``work`` returns its result."""
    job: JsonObject = {
        "job_id": world.new_id(),
        "type": type_,
        "status": "created",
        "result": None,
        "error": None,
    }
    world.store.put("job", job["job_id"], job)
    world.run_later(partial(_run, world, job, work))
    return job


def _run(world: World, job: JsonObject, work: Callable[[], Any]) -> None:
    world.store.put("job", job["job_id"], job | {"status": "running"})
    world.store.put("job", job["job_id"], job | _outcome(world, job["type"], work))


def _outcome(world: World, type_: str, work: Callable[[], Any]) -> JsonObject:
    try:
        with world.store.transaction():
            return {"status": "done", "result": work()}
    except RefusalError as refusal:
        return {"status": "failed", "error": refusal.message}
    except Exception:  # noqa: BLE001 - the outermost handler of a worker: whoever polls must hear of it
        _LOG.debug("job %s failed", type_, exc_info=True)
        return {"status": "failed", "error": "The sandbox failed; that is a fault of the sandbox."}
