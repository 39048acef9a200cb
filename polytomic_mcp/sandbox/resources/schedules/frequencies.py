"""What is wrong with a schedule, as problems of the object that it belongs to."""

from collections.abc import Iterator, Mapping
from typing import Any

from polytomic_mcp.catalogue.rules.frequencies import schedule_problems
from polytomic_mcp.sandbox.common.problems import Problem


def problems(schedule: Mapping[str, Any], path: str = "schedule") -> Iterator[Problem]:
    """Yield what is wrong with the frequency and the parts of the schedule at ``path``."""
    for part, text in schedule_problems(schedule):
        yield Problem("invalid_schedule", text, f"{path}.{part}" if part else path)
