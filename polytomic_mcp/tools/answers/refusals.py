"""A refusal that says what to call instead."""

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.tools.answers.results import NextStep


class Refusal(ToolError):  # noqa: N818 - a refusal is no mistake of anybody's
    """A foreseen failure, with up to three calls that remedy it."""

    def __init__(self, text: str, *next_steps: NextStep) -> None:
        super().__init__(text)
        self.next_steps = next_steps
