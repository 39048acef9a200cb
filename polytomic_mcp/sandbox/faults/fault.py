"""Faults: what can go wrong, as one model for each kind."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Discriminator, Field, Tag, model_validator

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types

_LONGEST_TEXT: Final = 500
_MOST: Final = 1_000_000_000
_TOO_MANY_REQUESTS: Final = 429
_API_ERROR: Final = 500


def _number(value: Any) -> Any:
    """Reject booleans, and read a whole number's text, which ``Literal`` does not do."""
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic collects ValueError only
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else value


def _whole_number(value: Any) -> Any:
    """Reject fractions as well, which ``Literal`` compares as equal: 503.0 is 503."""
    if isinstance(value, float):
        raise ValueError("not a whole number")  # noqa: TRY004 - pydantic collects ValueError only
    return _number(value)


def _true(value: Any) -> Any:
    """Reject 1, which ``Literal`` takes for True."""
    if value is not True:
        raise ValueError("not true")
    return value


def _not_null(value: Any) -> Any:
    """Reject null: an option without a value is omitted."""
    if value is None:
        raise ValueError("null")
    return value


def _printable(value: Any) -> Any:
    is_text = isinstance(value, str) and value.isprintable() and ";" not in value
    if not is_text or not 0 < len(value.strip()) <= _LONGEST_TEXT:
        raise ValueError("not a short printable text")
    return value.strip()


def _system(text: str) -> str:
    return text if text in load_connection_types() else str(UUID(text))


_Seconds = Annotated[float, BeforeValidator(_number), Field(ge=0, le=3_600, allow_inf_nan=False)]
_Fraction = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1, allow_inf_nan=False)]
_FromZero = Annotated[int, BeforeValidator(_number), Field(ge=0, le=_MOST)]
_FromOne = Annotated[int, BeforeValidator(_number), Field(ge=1, le=_MOST)]
_Text = Annotated[str, BeforeValidator(_printable)]
_Flag = Annotated[Literal[True], BeforeValidator(_true)]
_OMISSIBLE: Final = BeforeValidator(_not_null)
_When = Literal["before", "after"]


class Fault(BaseModel, frozen=True, extra="forbid", defer_build=True):
    """What goes wrong. Each subclass has a field named after its ``kind``, which holds the fault's value."""

    kind: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Return the fault as JSON, without options that have their default value."""
        given = self.model_dump(exclude_defaults=True)
        return {name: given[name] for name in (self.kind, *EXPECTED) if name in given}

    def __str__(self) -> str:
        return "; ".join(
            name if value is True else f"{name}={f'{value:.15g}' if isinstance(value, float) else value}"
            for name, value in self.to_json().items()
        )


class _Repeated(Fault, frozen=True):
    """A fault that applies ``times`` times (None: always), but not to the first ``after`` matches.

    It applies each time with its ``probability``, drawn from ``seed``.
    """

    times: Annotated[_FromOne | None, _OMISSIBLE] = None
    after: _FromZero = 0
    probability: _Fraction = 1.0
    seed: _FromZero = 0


class RequestFault(_Repeated, frozen=True):
    """A fault of a request.

    ``operations`` are patterns, separated by commas, of operations or requests: ``POST /api/syncs``,
    ``* /api/bulk/*``.
    """

    operations: _Text = "*"


class Latency(RequestFault, frozen=True):
    """Delays a request by some seconds."""

    kind: ClassVar[str] = "latency"
    latency: _Seconds


class Status(RequestFault, frozen=True):
    """Answers with an error status, ``before`` or ``after`` the API has done what was requested.

    ``by`` says who answers with a 5xx: the ``api``, which stores the answer as the outcome of the call's
    ``Idempotency-Key``, or a ``gateway`` in front of it, which the API does not know about. None means the
    ``api`` for 500 and a ``gateway`` for the others.
    """

    kind: ClassVar[str] = "status"
    status: Annotated[Literal[429, 500, 502, 503, 504], BeforeValidator(_whole_number)]
    when: _When = "before"
    by: Annotated[Literal["api", "gateway"] | None, _OMISSIBLE] = None
    retry_after: Annotated[_Seconds | None, _OMISSIBLE] = None

    @model_validator(mode="after")
    def _require_server_error(self) -> Self:
        if self.status == _TOO_MANY_REQUESTS and self.by is not None:
            raise ValueError("by applies to a status of 500 or above; a 429 always comes from a gateway.")
        if self.status == _TOO_MANY_REQUESTS and self.when == "after":
            raise ValueError("A 429 comes before the API does anything; omit when=after.")
        return self

    @property
    def is_from_api(self) -> bool:
        """Whether the API itself fails, rather than a gateway in front of it."""
        return (self.by or ("api" if self.status == _API_ERROR else "gateway")) == "api"

    @property
    def wait(self) -> float | None:
        """The seconds in ``Retry-After``, or None for no header. A 429 has one in any case, 1 by default."""
        is_default = self.status == _TOO_MANY_REQUESTS and self.retry_after is None
        return 1.0 if is_default else self.retry_after


class Drop(RequestFault, frozen=True):
    """Closes the connection without an answer."""

    kind: ClassVar[str] = "drop"
    drop: _Flag
    when: _When = "before"


class Truncated(RequestFault, frozen=True):
    """Sends half of the answer and closes the connection."""

    kind: ClassVar[str] = "truncated"
    truncated: _Flag


class Malformed(RequestFault, frozen=True):
    """Sends a body that is not JSON."""

    kind: ClassVar[str] = "malformed"
    malformed: _Flag


class Html(RequestFault, frozen=True):
    """Answers with a proxy's HTML page and this status."""

    kind: ClassVar[str] = "html"
    html: Annotated[Literal[200, 502, 503, 504], BeforeValidator(_whole_number)]
    when: _When = "before"


class ExpiredKey(RequestFault, frozen=True):
    """Answers with 401, as if the API key had expired."""

    kind: ClassVar[str] = "expired_key"
    expired_key: _Flag


class RunFault(_Repeated, frozen=True):
    """A fault of a run, of one sync if ``sync`` is given."""

    sync: Annotated[_Text | None, _OMISSIBLE] = None


class Slow(RunFault, frozen=True):
    """Pauses a run for some seconds before each chunk of rows."""

    kind: ClassVar[str] = "slow"
    slow: _Seconds


class FailAt(RunFault, frozen=True):
    """Fails a run at a row, counted from 1."""

    kind: ClassVar[str] = "fail_at"
    fail_at: _FromOne


class Outage(Fault, frozen=True):
    """Makes a system (a connection type) or a connection (its id) unreachable until the fault is removed."""

    kind: ClassVar[str] = "outage"
    times: ClassVar[int | None] = None
    after: ClassVar[int] = 0
    probability: ClassVar[float] = 1.0
    seed: ClassVar[int] = 0
    outage: Annotated[_Text, AfterValidator(_system)]


def _kind(given: Mapping[str, Any]) -> str | None:
    return next((kind for kind in KINDS if kind in given), None)


AnyFault = Annotated[
    Annotated[Latency, Tag("latency")]
    | Annotated[Status, Tag("status")]
    | Annotated[Drop, Tag("drop")]
    | Annotated[Truncated, Tag("truncated")]
    | Annotated[Malformed, Tag("malformed")]
    | Annotated[Html, Tag("html")]
    | Annotated[ExpiredKey, Tag("expired_key")]
    | Annotated[Slow, Tag("slow")]
    | Annotated[FailAt, Tag("fail_at")]
    | Annotated[Outage, Tag("outage")],
    Discriminator(_kind),
]

MODELS: Final[Mapping[str, type[Fault]]] = {
    model.kind: model
    for model in (
        Latency,
        Status,
        Drop,
        Truncated,
        Malformed,
        Html,
        ExpiredKey,
        Slow,
        FailAt,
        Outage,
    )
}

KINDS: Final = tuple(MODELS)

_FLAG: Final = "written without a value (true in JSON)"
EXPECTED: Final[Mapping[str, str]] = {
    "latency": "a number of seconds from 0 to 3600",
    "status": "429, 500, 502, 503 or 504",
    "drop": _FLAG,
    "truncated": _FLAG,
    "malformed": _FLAG,
    "html": "200, 502, 503 or 504, the status of the page",
    "expired_key": _FLAG,
    "slow": "a number of seconds from 0 to 3600",
    "fail_at": "the number of a row, 1 or higher",
    "outage": "a connection type, such as snowflake, or the id of a connection",
    "when": "before or after",
    "by": "api or gateway",
    "retry_after": "a number of seconds from 0 to 3600",
    "operations": f"printable text of up to {_LONGEST_TEXT} characters without semicolons",
    "times": "a whole number, 1 or higher",
    "after": "a whole number, 0 or higher",
    "probability": "a number from 0 to 1",
    "seed": "a whole number, 0 or higher",
    "sync": f"printable text of up to {_LONGEST_TEXT} characters without semicolons",
}
"""What each key accepts, in the order in which a fault is written."""
