"""The commands: ``polytomic-mcp [serve | demo | call | tools | sandbox | clock]``."""

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Final, NoReturn, cast

from polytomic_mcp.cli.shared.options import without_placeholders
from polytomic_mcp.cli.shared.terminal import lines
from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.errors import PolytomicError

_COMMANDS: Final = {
    "serve": "serve MCP on stdio (the default) or over HTTP",
    "demo": "run a guide against the sandbox, from the first call to the rows that arrive",
    "call": "call one tool and print its result as JSON",
    "tools": "list the tools and the tokens each takes in a model's context",
    "sandbox": "serve the sandbox, a local stand-in for Polytomic, over HTTP",
    "clock": "read or advance a sandbox's clock; schedules run as they come due",
}

_USAGE: Final = "\n".join(
    [
        "usage: polytomic-mcp [COMMAND] [OPTIONS]",
        "",
        "An MCP server for Polytomic, and a sandbox to try it on.",
        "",
        *(f"  {name:<9}{purpose}" for name, purpose in _COMMANDS.items()),
        "",
        "Run polytomic-mcp COMMAND --help for details. The API key comes from POLYTOMIC_API_KEY;",
        "without one, start with: polytomic-mcp demo",
    ]
)

_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 for success, 1 for a failure, 2 for a usage error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # JSON is UTF-8 in every locale; a lone surrogate is printed as an escape.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(words: list[str]) -> int:
    """Run the command that the words name and return its exit status. argparse exits by itself."""
    try:
        status = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (PolytomicError, BrokenPipeError, ExceptionGroup) as error:
        return _failed(error)
    return status


def _run(words: list[str]) -> int:
    first, *rest = words or ["serve"]
    if first in {"-h", "--help", "help"}:
        print(_USAGE)
        return 0
    if first == "--version":
        print(f"polytomic-mcp {version('polytomic-mcp')}")
        return 0
    if first.startswith("-"):
        first, rest = "serve", words
    if first not in _COMMANDS:
        print(f"polytomic-mcp: {unknown('command', first, _COMMANDS)}\n\n{_USAGE}", file=sys.stderr)
        return 2
    return import_module(f"{__name__}.{first}").run(without_placeholders(rest))


def _failed(error: BaseException) -> int:
    """Print an expected error in one line; raise any other, with its traceback."""
    match _leaves(error):
        case [PolytomicError() as expected]:
            print(f"polytomic-mcp: {lines(str(expected))}", file=sys.stderr)
            return 1
        case [BrokenPipeError()]:
            # Python flushes stdout again at exit, which would print a second error.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _BROKEN_PIPE
        case _:
            raise error


def _leaves(error: BaseException) -> list[BaseException]:
    """Return the errors themselves: anyio's task groups wrap even a single one."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    group = cast("BaseExceptionGroup[BaseException]", error)
    return [leaf for part in group.exceptions for leaf in _leaves(part)]
