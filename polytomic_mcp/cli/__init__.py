"""The commands: ``polytomic-mcp [serve | demo | call | tools | sandbox]``."""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Final

from polytomic_mcp.errors import PolytomicError

_COMMANDS: Final = {
    "serve": "serve MCP on stdio (the default) or over HTTP",
    "demo": "watch a client take the guide from a Snowflake query to contacts in Gong Engage",
    "call": "call one tool and print its result as JSON",
    "tools": "list the tools and what each costs a context window",
    "sandbox": "serve the sandbox, a stand-in for Polytomic, over HTTP",
}

_USAGE: Final = "\n".join(
    [
        "usage: polytomic-mcp [COMMAND] [OPTIONS]",
        "",
        "An MCP server that runs Polytomic, and a Polytomic in a box to try it on.",
        "",
        *(f"  {name:<9}{purpose}" for name, purpose in _COMMANDS.items()),
        "",
        "polytomic-mcp COMMAND --help tells more. The key comes from POLYTOMIC_API_KEY;",
        "without one, start with: polytomic-mcp demo",
    ]
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 refused or failed, 2 not understood."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(words))


def run(words: list[str]) -> int:
    """Run the command these words name, and return its exit status."""
    if words and words[0] in {"-h", "--help", "help"}:
        print(_USAGE)
        return 0
    if words and words[0] == "--version":
        print(version("polytomic-mcp"))
        return 0
    command = words.pop(0) if words and not words[0].startswith("-") else "serve"
    if command not in _COMMANDS:
        print(f"polytomic-mcp: there is no command {command!r}.\n\n{_USAGE}", file=sys.stderr)
        return 2
    try:
        return import_module(f"{__name__}.{command}").run(words)
    except PolytomicError as error:
        print(f"polytomic-mcp: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
