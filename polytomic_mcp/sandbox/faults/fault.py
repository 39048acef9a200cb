"""A fault as people ask for it: what goes wrong, when, where and how often; one spelling as text and JSON.

As text it is ``KIND; OPTION=VALUE; ...``, such as ``status=503; when=after; operations=POST /api/syncs``.
As JSON it is an object with the same keys: ``{"status": 503, "when": "after"}``; ``drop`` alone becomes
``{"drop": true}``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self
from uuid import UUID

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types

REQUEST_KINDS: Final = ("latency", "status", "drop", "truncated", "malformed", "html", "expired_key")
RUN_KINDS: Final = ("slow", "fail_at")
OUTAGE: Final = "outage"
KINDS: Final = (*REQUEST_KINDS, *RUN_KINDS, OUTAGE)

_LONGEST: Final = 3_600.0
_MOST: Final = 1_000_000_000
_LONGEST_TEXT: Final = 500
_SERVER_ERRORS: Final = (500, 502, 503, 504)
_TOO_MANY: Final = 429
_OWN: Final = 500

_FREQUENCY: Final = frozenset({"times", "after", "probability", "seed"})
_REQUEST: Final = _FREQUENCY | {"operations"}
_OPTIONS: Final[Mapping[str, frozenset[str]]] = {
    "latency": _REQUEST,
    "status": _REQUEST | {"when", "by", "retry_after"},
    "drop": _REQUEST | {"when"},
    "truncated": _REQUEST,
    "malformed": _REQUEST,
    "html": _REQUEST | {"when"},
    "expired_key": _REQUEST,
    "slow": _FREQUENCY | {"sync"},
    "fail_at": _FREQUENCY | {"sync"},
    OUTAGE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong; ``Fault.read("status=503; when=after")`` makes one.

    ``value`` belongs to the kind: seconds, a status, a row's number, a system. ``when`` is ``before`` or
    ``after`` the API did what was asked. ``by`` says who answers with a 5xx: the ``api``, which keeps that as
    the outcome of the call's ``Idempotency-Key``, or a ``gateway`` before it, of which the API knows nothing;
    None is the ``api`` for 500 and a ``gateway`` for the others. ``operations`` are patterns, separated by
    commas, of operations or of requests: ``POST /api/syncs``, ``* /api/bulk/*``.

    A fault strikes ``times`` times (None: always), not the first ``after`` times it could, each time with
    its ``probability``, drawn from ``seed``. ``sync`` is the only sync whose runs it strikes.
    """

    kind: str
    value: Any = True
    when: str = "before"
    by: str | None = None
    retry_after: float | None = None
    operations: str = "*"
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    sync: str | None = None

    @classmethod
    def read(cls, spec: "Spec") -> Self:
        """Read a fault's text, or its JSON object; a fault is taken for its JSON, so that it is checked too.

        Raises:
            ValueError: It cannot be meant; the text says what can.
        """
        match spec:
            case str():
                given = _pairs(spec)
            case Fault():
                given = spec.to_json()
            case _:
                given = dict(spec)
        kind = _kind(given)
        _require_options(kind, given)
        read = {name: _read(name, value) for name, value in given.items()}
        fault = cls(kind, read.pop(kind), **read)
        _require_sense(fault)
        return fault

    @property
    def is_own(self) -> bool:
        """Whether it is a failure of the API itself, and not one on the way to it."""
        return self.kind == "status" and (self.by or ("api" if self.value == _OWN else "gateway")) == "api"

    @property
    def wait(self) -> float | None:
        """The seconds its ``Retry-After`` asks for, if it has one: for a 429, 1 if nothing else was said."""
        is_limit = self.kind == "status" and self.value == _TOO_MANY
        return 1.0 if is_limit and self.retry_after is None else self.retry_after

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON; what is as by default is left out."""
        options = [(field.name, getattr(self, field.name), field.default) for field in fields(self)[2:]]
        return {self.kind: self.value, **{name: value for name, value, usual in options if value != usual}}

    def __str__(self) -> str:
        return "; ".join(
            name if value is True else f"{name}={_plain(value)}" for name, value in self.to_json().items()
        )


Spec = Fault | str | Mapping[str, Any]
"""A fault, or what ``Fault.read`` makes one of."""


def _pairs(text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, separator, value = (piece.strip() for piece in part.partition("="))
        if name in pairs:
            raise ValueError(f"{name} stands twice in the fault {_quoted(text)}; say it once.")
        pairs[name] = value if separator else True
    return pairs


def _kind(given: Mapping[str, Any]) -> str:
    kinds = [name for name in KINDS if name in given]
    if len(kinds) != 1:
        found = " and ".join(kinds) or _quoted("; ".join(map(str, given)))
        raise ValueError(f"A fault has one kind, not {found}: one of {', '.join(KINDS)}.")
    return kinds[0]


def _require_options(kind: str, given: Mapping[str, Any]) -> None:
    taken = _OPTIONS[kind]
    for name in given:
        if name != kind and name not in taken:
            offered = f"it takes {', '.join(sorted(taken)) or 'none: it lasts until lifted'}"
            raise ValueError(f"The fault {kind} takes no option {_quoted(name)}; {offered}.")


def _read(name: str, value: Any) -> Any:
    read, wanted = _READERS[name]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} of a fault is {wanted}, not {_quoted(value)}.") from error


def _require_sense(fault: Fault) -> None:
    if fault.by is not None and fault.value not in _SERVER_ERRORS:
        raise ValueError("by belongs to a status from 500 on: a 429 always comes from before the API.")
    if fault.when == "after" and fault.value == _TOO_MANY:
        raise ValueError("A 429 comes before the API did anything; leave out when=after.")


def _number(lowest: float, highest: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not lowest <= float(value) <= highest:  # no number is within for NaN
            raise ValueError(value)
        return float(value)

    return read


def _whole(lowest: int, highest: int = _MOST) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        number = _number(lowest, highest)(value)
        if not number.is_integer():
            raise ValueError(value)
        return int(number)

    return read


def _one_of(*choices: Any) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        for choice in choices:
            if not isinstance(value, bool) and str(value) == str(choice):
                return choice
        raise ValueError(value)

    return read


def _flag(value: Any) -> bool:
    if value is not True:
        raise ValueError(value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or ";" in value or not value.isprintable():
        raise ValueError(value)
    if not 0 < len(value.strip()) <= _LONGEST_TEXT:
        raise ValueError(value)
    return value.strip()


def _system(value: Any) -> str:
    name = _text(value)
    return name if name in load_connection_types() else str(UUID(name))


def _plain(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _quoted(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


_SECONDS: Final = (_number(0, _LONGEST), f"a number of seconds, 0 to {_LONGEST:g}")
_NO_VALUE: Final = (_flag, "a word without a value (true in JSON)")
_NAME: Final = (
    _text,
    f"a text of at most {_LONGEST_TEXT} characters that can be shown, none of them a semicolon",
)

_READERS: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "latency": _SECONDS,
    "status": (_one_of(_TOO_MANY, *_SERVER_ERRORS), "one of 429, 500, 502, 503, 504"),
    "drop": _NO_VALUE,
    "truncated": _NO_VALUE,
    "malformed": _NO_VALUE,
    "html": (_one_of(200, 502, 503, 504), "one of 200, 502, 503, 504: the page's status"),
    "expired_key": _NO_VALUE,
    "slow": _SECONDS,
    "fail_at": (_whole(1), "the number of a row, from 1 on"),
    OUTAGE: (_system, "a connection type, such as snowflake, or the id of a connection"),
    "when": (_one_of("before", "after"), "before or after"),
    "by": (_one_of("api", "gateway"), "api or gateway"),
    "retry_after": _SECONDS,
    "operations": _NAME,
    "times": (_whole(1), "a whole number from 1 on"),
    "after": (_whole(0), "a whole number from 0 on"),
    "probability": (_number(0, 1), "a number from 0 to 1"),
    "seed": (_whole(0), "a whole number from 0 on"),
    "sync": _NAME,
}
"""How each key is read, and what it is."""
