"""``--empty`` and ``--past``: whether the organization of a sandbox has a past."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest


def counts(line: str) -> tuple[int, int]:
    """How many connections and syncs a served sandbox has."""
    url, key = line.split()[-2], line.rpartition("key=")[2].strip()
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False) as http:
        found = [http.get(path).json()["data"] for path in ("/api/connections", "/api/syncs")]
    return len(found[0]), len(found[1])


@pytest.mark.parametrize(("options", "expected"), [((), (8, 8)), (("--empty",), (0, 0))])
def test_a_served_sandbox_has_a_past_unless_it_is_to_be_empty(
    interrupted: Callable[..., tuple[int, str]], options: tuple[str, ...], expected: tuple[int, int]
) -> None:
    seen: list[tuple[int, int]] = []

    interrupted("sandbox", *options, visit=lambda line: seen.append(counts(line)))

    assert seen == [expected]


@pytest.mark.parametrize(("options", "expected"), [((), 0), (("--past",), 8)])
def test_a_call_has_an_empty_sandbox_unless_it_asks_for_the_past(
    command: Callable[..., Any], options: tuple[str, ...], expected: int
) -> None:
    done = command("call", "list_syncs", "--sandbox", *options)

    assert len(json.loads(done.out)["items"]) == expected


@pytest.mark.parametrize("words", [("serve", "--empty"), ("call", "list_syncs", "--past")])
def test_the_flags_work_only_with_the_sandbox(command: Callable[..., Any], words: tuple[str, ...]) -> None:
    done = command(*words)

    assert done.status != 0
    assert f"{words[-1]} works only with the sandbox" in done.err
