"""``polytomic-mcp clock``: read or advance the clock of a sandbox in another process."""

import argparse
import json
from dataclasses import replace
from typing import Any, Final, cast

import httpx

from polytomic_mcp.cli.shared.options import read_settings
from polytomic_mcp.cli.shared.terminal import lines
from polytomic_mcp.client.address import Address
from polytomic_mcp.client.names import VARIABLES
from polytomic_mcp.errors import ConfigurationError, PolytomicError
from polytomic_mcp.settings import DEFAULT_API_URL

_TIMEOUT: Final = httpx.Timeout(10, read=None)
"""Seconds to connect. A move takes as long as the runs that come due."""


class ClockError(PolytomicError):
    """The clock was neither read nor moved; the text gives the reason."""


def run(words: list[str]) -> int:
    """Print the time in the sandbox, and what happened until then."""
    parsed = _parser().parse_args(words)
    wanted = {"advance": parsed.advance, "now": parsed.set}
    body = {key: value for key, value in wanted.items() if value is not None}
    answer = _request(f"{_url(parsed.url)}/sandbox/clock", body)
    for line in [json.dumps(answer)] if parsed.json else _report(answer):
        print(lines(line))
    return 0


def _url(given: str | None) -> str:
    url = given or read_settings().api_url
    if url == DEFAULT_API_URL:
        raise ConfigurationError(
            "Name a sandbox with --url or POLYTOMIC_API_URL; polytomic-mcp sandbox prints its address."
        )
    address = Address.parse(url, replace(VARIABLES, api_url="--url") if given else VARIABLES)
    return f"{address.origin}{address.prefix}"


def _request(address: str, body: dict[str, str]) -> dict[str, Any]:
    not_a_sandbox = f"The server at {address} is not a sandbox."
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
            answer = client.post(address, json=body) if body else client.get(address)
        content = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ClockError(f"Cannot reach a sandbox at {address}: {str(error).rstrip('.')}.") from error
    except ValueError as error:
        raise ClockError(not_a_sandbox) from error
    report = cast("dict[str, Any]", content if isinstance(content, dict) else {})
    if not answer.is_success or "now" not in report:
        raise ClockError(str(report.get("message", not_a_sandbox)))
    return report


def _report(answer: dict[str, Any]) -> list[str]:
    """Return a line for each event, and one for the time."""
    events = [f"{each['due']}  {_sync(each)} {each['status']}" for each in answer.get("started", [])]
    idle = [*answer.get("skipped", []), *answer.get("left_out", [])]
    events += [f"{each['due']}  {_sync(each)} did not run: {each['reason']}" for each in idle]
    for each in answer.get("deliveries", []):
        outcome = "delivered" if each["success"] else f"not delivered: {each['error_kind']}"
        events.append(f"{each['attempted_at']}  {each['event_type']} {outcome}")
    return [*sorted(events), f"{answer['now']}  now"]


def _sync(entry: dict[str, Any]) -> str:
    return f"sync {entry['sync_id']}" if "sync_id" in entry else f"bulk sync {entry['bulk_sync_id']}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp clock",
        description="Read the clock of a running sandbox, or advance it. Schedules that come due run, and "
        "webhook deliveries that come due are retried, one after the other and without waiting.",
        epilog="example: polytomic-mcp clock --advance 1w",
    )
    parser.add_argument("--url", help="address of the sandbox; default: POLYTOMIC_API_URL")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--advance", metavar="DURATION", help="such as 1d, 1h30m, 90 (seconds) or PT90M")
    group.add_argument("--set", metavar="TIME", help="such as 2026-11-24T06:00:00Z; must not be in the past")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    return parser
