"""What the sandbox emulates of each operation, and its guesses."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.sandbox.gateway.emulation import load_emulation
from polytomic_mcp.sandbox.routes import ROUTES

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "polytomic_mcp"
SANDBOX = PACKAGE / "sandbox"
RULES = PACKAGE / "catalogue/rules"
UNKNOWN = sorted(load_catalogue().keys() - ROUTES.keys())


def test_at_least_150_of_the_198_operations_are_emulated() -> None:
    extents = [load_emulation().extent(id_, ROUTES) for id_ in load_catalogue()]

    assert len(extents) == 198
    assert len([each for each in extents if each != "refused"]) >= 150


def test_the_operations_and_modules_that_are_listed_exist() -> None:
    emulation = load_emulation()

    assert emulation.partial.keys() <= ROUTES.keys()
    assert emulation.refused.keys() <= load_catalogue().keys()
    assert all(emulation.note(id_) for id_ in (*emulation.partial, *emulation.refused))
    assert all(each.guess and each.why for each in emulation.guesses)


def test_every_guess_in_the_code_is_listed() -> None:
    modules = [(SANDBOX, path) for path in SANDBOX.rglob("*.py")]
    modules += [(PACKAGE, path) for path in RULES.rglob("*.py")]
    guessing = {
        str(path.relative_to(root))
        for root, path in modules
        if re.search(r"\bguess(es)?\b", path.read_text(encoding="utf-8")) and path.name != "emulation.py"
    }

    assert guessing == {each.where for each in load_emulation().guesses}


@pytest.mark.parametrize("operation", UNKNOWN)
async def test_an_operation_without_a_route_is_refused_by_name(
    http: httpx.AsyncClient, operation: str
) -> None:
    method, path = operation.split(" ", 1)
    arguments: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {}}

    answer = await http.request(method, re.sub(r"\{\w+\}", "x", path), **arguments)

    assert answer.status_code == 501
    assert operation in answer.json()["message"]
