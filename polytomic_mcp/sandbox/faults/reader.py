"""The reader of faults, for the command line, the ``X-Sandbox-Fault`` header and ``POST /sandbox/faults``.

The text form is ``KIND; OPTION=VALUE; ...``, as in ``status=503; when=after; operations=POST /api/syncs``.
The JSON form is an object with the same keys: ``{"status": 503, "when": "after"}``. A key without a value
means true: ``drop`` is ``{"drop": true}``.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from polytomic_mcp.common.spelling import quoted, unknown
from polytomic_mcp.sandbox.faults.fault import EXPECTED, KINDS, MODELS, AnyFault, Fault

Spec = Fault | str | Mapping[str, Any]
"""A fault, its text or its JSON object."""


def read_fault(spec: Spec) -> AnyFault:
    """Return the fault that a text or a JSON object describes; a ``Fault`` is validated again.

    Raises:
        ValueError: It is not a valid fault. The message names every problem, with the valid values.
    """
    match spec:
        case str():
            given = _pairs(spec)
        case Fault():
            given = spec.to_json()
        case _:
            given = dict(spec)
    kind = _require_one_kind(given)
    try:
        return _adapter().validate_python(given)
    except ValidationError as error:
        problems = (_problem(kind, each["loc"][1:], each) for each in error.errors(include_url=False))
        raise ValueError(f"Invalid fault: {' '.join(problems)}") from None


@cache
def _adapter() -> TypeAdapter[AnyFault]:
    return TypeAdapter(AnyFault)


def _pairs(text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        if name in pairs:
            raise ValueError(f"Invalid fault {quoted(text)}: {name} is given twice.")
        pairs[name] = value if separator else True
    return pairs


def _require_one_kind(given: Mapping[str, Any]) -> str:
    kinds = [kind for kind in KINDS if kind in given]
    if not kinds:
        raise ValueError(unknown("fault", "; ".join(map(str, given)), KINDS))
    if len(kinds) > 1:
        raise ValueError(f"A fault has one kind, not {' and '.join(kinds)}. Use one fault for each.")
    return kinds[0]


def _problem(kind: str, place: tuple[int | str, ...], error: Any) -> str:
    """Describe a pydantic error by the key at ``place`` in the fault, which is empty for the whole fault."""
    if not place:
        return str(error["ctx"]["error"])
    name = str(place[0])
    if error["type"] == "extra_forbidden":
        options = [each for each in MODELS[kind].model_fields if each != kind]
        return unknown(f"{kind} option", name, options)
    return f"{name} must be {EXPECTED[name]}, not {quoted(str(error['input']))}."
