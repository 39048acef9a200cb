"""Calls every method of an SDK on a sandbox process, and compares each parsed answer with what it must hold.

An expectation is a value that must be equal and of the same type; a type, of which the value must be; ``...``
for anything but null; a dictionary, whose members are found; or a list, each of whose entries one entry fits.
"""

import importlib
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from journey import ROOT, Report

KEY = "example-key"
SANDBOX = [str(ROOT / ".venv/dev/bin/python"), "-m", "polytomic_mcp", "sandbox", "--key", KEY]


@contextmanager
def sandbox() -> Iterator[str]:
    """A sandbox in its own process; yields its address."""
    with subprocess.Popen(SANDBOX, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        try:
            assert found is not None
            yield found[0]
        finally:
            process.terminate()


class Witness:
    """Calls the methods of an SDK's client by their dotted names; ``answers`` are those that came."""

    def __init__(self, client: object, answers: Sequence[Any]) -> None:
        self._client = client
        self._answers = answers
        self.called: set[str] = set()
        self.wrong: list[str] = []

    def __call__(self, name: str, /, *arguments: Any, expect: object, **named: Any) -> Any:
        """Call a method, and return its answer as JSON."""
        self.called.add(name)
        method: Any = self._client
        for part in name.split("."):
            method = getattr(method, part)
        answer = method(*arguments, **named)
        found = answer if answer is None else json.loads(answer.json())
        self.wrong += [f"{name}: {problem}" for problem in differences(found, expect)]
        if answer is not None and not _is_same(found, self._answers[-1].json()):
            self.wrong.append(f"{name}: parsed {found}, came {self._answers[-1].text}")
        return found

    def refused(self, name: str, /, *arguments: Any, expect: type[Exception], **named: Any) -> None:
        """Call a method that must raise an error of the SDK."""
        try:
            self(name, *arguments, expect=..., **named)
        except expect:
            return
        self.wrong.append(f"{name}: raised no {expect.__name__}")

    def finish(self, report: Report) -> int:
        """Report how many methods were right, and return the exit code."""
        names = set(_methods(self._client))
        self.wrong += [f"{name}: was not called" for name in sorted(names - self.called)]
        right = names - {each.partition(":")[0] for each in self.wrong}
        report.check(f"{len(right)} of {len(names)} methods answer right", self.wrong, [])
        return report.exit_code()


def made(name: str, **parts: Any) -> Any:
    """Return an object of one of the SDK's types."""
    return getattr(importlib.import_module("polytomic"), name)(**parts)


def differences(found: Any, expected: Any, place: str = "answer") -> Iterator[str]:
    """Yield what of a value is not as expected."""
    if expected is ...:
        is_right = found is not None
    elif isinstance(expected, type):
        is_right = type(found) is expected
    elif isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, value in expected.items():
            yield from differences(found.get(name), value, f"{place}.{name}")
        return
    elif isinstance(expected, list) and isinstance(found, list):
        for position, value in enumerate(expected):
            if all([*differences(each, value)] for each in found):
                yield f"{place} has no {value!r} (entry {position}) in {str(found)[:400]}"
        return
    else:
        is_right = type(found) is type(expected) and found == expected
    if not is_right:
        yield f"{place} is {str(found)[:400]}, not {expected!r}"


def _is_same(parsed: Any, came: Any) -> bool:
    """Whether a parsed value has the types and values that came; times may be written in another way."""
    if isinstance(parsed, dict) and isinstance(came, dict):
        return parsed.keys() == came.keys() and all(_is_same(parsed[name], came[name]) for name in came)
    if isinstance(parsed, list) and isinstance(came, list):
        return len(parsed) == len(came) and all(map(_is_same, parsed, came))
    if isinstance(parsed, str) and isinstance(came, str):
        return _instant(parsed) == _instant(came)
    return type(parsed) is type(came) and parsed == came


def _instant(text: str) -> str:
    return re.sub(r"(?<=\d)(\.0+)?(Z|\+00:00)$", "Z", re.sub(r"(\.\d+?)0+(?=Z|\+)", r"\1", text))


def _methods(client: object, above: str = "") -> Iterator[str]:
    """Yield the dotted names of the methods of a client's resources."""
    for name, part in vars(client).items():
        if not name.startswith("_"):
            yield from (
                f"{above}{name}.{each}" for each, what in vars(type(part)).items() if _is_method(each, what)
            )
            yield from _methods(part, f"{above}{name}.")


def _is_method(name: str, what: object) -> bool:
    return callable(what) and not name.startswith("_")
