"""Filter functions: their names, and the kind of value that each takes.

The names are those of the 2025-09-18 SDK, which documents them only by name: the kinds are guesses. A value
that could never match, such as a word where a time is compared, is refused.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, Literal

from polytomic_mcp.common.json_values import as_list
from polytomic_mcp.common.scalars import to_boolean, to_moment, to_number
from polytomic_mcp.common.spelling import quoted, unknown

Kind = Literal["none", "any", "time", "ordered", "text", "list", "range", "elements", "duration"]

_KINDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "any": ("Equality", "Inequality"),
    "none": ("IsNull", "IsNotNull", "True", "False"),
    "time": ("OnOrAfter", "OnOrBefore"),
    "ordered": ("GreaterThan", "GreaterThanEqual", "LessThan", "LessThanEqual"),
    "text": (
        *("StringContains", "StringStartsWith", "StringEndsWith"),
        *("StringDoesNotContain", "StringDoesNotStartWith", "StringDoesNotEndWith"),
        *("StringLike", "StringNotLike", "StringMatchesTrimmed"),
    ),
    "list": ("StringOneOf", "StringNotOneOf"),
    "range": ("Between",),
    "elements": ("ArrayContains", "ArrayDoesNotContain"),
    "duration": ("InTheLast", "RelativeOnOrBefore", "RelativeOnOrAfter"),
}

FUNCTIONS: Final[Mapping[str, Kind]] = {name: kind for kind, names in _KINDS.items() for name in names}
"""All filter functions, each with the kind of value that it takes."""

_NEEDS: Final[Mapping[Kind, str]] = {
    "any": "a value. To test for a missing one, use IsNull or IsNotNull",
    "time": "a date or a time, such as '2026-01-31' or '2026-01-31T09:00:00Z'. For a time that moves "
    "with the current one, use RelativeOnOrAfter or RelativeOnOrBefore, such as with '7 days ago'",
    "ordered": "a number, a date, a time or a text, such as 5 or '2026-01-31'",
    "text": "a text, such as 'acme'",
    "list": "a list of values, such as ['new', 'open']",
    "range": "a list of two values, the lowest and the highest, both numbers, both dates or times, or both "
    "texts, such as [1, 10]",
    "elements": "a value or a list of values, such as 'blue' or ['blue', 'red']",
    "duration": "a duration such as '7 days' or '48 hours ago'",
}

_DURATION: Final = re.compile(
    r"(?:in the )?(?:last[ _])?(\d+)?[ _]*(minute|hour|day|week|month|quarter|year)s?(?:[ _]ago)?",
    re.IGNORECASE,
)
_SHORT: Final = re.compile(r"p?t?(\d+) ?(min|hours?|hrs?|h|d|w)(?: ago)?", re.IGNORECASE)
_SHORT_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
"""What the first letter of a unit means where others write durations."""

_UNITS: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
    "quarter": timedelta(days=91),
    "year": timedelta(days=365),
}
_RANGE: Final = 2

_COMPARING: Final = frozenset({"any", "ordered", "range"})
"""The kinds whose values are compared with a field's as numbers, times or booleans."""


def value_problem(function: str, value: Any, field_type: str | None = None) -> str | None:
    """Return the reason why the function is unknown or does not take the value; None if it does.

    ``field_type`` is Polytomic's type of the tested field, if it is known: a field of times is compared with
    times only, one of numbers with numbers, and one of booleans with booleans.
    """
    kind = FUNCTIONS.get(function)
    if kind is None:
        return unknown("filter function", function, FUNCTIONS)
    if kind == "none":
        return None if value is None else f"{function} takes no value. Omit it."
    if value is None or not _TAKES[kind](value):
        wrong = "" if value is None else f" {quoted(value)} is not valid."
        return f"{function} needs {_NEEDS[kind]}.{wrong}"
    return _type_problem(function, kind, value, field_type)


def _type_problem(function: str, kind: Kind, value: Any, field_type: str | None) -> str | None:
    """Return the reason why a value never equals or compares with a field of this type."""
    if field_type not in _TYPES or kind not in _COMPARING:
        return None
    noun, fits = _TYPES[field_type]
    listed = as_list(value) if isinstance(value, list) else [value]
    wrong = next((each for each in listed if each is not None and not fits(each)), None)
    return (
        None
        if wrong is None
        else f"{function} on a field of type {field_type} needs {noun}. {quoted(wrong)} is not one."
    )


def condition_problem(function: str, value: Any, field_type: str | None = None) -> str | None:
    """Return what ``value_problem`` does, after the part that is wrong: ``function: `` or ``value: ``."""
    reason = value_problem(function, value, field_type)
    return reason and f"{'value' if function in FUNCTIONS else 'function'}: {reason}"


def can_compare_fields(function: str) -> bool:
    """Whether the function can compare with another field's value instead of a fixed one."""
    return FUNCTIONS.get(function, "none") not in ("none", "range", "duration")


def to_duration(value: Any) -> timedelta | None:
    """Return the duration that a text such as ``7 days`` or ``last_month`` spells, or None."""
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or len(found[1] or "") > len("10000"):
        return None
    return int(found[1] or 1) * _UNITS[found[2].lower()]


def spelled_duration(value: Any) -> Any:
    """Return the duration that a value means in other spellings, such as ``24h``, ``P1D`` or ``yesterday``.

    Any other value is returned unchanged.
    """
    text = value.strip() if isinstance(value, str) else ""
    if text.casefold() == "yesterday":
        return "1 day ago"
    found = _SHORT.fullmatch(text)
    return f"{found[1]} {_SHORT_UNITS[found[2][0].lower()]}" if found else value


def _is_scalar(value: Any) -> bool:
    return not isinstance(value, list | dict)


def _comparable_as(value: Any) -> set[str]:
    """Return as what a limit of a range can be compared; a time in a range of texts is a mistake."""
    is_number, is_time = to_number(value) is not None, to_moment(value) is not None
    is_text = isinstance(value, str) and (is_number or not is_time)
    kinds = {"number": is_number, "time": is_time, "text": is_text}
    return {kind for kind, is_kind in kinds.items() if is_kind}


def _is_ordered(value: Any) -> bool:
    return _is_scalar(value) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return all(map(_is_scalar, as_list(value) if isinstance(value, list) else [value]))


def _is_range(value: Any) -> bool:
    limits = as_list(value)
    return len(limits) == _RANGE and bool(_comparable_as(limits[0]) & _comparable_as(limits[1]))


_TAKES: Final[Mapping[Kind, Callable[[Any], bool]]] = {
    "any": lambda _value: True,
    "time": lambda value: to_moment(value) is not None,
    "ordered": _is_ordered,
    "text": _is_scalar,
    "list": _is_list,
    "range": _is_range,
    "elements": lambda value: not isinstance(value, dict),
    "duration": lambda value: to_duration(value) is not None,
}
"""Whether a function of this kind takes a value that is not null."""

_TYPES: Final[Mapping[str | None, tuple[str, Callable[[Any], bool]]]] = {
    "datetime": (
        "a date or a time, such as '2026-01-31' or '2026-01-31T09:00:00Z'",
        lambda value: to_moment(value) is not None,
    ),
    "number": ("a number, such as 5", lambda value: to_number(value) is not None),
    "boolean": ("true or false", lambda value: to_boolean(value) is not None),
}
"""What a field of a type compares with, in words, and whether a value is that."""
