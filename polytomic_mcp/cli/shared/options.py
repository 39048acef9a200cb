"""Options that several commands share: what the sandbox starts with, and where to listen."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from polytomic_mcp.cli.shared.terminal import lines
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import Secret, Settings, not_substituted, placeholder

_LAST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What a sandbox starts with; see ``create_sandbox``."""

    state: str | None = None
    tables: Mapping[str, Path] = field(default_factory=dict[str, Path])
    contacts: str | None = None
    clock: datetime | None = None
    allowed_hosts: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    past: bool = False

    @classmethod
    def of(cls, parsed: argparse.Namespace, settings: Settings) -> Self:
        """Return the parsed options; the environment may name the state file."""
        state = parsed.state or settings.sandbox_state
        hosts, faults = tuple(parsed.allow_host), tuple(parsed.fault)
        past = parsed.past if "past" in parsed else not parsed.empty
        return cls(state, dict(parsed.table), parsed.contacts, parsed.clock, hosts, faults, past)

    def words(self) -> list[str]:
        """Return the options as words of a command line that works from any folder."""
        tables = [f"--table={name}={path.absolute()}" for name, path in self.tables.items()]
        state = [f"--state={Path(self.state).absolute()}"] if self.state else []
        hosts = [f"--allow-host={host}" for host in self.allowed_hosts]
        faults = [f"--fault={fault}" for fault in self.faults]
        clock = [f"--clock={self.clock.isoformat()}"] if self.clock else []
        contacts = [f"--contacts={self.contacts}"] if self.contacts else []
        return [*tables, *state, *contacts, *clock, *hosts, *faults]

    def app(self, key: str) -> Any:
        """Create the sandbox.

        Raises:
            ConfigurationError: The extra is not installed, or a file cannot be used.
        """
        try:
            from polytomic_mcp.sandbox import create_sandbox  # noqa: PLC0415 - DuckDB, on demand
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f"The sandbox needs {error.name}, which is missing: pip install 'polytomic-mcp[sandbox]'."
            ) from error
        return create_sandbox(
            key=key,
            state=self.state,
            tables=self.tables,
            contacts=self.contacts,
            start=self.clock,
            allowed_hosts=self.allowed_hosts,
            faults=self.faults,
            past="later" if self.past else False,
        )


def add_sandbox_options(parser: argparse.ArgumentParser, *, is_served: bool = False) -> None:
    """Add the options of a sandbox; one that ``is_served`` starts in an organization with a past."""
    group = parser.add_argument_group("sandbox")
    if is_served:
        text = "start in an organization without objects, not in one with two weeks of runs"
        group.add_argument("--empty", action="store_true", help=text)
    else:
        text = "start in an organization with two weeks of runs, not in one without objects"
        group.add_argument("--past", action="store_true", help=text)
    group.add_argument("--state", metavar="FILE", help="keep the sandbox's state in this SQLite file")
    group.add_argument(
        "--table",
        metavar="NAME=FILE",
        action="append",
        default=[],
        type=_table,
        help="load a CSV, JSON lines or Parquet file into the sandbox's warehouse; may be repeated",
    )
    group.add_argument(
        "--contacts",
        metavar="SQL",
        help="add contacts to the sample CRM; the first column of this query has their ids (demo: default "
        "--query)",
    )
    group.add_argument(
        "--allow-host",
        metavar="HOST[:PORT]",
        action="append",
        default=[],
        help="let PostgreSQL, MySQL and webhook connections reach the real server on this host; servers on "
        "this machine are always allowed; may be repeated",
    )
    group.add_argument(
        "--fault",
        metavar="SPEC",
        action="append",
        default=[],
        help="inject a fault, such as 'status=503; when=after; operations=POST /api/*; times=2', "
        "'latency=2; probability=0.1; seed=7', 'drop', 'fail_at=1000', 'outage=salesforce'; may be repeated. "
        "A request selects its own fault with the header X-Sandbox-Fault",
    )
    group.add_argument(
        "--clock",
        metavar="TIME",
        type=_time,
        help="time in the sandbox at its start, such as 2026-11-24T06:00:00Z; polytomic-mcp clock "
        "advances it",
    )


def add_address_options(parser: argparse.ArgumentParser, *, port: int) -> None:
    """Add the options for the address to listen on."""
    group = parser.add_argument_group("HTTP")
    group.add_argument(
        "--host", default="127.0.0.1", help="default %(default)s, which only this machine can reach"
    )
    default = "default %(default)s; 0 selects a free port" if port else "default: a free port"
    group.add_argument("--port", type=_port, default=port, help=default)


def refuse_sandbox_options(parsed: argparse.Namespace) -> None:
    """Refuse the options of a sandbox if there is no sandbox.

    Raises:
        ConfigurationError: Such an option was given.
    """
    names = ("state", "table", "contacts", "clock", "allow_host", "fault", "empty", "past")
    if given := [name.replace("_", "-") for name in names if getattr(parsed, name, None)]:
        raise ConfigurationError(f"--{given[0]} works only with the sandbox: add --sandbox, or omit it.")


def read_settings() -> Settings:
    """Return the settings in this process's environment; print a warning for each that is a placeholder."""
    settings = Settings.from_environ(os.environ)
    for warning in settings.warnings():
        print(f"polytomic-mcp: {lines(warning)}", file=sys.stderr)
    return settings


def without_placeholders(words: Sequence[str]) -> list[str]:
    """Return the words without the options whose value is a placeholder; print a warning for each.

    A host fills in ``--state ${user_config.state}``, and passes it as it is where the user left it empty.
    """
    given = list[str]()
    for word in words:
        last, (option, _, value) = given[-1] if given else "", word.partition("=")
        if option.startswith("--") and (text := placeholder(value)):
            _warn(option, text)
        elif last.startswith("--") and "=" not in last and (text := placeholder(word)):
            _warn(given.pop(), text)
        else:
            given.append(word)
    return given


def with_sandbox(settings: Settings, url: str, key: str) -> Settings:
    """Return the settings with the address and the key of a sandbox."""
    return replace(settings, api_url=url, api_key=Secret(key), auth_mode="user")


def _warn(option: str, text: str) -> None:
    warning = f"{not_substituted(option, text)} It counts as not given."
    print(f"polytomic-mcp: {lines(warning)}", file=sys.stderr)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port between 0 and {_LAST_PORT}")
    return int(text)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-11-24T06:00:00Z") from error
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _table(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=FILE, such as contacts=people.csv")
    return name, Path(path)
