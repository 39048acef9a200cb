"""What ran since a time: a row for each run of any sync, failures first."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.catalogue.rules.filter_functions import spelled_duration, to_duration
from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.scalars import moment_text, to_moment
from polytomic_mcp.common.spelling import quoted, shortened
from polytomic_mcp.tools.analysis.health.runs import Run
from polytomic_mcp.tools.analysis.overview.subjects import LONGEST_DETAIL, MOST_RUNS, OneSync, is_since
from polytomic_mcp.tools.api_access.gathering import Unavailable


def read_since(text: str, now: datetime) -> datetime:
    """Return the time that a text means: in ISO 8601, or how long ago, such as ``12 hours`` or ``yesterday``.

    Raises:
        ToolError: It is neither, or in the future.
    """
    ago, moment = to_duration(spelled_duration(text)), to_moment(text)
    since = now - ago if ago is not None else moment
    if since is None or since > now:
        known = f"a past time in UTC, such as {now:%Y-%m-%d}T00:00:00Z, or how long ago, such as '12 hours'"
        raise ToolError(f"sync_overview: since {quoted(text)} is not valid. Valid values: {known}.")
    return since


def rows_since(subjects: Sequence[OneSync], since: datetime, now: datetime) -> list[JsonObject]:
    """Return a row for each run: those that failed first, then those that rejected rows, newest first."""
    states = [(subject, subject.condition(now).state) for subject in subjects]
    rows = [
        (Run.of(execution), _row(subject, execution) | {"state": state})
        for subject, state in states
        for execution in subject.executions.value or ()
        if is_since(execution, since)
    ]
    ranked = sorted(rows, key=lambda pair: _rank(pair[0]))
    return [row for _, row in ranked]


def left_out(subjects: Sequence[OneSync], since: datetime) -> Iterator[Unavailable]:
    """Yield each sync of which there may be more runs since the time than were read."""
    for subject in subjects:
        read = subject.executions.value or []
        if len(read) >= MOST_RUNS and is_since(read[-1], since):
            reason = f"only the latest {len(read)} were read"
            yield Unavailable(source=f"runs of {subject.name}", reason=reason)


def _rank(run: Run) -> tuple[int, float]:
    """Return the sort key of a run."""
    started = run.started.timestamp() if run.started else 0.0
    return (0 if run.failure else 1 if run.has_rejected_rows else 2), -started


def _row(subject: OneSync, execution: JsonObject) -> JsonObject:
    run = Run.of(execution)
    counts = {name: count for name, count in as_object(execution.get("counts")).items() if count}
    names = {"record_count": "records", "error_count": "error", "warning_count": "warnings"}
    counts |= {name: execution[key] for key, name in names.items() if execution.get(key)}
    row = {
        "id": run.id,
        "name": subject.name,
        "kind": subject.kind,
        "sync_id": subject.sync["id"],
        "status": run.status,
        "detail": shortened(run.failure, LONGEST_DETAIL),
        "started": moment_text(run.started),
        "ended": moment_text(run.ended),
        "counts": counts,
        "test": run.is_test,
    }
    return {name: part for name, part in row.items() if part}
