"""How a filter function compares a field's value with the filter's.

The API does not document how null, case and types behave, so these are guesses: null passes only ``IsNull``
and the negated functions; text is compared with its case; two numbers or two times are compared as such, but
a text field equals only the same text, so that a postal code 01234 is not 1234. A date without a time means
the whole day, in UTC, in every function.
"""

import re
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from polytomic_mcp.catalogue.rules.filter_functions import to_duration
from polytomic_mcp.common.scalars import to_boolean, to_moment, to_number, to_text

Predicate = Callable[[Any], bool]
"""Returns whether a field's value passes."""


def build_predicate(function: str, value: Any, now: datetime, field_type: str) -> Predicate:
    """Return the predicate of a function and a value that the function takes.

    Relative functions count from ``now``. ``field_type`` is Polytomic's type of the tested field.
    """
    bind = _FUNCTIONS[function]
    if field_type == "string":
        bind = _TEXT_FUNCTIONS.get(function, bind)
    return bind(value, now)


def is_equal(left: Any, right: Any) -> bool:
    """Whether two values are equal: as numbers, as times, or as text."""
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return to_boolean(left) is to_boolean(right)
    pair = _comparison(right)(left)
    return pair[0] == pair[1]


def _comparison(value: Any) -> Callable[[Any], tuple[Any, Any]]:
    """Return what pairs a field's value with the filter's: as numbers, as times, as days, or as text."""
    number, moment, is_day = to_number(value), to_moment(value), _is_day(value)

    def pair(field: Any) -> tuple[Any, Any]:
        if number is not None and (field_number := to_number(field)) is not None:
            return field_number, number
        if moment is not None and (field_moment := to_moment(field)) is not None:
            return (field_moment.date(), moment.date()) if is_day else (field_moment, moment)
        return to_text(field), to_text(value)

    return pair


def _is_day(value: Any) -> bool:
    try:
        date.fromisoformat(to_text(value).strip())
    except ValueError:
        return False
    return True


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return cast(list[Any], value)
    return [part.strip() for part in to_text(value).split(",")]


def _null(_value: Any, _now: datetime) -> Predicate:
    return lambda field: field is None


def _boolean(expected: bool) -> Callable[[Any, datetime], Predicate]:  # noqa: FBT001 - the value itself
    return lambda _value, _now: lambda field: field is not None and to_boolean(field) is expected


def _equal(value: Any, _now: datetime) -> Predicate:
    return lambda field: is_equal(field, value)


def _ordered(is_right: Callable[[Any, Any], bool]) -> Callable[[Any, datetime], Predicate]:
    def bind(value: Any, _now: datetime) -> Predicate:
        pair = _comparison(value)
        return lambda field: field is not None and is_right(*pair(field))

    return bind


def _dated(is_right: Callable[[Any, Any], bool]) -> Callable[[Any, datetime], Predicate]:
    """Compare times; a value that is none does not pass."""

    def bind(value: Any, now: datetime) -> Predicate:
        passes = _ordered(is_right)(value, now)
        return lambda field: to_moment(field) is not None and passes(field)

    return bind


def _relative(
    is_right: Callable[[datetime, datetime, datetime], bool],
) -> Callable[[Any, datetime], Predicate]:
    def bind(value: Any, now: datetime) -> Predicate:
        limit = now - (to_duration(value) or timedelta())

        def passes(field: Any) -> bool:
            moment = to_moment(field)
            return moment is not None and is_right(moment, limit, now)

        return passes

    return bind


def _text(is_right: Callable[[str, str], bool]) -> Callable[[Any, datetime], Predicate]:
    return lambda value, _now: lambda field: field is not None and is_right(to_text(field), to_text(value))


def _one_of(value: Any, now: datetime) -> Predicate:
    is_same, wanted = _one_of_texts(value, now), [item for item in _items(value) if item is not None]
    return lambda field: (
        is_same(field) or (field is not None and any(is_equal(field, item) for item in wanted))
    )


def _one_of_texts(value: Any, _now: datetime) -> Predicate:
    wanted = {to_text(item) for item in _items(value) if item is not None}
    return lambda field: field is not None and to_text(field) in wanted


def _between(value: Any, now: datetime) -> Predicate:
    lowest, highest = _items(value)
    is_above = _ordered(lambda field, limit: field >= limit)(lowest, now)
    is_below = _ordered(lambda field, limit: field <= limit)(highest, now)
    return lambda field: is_above(field) and is_below(field)


def _array(value: Any, _now: datetime) -> Predicate:
    wanted = _items(value)

    def passes(field: Any) -> bool:
        if field is None:
            return False
        elements: Collection[Any] = _items(field)
        return all(any(is_equal(element, each) for element in elements) for each in wanted)

    return passes


def _like(value: Any, _now: datetime) -> Predicate:
    special = {"%": ".*", "_": "."}
    pattern = "".join(special.get(letter, re.escape(letter)) for letter in re.sub("%+", "%", to_text(value)))
    compiled = re.compile(pattern, re.DOTALL)
    return lambda field: field is not None and compiled.fullmatch(to_text(field)) is not None


def _not(bind: Callable[[Any, datetime], Predicate]) -> Callable[[Any, datetime], Predicate]:
    def denied(value: Any, now: datetime) -> Predicate:
        passes = bind(value, now)
        return lambda field: not passes(field)

    return denied


_same_text = _text(lambda field, value: field == value)
_contains = _text(lambda field, part: part in field)
_starts = _text(str.startswith)
_ends = _text(str.endswith)

_FUNCTIONS: Final[dict[str, Callable[[Any, datetime], Predicate]]] = {
    "Equality": _equal,
    "Inequality": _not(_equal),
    "IsNull": _null,
    "IsNotNull": _not(_null),
    "True": _boolean(expected=True),
    "False": _boolean(expected=False),
    "OnOrAfter": _dated(lambda field, limit: field >= limit),
    "OnOrBefore": _dated(lambda field, limit: field <= limit),
    "GreaterThan": _ordered(lambda field, limit: field > limit),
    "GreaterThanEqual": _ordered(lambda field, limit: field >= limit),
    "LessThan": _ordered(lambda field, limit: field < limit),
    "LessThanEqual": _ordered(lambda field, limit: field <= limit),
    "StringContains": _contains,
    "StringStartsWith": _starts,
    "StringEndsWith": _ends,
    "StringDoesNotContain": _not(_contains),
    "StringDoesNotStartWith": _not(_starts),
    "StringDoesNotEndWith": _not(_ends),
    "StringOneOf": _one_of,
    "StringNotOneOf": _not(_one_of),
    "Between": _between,
    "ArrayContains": _array,
    "ArrayDoesNotContain": _not(_array),
    "InTheLast": _relative(lambda field, limit, now: limit <= field <= now),
    "RelativeOnOrBefore": _relative(lambda field, limit, _now: field <= limit),
    "RelativeOnOrAfter": _relative(lambda field, limit, _now: field >= limit),
    "StringLike": _like,
    "StringNotLike": _not(_like),
    "StringMatchesTrimmed": _text(lambda field, value: field.strip() == value.strip()),
}

_TEXT_FUNCTIONS: Final = {
    "Equality": _same_text,
    "Inequality": _not(_same_text),
    "StringOneOf": _one_of_texts,
    "StringNotOneOf": _not(_one_of_texts),
}
