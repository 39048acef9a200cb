"""The header by which one request asks for a fault of its own; several headers ask for several.

``X-Sandbox-Fault: status=503; when=after``. A request that asks meets no other fault. On the start of an
execution, ``slow`` and ``fail_at`` strike the run it starts.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from polytomic_mcp.sandbox.api.router import Match
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.faults.fault import OUTAGE, RUN_KINDS, Fault

HEADER: Final = "X-Sandbox-Fault"

_STARTS: Final = ("POST /api/syncs/{id}/executions", "POST /api/bulk/syncs/{id}/executions")
_STANDING: Final = ("operations", "times", "after", "probability", "seed", "sync")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asks for: faults of its own, and of the run it starts, already bound to its sync."""

    of_request: tuple[Fault, ...] = ()
    of_run: tuple[Fault, ...] = ()


def read_header(values: Iterable[str], match: Match | None) -> Asked:
    """Read the headers of a request, ``match`` says which operation it is.

    Raises:
        RefusalError: 400, one cannot be meant.
    """
    try:
        faults = [_read(value) for value in values]
        run = [fault for fault in faults if fault.kind in RUN_KINDS]
        request = tuple(fault for fault in faults if fault.kind not in RUN_KINDS)
        return Asked(request, tuple(_bound(fault, match) for fault in run))
    except ValueError as error:
        raise RefusalError(400, f"{HEADER}: {error}", key="bad_request") from error


def _read(value: str) -> Fault:
    fault = Fault.read(value)
    if fault.kind == OUTAGE:
        raise ValueError("An outage lasts until it is lifted, so no single request can ask for it.")
    for name in fault.to_json():
        if name in _STANDING:
            raise ValueError(f"{name} is for a fault that stands; a header's strikes this request, once.")
    return fault


def _bound(fault: Fault, match: Match | None) -> Fault:
    if match is None or match.operation.id not in _STARTS:
        raise ValueError(f"{fault.kind} strikes a run; ask with what starts it: {' or '.join(_STARTS)}.")
    return Fault.read(replace(fault, sync=match.arguments["id"], times=1))
