"""Options that several commands share: where Polytomic is, and what the sandbox holds."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import Secret, Settings

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

    @classmethod
    def of(cls, parsed: argparse.Namespace, settings: Settings) -> Self:
        """Take the options as parsed; the state file may come from the environment."""
        state = parsed.state or settings.sandbox_state
        hosts, faults = tuple(parsed.allow_host), tuple(parsed.fault)
        return cls(state, dict(parsed.table), parsed.contacts, parsed.clock, hosts, faults)

    def words(self) -> list[str]:
        """Write the options as words of a command line that means the same in every folder."""
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
        )


def add_sandbox_options(parser: argparse.ArgumentParser) -> None:
    """Add what a sandbox can start with."""
    group = parser.add_argument_group("sandbox")
    group.add_argument("--state", metavar="FILE", help="keep the sandbox's state in this SQLite file")
    group.add_argument(
        "--table",
        metavar="NAME=FILE",
        action="append",
        default=[],
        type=_table,
        help="put your CSV, JSON lines or Parquet file into the sandbox's warehouse; may be repeated",
    )
    group.add_argument(
        "--contacts",
        metavar="SQL",
        help="the sandbox's CRM also knows the contacts whose ids this query's first column gives; "
        "demo takes its --query for that",
    )
    group.add_argument(
        "--allow-host",
        metavar="HOST[:PORT]",
        action="append",
        default=[],
        help="let PostgreSQL, MySQL and webhook connections reach the real server on this host, as they do "
        "on this machine's; may be repeated",
    )
    group.add_argument(
        "--fault",
        metavar="SPEC",
        action="append",
        default=[],
        help="let something go wrong, as in 'status=503; when=after; operations=POST /api/*; times=2', "
        "'latency=2; probability=0.1; seed=7', 'drop', 'fail_at=1000', 'outage=salesforce'; may be repeated, "
        "and a request asks for its own by the header X-Sandbox-Fault",
    )
    group.add_argument(
        "--clock",
        metavar="TIME",
        type=_time,
        help="the time in the sandbox when it starts, such as 2026-11-24T06:00:00Z; polytomic-mcp clock "
        "moves it on",
    )


def add_address_options(parser: argparse.ArgumentParser, *, port: int) -> None:
    """Add where to listen."""
    group = parser.add_argument_group("HTTP")
    group.add_argument("--host", default="127.0.0.1", help="default %(default)s: this machine only")
    default = "default %(default)s; 0 is a free one" if port else "default: a free one"
    group.add_argument("--port", type=_port, default=port, help=default)


def refuse_sandbox_options(parsed: argparse.Namespace) -> None:
    """Refuse what only a sandbox can start with, where none is wanted.

    Raises:
        ConfigurationError: Such an option was given.
    """
    names = ("state", "table", "contacts", "clock", "allow_host", "fault")
    if given := [name.replace("_", "-") for name in names if getattr(parsed, name)]:
        raise ConfigurationError(f"--{given[0]} is for the sandbox: add --sandbox, or leave it out.")


def read_settings() -> Settings:
    """Return the settings of this process's environment."""
    return Settings.from_environ(os.environ)


def with_sandbox(settings: Settings, url: str, key: str) -> Settings:
    """Return the settings pointed at a sandbox."""
    return replace(settings, api_url=url, api_key=Secret(key), auth_mode="user")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to {_LAST_PORT}")
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
