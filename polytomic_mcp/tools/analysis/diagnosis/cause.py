"""A cause of a sync's problems: how certain it is, its evidence, and the calls that mend it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from polytomic_mcp.common.spelling import shortened
from polytomic_mcp.tools.analysis.diagnosis.evidence import Evidence
from polytomic_mcp.tools.answers.results import NextStep

Certainty = Literal["certain", "likely", "possible"]
Rule = Callable[[Evidence], Iterator["Cause"]]

CERTAINTIES: Final[tuple[Certainty, ...]] = ("certain", "likely", "possible")

_MOST_LINES: Final = 5
_LONGEST_LINE: Final = 160
_LONGEST_TITLE: Final = 240


class Cause(BaseModel):
    """One cause, its certainty, and whether it keeps every row from being written."""

    cause: str
    certainty: Certainty
    blocks: bool
    evidence: list[str]
    next_steps: Annotated[list[NextStep] | None, Field(description="In order")] = None


def step(tool: str, reason: str, **arguments: Any) -> NextStep:
    """Return a complete call."""
    return NextStep(tool=tool, arguments=arguments, reason=reason)


def make_cause(
    title: str, certainty: Certainty, evidence: Sequence[str], *steps: NextStep, blocks: bool = True
) -> Cause:
    """Return a cause with its first few lines of evidence, each shortened."""
    lines = [shortened(line, _LONGEST_LINE) for line in evidence[:_MOST_LINES]]
    if len(evidence) > _MOST_LINES:
        lines.append(f"and {len(evidence) - _MOST_LINES} more")
    return Cause(
        cause=shortened(title, _LONGEST_TITLE),
        certainty=certainty,
        blocks=blocks,
        evidence=lines,
        next_steps=list(steps) or None,
    )
