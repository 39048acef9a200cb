"""Time zones: how they are named, and when they change."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from polytomic_mcp.common.time_zones import TimeZoneError, changes, find_zone, offset_at

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "name", "hours"),
    [
        ("Europe/Berlin", "Europe/Berlin", 1),
        ("europe/berlin", "Europe/Berlin", 1),
        (" america/new york ", "America/New_York", -5),
        ("Asia/Kolkata", "Asia/Kolkata", 5.5),
        ("utc", "UTC", 0),
        ("Etc/GMT+5", "Etc/GMT+5", -5),
        ("+05:30", "UTC+05:30", 5.5),
        ("-0930", "UTC-09:30", -9.5),
        ("UTC+2", "UTC+02:00", 2),
        ("gmt - 3", "UTC-03:00", -3),
        ("+00:00", "UTC", 0),
        ("UTC+14", "UTC+14:00", 14),
    ],
)
def test_a_zone_is_found_by_its_name_or_offset(text: str, name: str, hours: float) -> None:
    found, zone = find_zone(text)

    assert found == name
    assert offset_at(zone, NOW) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "Europe/Berln",
            " Did you mean 'Europe/Berlin'? Send a name of the IANA database such as 'Europe/Berlin'",
        ),
        ("Berlin", " Did you mean 'Europe/Berlin'?"),
        ("new york", " Did you mean 'America/New_York'?"),
        ("PST", " Send a name of the IANA database"),
        ("", " Send a name"),
        ("+15", " Send a name of the IANA database such as 'Europe/Berlin', or an offset such as '+05:30'."),
        ("+05:75", " Send a name"),
        ("../zones", ""),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_one(text: str, hint: str) -> None:
    with pytest.raises(TimeZoneError, match=re.escape(f"Unknown time zone {text!r}.{hint}")):
        find_zone(text)


def test_the_zone_files_of_the_system_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoneinfo.TZPATH", ())
    monkeypatch.setattr("zoneinfo.ZoneInfo", None)

    assert find_zone("Europe/Berlin")[0] == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Europe/Berlin", ["2027-03-28T01:00:00+00:00 2", "2027-10-31T01:00:00+00:00 1"]),
        ("Australia/Lord_Howe", ["2027-04-03T15:00:00+00:00 10.5", "2027-10-02T15:30:00+00:00 11"]),
        ("Asia/Tokyo", []),
        ("+01:00", []),
    ],
)
def test_each_change_of_the_offset_is_found_to_the_second(text: str, times: list[str]) -> None:
    _, zone = find_zone(text)

    found = changes(zone, NOW, NOW + timedelta(days=400))

    assert [f"{moment.isoformat()} {offset / timedelta(hours=1):g}" for moment, offset in found] == times
