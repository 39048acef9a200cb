"""The commands: ``polytomic-mcp [serve | demo | call | tools | sandbox | clock]``."""

import difflib
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from typing import Final, NoReturn, cast

from polytomic_mcp.cli.shared.terminal import lines
from polytomic_mcp.errors import PolytomicError

_COMMANDS: Final = {
    "serve": "serve MCP on stdio (the default) or over HTTP",
    "demo": "watch a client walk a guide, from the first call to rows that arrived",
    "call": "call one tool and print its result as JSON",
    "tools": "list the tools and what each costs a context window",
    "sandbox": "serve the sandbox, a stand-in for Polytomic, over HTTP",
    "clock": "read or move a sandbox's clock: what is scheduled until then runs",
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

_INTERRUPTED: Final = 130
_NOBODY_READS: Final = 141


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 done, 1 refused or failed, 2 not understood."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Whatever the locale: JSON is UTF-8, and half of a surrogate pair stays the escape it was.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(words: list[str]) -> int:
    """Run the command these words name, and return its exit status; argparse may exit by itself."""
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
        near = difflib.get_close_matches(first, _COMMANDS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        print(f"polytomic-mcp: there is no command {first!r}.{hint}\n\n{_USAGE}", file=sys.stderr)
        return 2
    return import_module(f"{__name__}.{first}").run(rest)


def _failed(error: BaseException) -> int:
    """Say in a line what went wrong; what nobody foresaw goes on with its traceback."""
    match _leaves(error):
        case [PolytomicError() as foreseen]:
            print(f"polytomic-mcp: {lines(str(foreseen))}", file=sys.stderr)
            return 1
        case [BrokenPipeError()]:
            # Python flushes stdout once more when it exits, and would complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _NOBODY_READS
        case _:
            raise error


def _leaves(error: BaseException) -> list[BaseException]:
    """Return what really happened: anyio's task groups wrap even a single error."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    group = cast("BaseExceptionGroup[BaseException]", error)
    return [leaf for part in group.exceptions for leaf in _leaves(part)]
