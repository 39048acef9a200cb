"""``polytomic-mcp clock``: read or move the clock of a sandbox that runs elsewhere."""

import argparse
import json
from typing import Any, Final, cast

import httpx

from polytomic_mcp.cli.shared.options import read_settings
from polytomic_mcp.cli.shared.terminal import lines
from polytomic_mcp.errors import ConfigurationError, PolytomicError
from polytomic_mcp.settings import DEFAULT_API_URL

_PATIENCE: Final = httpx.Timeout(10, read=None)
"""Seconds; how long a move takes depends on what is due until then."""


class ClockError(PolytomicError):
    """The clock was neither read nor moved; the text says why."""


def run(words: list[str]) -> int:
    """Print the time in the sandbox, and what happened on the way there."""
    parsed = _parser().parse_args(words)
    wanted = {"advance": parsed.advance, "now": parsed.set}
    body = {key: value for key, value in wanted.items() if value is not None}
    answer = _ask(f"{_url(parsed.url)}/sandbox/clock", body)
    for line in [json.dumps(answer)] if parsed.json else _told(answer):
        print(lines(line))
    return 0


def _url(given: str | None) -> str:
    url = given or read_settings().api_url
    if url == DEFAULT_API_URL:
        raise ConfigurationError(
            "Name a sandbox: --url, or POLYTOMIC_API_URL, set as polytomic-mcp sandbox says it."
        )
    return url.rstrip("/")


def _ask(address: str, body: dict[str, str]) -> dict[str, Any]:
    stranger = f"What answers at {address} is no sandbox."
    try:
        with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
            answer = client.post(address, json=body) if body else client.get(address)
        content = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ClockError(f"No sandbox can be reached at {address}: {error}.") from error
    except ValueError as error:
        raise ClockError(stranger) from error
    told = cast("dict[str, Any]", content if isinstance(content, dict) else {})
    if not answer.is_success or "now" not in told:
        raise ClockError(str(told.get("message", stranger)))
    return told


def _told(answer: dict[str, Any]) -> list[str]:
    """Return a line for each thing that happened, and the time."""
    told = [f"{each['due']}  {_sync(each)} {each['status']}" for each in answer.get("started", [])]
    idle = [*answer.get("skipped", []), *answer.get("left_out", [])]
    told += [f"{each['due']}  {_sync(each)} did not run: {each['reason']}" for each in idle]
    for each in answer.get("deliveries", []):
        outcome = "delivered" if each["success"] else f"not delivered: {each['error_kind']}"
        told.append(f"{each['attempted_at']}  {each['event_type']} {outcome}")
    return [*sorted(told), f"{answer['now']}  now"]


def _sync(entry: dict[str, Any]) -> str:
    return f"sync {entry['sync_id']}" if "sync_id" in entry else f"bulk sync {entry['bulk_sync_id']}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="polytomic-mcp clock",
        description="Read the clock of a running sandbox, or move it on. On the way, every schedule runs and "
        "every webhook is called again when it is due, one after the other, without waiting.",
        epilog="example: polytomic-mcp clock --advance 1w",
    )
    parser.add_argument("--url", help="the sandbox's address; default: POLYTOMIC_API_URL")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--advance", metavar="DURATION", help="such as 1d, 1h30m, 90 (seconds) or PT90M")
    group.add_argument("--set", metavar="TIME", help="such as 2026-11-24T06:00:00Z; never back")
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    return parser
