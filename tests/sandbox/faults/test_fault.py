"""How faults are written as text and JSON."""

import math
import re
from typing import Any

import pytest

from polytomic_mcp.sandbox.faults.fault import Status
from polytomic_mcp.sandbox.faults.reader import read_fault


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("latency=0.5", {"latency": 0.5}),
        ("status=503; when=after; by=api", {"status": 503, "when": "after", "by": "api"}),
        ("status=429; retry_after=3", {"status": 429, "retry_after": 3}),
        ("drop", {"drop": True}),
        ("html=502; operations=* /api/bulk/*", {"html": 502, "operations": "* /api/bulk/*"}),
        ("slow=1; sync=s-1", {"slow": 1, "sync": "s-1"}),
        ("fail_at=1500; times=2; after=1", {"fail_at": 1500, "times": 2, "after": 1}),
        ("drop; probability=0.25; seed=7", {"drop": True, "probability": 0.25, "seed": 7}),
        ("outage=salesforce", {"outage": "salesforce"}),
        ("outage=5b5b14f8-7fc6-4b67-9db0-14ec63270990", {"outage": "5b5b14f8-7fc6-4b67-9db0-14ec63270990"}),
    ],
)
def test_text_and_json_describe_the_same_fault(text: str, json: dict[str, Any]) -> None:
    fault = read_fault(text)

    assert fault == read_fault(json) == read_fault(fault)
    assert str(fault) == text
    assert fault.to_json() == json


def test_spaces_and_a_trailing_semicolon_make_no_difference() -> None:
    assert read_fault(" status = 503 ;when=after; ") == Status(status=503, when="after")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "Unknown fault ''. Valid values: latency, status, drop"),
        ("bogus=1", "Unknown fault 'bogus'. Valid values: latency, status, drop"),
        ("drop; html=502", "not drop and html"),
        ("drop; drop", "drop is given twice"),
        (
            "drop; retry_after=1",
            "Unknown drop option 'retry_after'. Valid values: times, after",
        ),
        ("outage=gong; times=1", "Unknown outage option 'times'. There are none."),
        ("latency=soon", "latency must be a number of seconds from 0 to 3600, not 'soon'."),
        ("latency=-1", "a number of seconds"),
        ("latency", "a number of seconds"),
        ({"latency": math.nan}, "a number of seconds"),
        ({"latency": None}, "a number of seconds"),
        ("status=404", "status must be 429, 500, 502, 503 or 504, not '404'."),
        ({"status": True}, "status must be 429"),
        ("drop=yes", "written without a value"),
        ({"drop": 1}, "written without a value"),
        ({"status": 503.0}, "status must be 429"),
        ("status=\uff15\uff10\uff13", "status must be 429"),
        ({"status": 503, "times": None}, "times must be a whole number, 1 or higher, not 'None'."),
        ({"fail_at": 1, "sync": None}, "sync must be printable text"),
        ("html=404", "the status of the page"),
        ("fail_at=0", "1 or higher"),
        ("fail_at=1.5", "1 or higher"),
        ("drop; when=later", "before or after, not 'later'"),
        ("drop; probability=2", "a number from 0 to 1"),
        ("outage=", "a connection type"),
        ({"outage": 1}, "a connection type"),
        ("outage=salesfroce", "a connection type"),
        ({"slow": 1, "sync": "\ud800"}, "without semicolons"),
        ({"outage": "x" * 600}, "x…"),
        ({"slow": 1, "sync": "a;b"}, "without semicolons"),
        ("status=429; by=api", "a 429 always comes from a gateway"),
        ("status=429; when=after", "omit when=after"),
    ],
)
def test_an_invalid_fault_is_refused_with_the_valid_values(spec: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_fault(spec)


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("status=500", True),
        ("status=500; by=gateway", False),
        ("status=503", False),
        ("status=503; by=api", True),
    ],
)
def test_only_a_500_is_the_apis_own_unless_by_says_otherwise(text: str, is_own: bool) -> None:  # noqa: FBT001 - a parameter
    fault = read_fault(text)

    assert isinstance(fault, Status)
    assert fault.is_from_api is is_own


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("status=429", 1),
        ("status=429; retry_after=0", 0),
        ("status=503", None),
        ("status=503; retry_after=9", 9),
    ],
)
def test_a_429_says_how_long_to_wait(text: str, wait: float | None) -> None:
    fault = read_fault(text)

    assert isinstance(fault, Status)
    assert fault.wait == wait


def test_every_problem_of_a_fault_is_reported_at_once() -> None:
    with pytest.raises(ValueError, match="Invalid fault") as caught:
        read_fault("status=503; when=later; times=0; tmes=1")

    assert str(caught.value) == (
        "Invalid fault: times must be a whole number, 1 or higher, not '0'. "
        "when must be before or after, not 'later'. Unknown status option 'tmes'. Did you mean 'times'? "
        "Valid values: times, after, probability, seed, operations, when, by, retry_after."
    )
