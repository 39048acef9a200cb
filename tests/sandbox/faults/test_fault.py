"""How a fault is spelled."""

import math
import re
from typing import Any

import pytest

from polytomic_mcp.sandbox.faults.fault import Fault


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
def test_text_and_json_spell_one_fault(text: str, json: dict[str, Any]) -> None:
    fault = Fault.read(text)

    assert fault == Fault.read(json) == Fault.read(fault)
    assert str(fault) == text
    assert fault.to_json() == json


def test_blanks_and_a_last_semicolon_make_no_difference() -> None:
    assert Fault.read(" status = 503 ;when=after; ") == Fault("status", 503, when="after")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "one kind, not ''"),
        ("bogus=1", "not 'bogus': one of latency, status, drop"),
        ("drop; html=502", "not drop and html"),
        ("drop; drop", "stands twice"),
        ("drop; retry_after=1", "takes no option 'retry_after'; it takes after, operations"),
        ("outage=gong; times=1", "it lasts until lifted"),
        ("latency=soon", "a number of seconds, 0 to 3600, not 'soon'"),
        ("latency=-1", "a number of seconds"),
        ("latency", "a number of seconds"),
        ({"latency": math.nan}, "a number of seconds"),
        ({"latency": None}, "a number of seconds"),
        ("status=404", "one of 429, 500, 502, 503, 504, not '404'"),
        ({"status": True}, "one of 429"),
        ("drop=yes", "a word without a value"),
        ("html=404", "the page's status"),
        ("fail_at=0", "from 1 on"),
        ("fail_at=1.5", "from 1 on"),
        ("drop; when=later", "before or after, not 'later'"),
        ("drop; probability=2", "a number from 0 to 1"),
        ("outage=", "a connection type"),
        ({"outage": 1}, "a connection type"),
        ("outage=salesfroce", "a connection type"),
        ({"slow": 1, "sync": "\ud800"}, "none of them a semicolon"),
        ({"outage": "x" * 600}, "x…"),
        ({"slow": 1, "sync": "a;b"}, "none of them a semicolon"),
        ("status=429; by=api", "from before the API"),
        ("status=429; when=after", "leave out when=after"),
    ],
)
def test_what_cannot_be_meant_is_answered_with_what_can(spec: Any, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Fault.read(spec)


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("status=500", True),
        ("status=500; by=gateway", False),
        ("status=503", False),
        ("status=503; by=api", True),
        ("drop", False),
    ],
)
def test_only_a_500_is_the_apis_own_unless_said_otherwise(text: str, is_own: bool) -> None:  # noqa: FBT001 - a parameter
    assert Fault.read(text).is_own is is_own


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
    assert Fault.read(text).wait == wait
