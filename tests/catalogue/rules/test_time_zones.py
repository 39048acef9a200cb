"""Schedules in a time zone, converted to UTC or refused."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.catalogue.rules.frequencies import next_time
from polytomic_mcp.catalogue.rules.time_zones import TimeZoneError, to_utc

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
STEADY = [
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "UTC",
    "America/Phoenix",
    "Pacific/Kiritimati",
    "Pacific/Marquesas",
    "Pacific/Pago_Pago",
]
CHANGING = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
]


def daily(hour: str, minute: str, **parts: Any) -> dict[str, Any]:
    return {"frequency": "daily", "hour": hour, "minute": minute, **parts}


def weekly(day: str, hour: str, minute: str) -> dict[str, Any]:
    return {"frequency": "weekly", "day_of_week": day, "hour": hour, "minute": minute}


def custom(**parts: str) -> dict[str, Any]:
    return {"frequency": "custom", **parts}


@pytest.mark.parametrize(
    ("schedule", "zone", "converted"),
    [
        (daily("7", "30"), "Asia/Kolkata", daily("02", "00")),
        (
            daily("7", "30", timezone="Asia/Tokyo", id="s"),
            "Asia/Tokyo",
            daily("22", "30", id="s") | {"minute": "30"},
        ),
        (daily("7", "30"), "UTC", daily("7", "30")),
        (daily("7", "30"), "UTC+2", daily("05", "30")),
        (weekly("Mon", "0", "30"), "asia/kolkata", weekly("sunday", "19", "00")),
        (weekly("SUNDAY", "23", "15"), "America/Phoenix", weekly("monday", "06", "15")),
        (weekly("7", "12", "00"), "+01:00", weekly("7", "11", "00")),
        ({"frequency": "hourly", "minute": "15"}, "Asia/Kathmandu", {"frequency": "hourly", "minute": "30"}),
        ({"frequency": "hourly", "minute": "15"}, "Europe/Berlin", {"frequency": "hourly", "minute": "15"}),
        (custom(minute="*/15"), "Europe/Berlin", custom(minute="*/15")),
        (custom(minute="*/20"), "Asia/Kolkata", custom(minute="10,30,50")),
        (
            custom(hour="9-17", minute="0", day_of_week="1-5"),
            "Asia/Kolkata",
            custom(hour="3,4,5,6,7,8,9,10,11", minute="30", day_of_week="1-5"),
        ),
        (
            custom(hour="1", minute="0", day_of_week="mon,*/3"),
            "Asia/Tokyo",
            custom(hour="16", minute="0", day_of_week="0,2,5,6"),
        ),
        (
            custom(hour="1", minute="0", day_of_week="*"),
            "Asia/Tokyo",
            custom(hour="16", minute="0", day_of_week="*"),
        ),
        (
            custom(hour="*/2", minute="0"),
            "Asia/Tokyo",
            custom(hour="1,3,5,7,9,11,13,15,17,19,21,23", minute="0"),
        ),
        (
            custom(hour="20", minute="0", day_of_month="L"),
            "Asia/Tokyo",
            custom(hour="11", minute="0", day_of_month="L"),
        ),
        (
            custom(hour="20", minute="0", day_of_week="fri#1"),
            "Asia/Tokyo",
            custom(hour="11", minute="0", day_of_week="fri#1"),
        ),
    ],
)
def test_a_schedule_is_converted_if_one_in_utc_is_due_at_the_same_times(
    schedule: dict[str, Any], zone: str, converted: dict[str, Any]
) -> None:
    assert to_utc(schedule, zone, NOW) == converted


@pytest.mark.parametrize(
    ("schedule", "zone", "text"),
    [
        (
            daily("7", "30"),
            "europe/berlin",
            (
                "Europe/Berlin changes its offset: 07:30 there is 06:30 UTC until 2027-03-28 and "
                "05:30 UTC from then until 2027-10-31. Send hour and minute in UTC without timezone, "
                "and change them on those dates."
            ),
        ),
        (
            weekly("mon", "0", "30"),
            "Europe/Berlin",
            (
                "Europe/Berlin changes its offset: monday 00:30 there is sunday 23:30 UTC until "
                "2027-03-28 and sunday 22:30 UTC from then until 2027-10-31. Send day_of_week, hour "
                "and minute in UTC"
            ),
        ),
        (
            {"frequency": "hourly", "minute": "5"},
            "Australia/Lord_Howe",
            (
                "Australia/Lord_Howe changes its offset: :05 there is :05 UTC until 2027-04-04 and "
                ":35 UTC from then until 2027-10-03. Send minute in UTC without timezone, and change "
                "it on those dates."
            ),
        ),
        (
            custom(hour="9", minute="0"),
            "America/New_York",
            (
                "America/New_York changes its offset: '0 9 * * *' there is '0 14 * * *' UTC until "
                "2027-03-14 and '0 13 * * *' UTC from then until 2027-11-07. Send minute, hour, "
                "day_of_month, month and day_of_week in UTC without timezone, and change them on "
                "those dates."
            ),
        ),
        (
            custom(hour="1", minute="0", day_of_month="1"),
            "Asia/Tokyo",
            (
                "No single schedule in UTC is due at the times of '0 1 1 * *' in Asia/Tokyo. Send "
                "minute, hour, day_of_month, month and day_of_week in UTC without timezone."
            ),
        ),
        (custom(hour="1", month="2"), "Asia/Tokyo", "No single schedule in UTC"),
        (custom(hour="1", day_of_week="fri#1"), "Asia/Tokyo", "No single schedule in UTC"),
        (custom(minute="0", day_of_week="1"), "Asia/Tokyo", "No single schedule in UTC"),
        (custom(hour="9,12", minute="0,30"), "Asia/Kolkata", "No single schedule in UTC"),
        (
            {"frequency": "manual"},
            "UTC",
            (
                "Frequency manual has no time of day. Omit timezone, or use one of these: hourly, "
                "daily, weekly, custom, builder."
            ),
        ),
        ({"frequency": "continuous"}, "UTC", "Frequency continuous has no time of day."),
        (
            {"frequency": "runafter", "run_after": {"sync_ids": ["a"]}},
            "UTC",
            "Frequency runafter has no time",
        ),
        (daily("7", "30"), "Mars/Base", "Unknown time zone 'Mars/Base'."),
    ],
)
def test_another_schedule_is_refused_with_what_to_send(
    schedule: dict[str, Any], zone: str, text: str
) -> None:
    with pytest.raises(TimeZoneError) as refused:
        to_utc(schedule, zone, NOW)

    assert str(refused.value).startswith(text)


def test_a_single_change_has_one_date() -> None:
    now = datetime(2018, 1, 1, tzinfo=UTC)

    with pytest.raises(TimeZoneError) as refused:
        to_utc(daily("9", "0"), "Asia/Pyongyang", now)

    assert str(refused.value).endswith(
        "09:00 there is 00:30 UTC until 2018-05-05 and 00:00 UTC from then on. Send hour and minute in UTC "
        "without timezone, and change them on that date."
    )


@pytest.mark.parametrize("schedule", [{}, {"frequency": "daily"}, daily("25", "0"), {"frequency": "often"}])
def test_a_schedule_that_is_not_valid_is_left_to_its_checks(schedule: dict[str, Any]) -> None:
    assert to_utc({**schedule, "timezone": "UTC"}, "UTC", NOW) == schedule


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    hour, minute = st.integers(0, 23).map(str), st.integers(0, 59).map(str)
    hours = st.lists(hour, min_size=1, max_size=3).map(",".join) | st.sampled_from(["*", "*/6", "9-17"])
    minutes = st.lists(minute, min_size=1, max_size=2).map(",".join) | st.sampled_from(["*/30", "0"])
    days = st.sampled_from([*WEEKDAYS, "1-5", "*", "*/2", "fri#1", "tueL"])
    return draw(
        st.one_of(
            st.fixed_dictionaries({"frequency": st.just("hourly"), "minute": minute}),
            st.fixed_dictionaries({"frequency": st.just("daily"), "hour": hour, "minute": minute}),
            st.fixed_dictionaries(
                {
                    "frequency": st.just("weekly"),
                    "day_of_week": st.sampled_from(WEEKDAYS),
                    "hour": hour,
                    "minute": minute,
                }
            ),
            st.fixed_dictionaries(
                {"frequency": st.just("custom"), "hour": hours, "minute": minutes, "day_of_week": days},
                optional={
                    "day_of_month": st.sampled_from(["1", "15-20", "L", "*"]),
                    "month": st.sampled_from(["3", "*"]),
                },
            ),
        )
    )


def due(schedule: Mapping[str, Any], since: datetime) -> Iterator[datetime]:
    while (since := next_time(schedule, since) or datetime.max.replace(tzinfo=UTC)).year < 9999:
        yield since


def due_there(schedule: Mapping[str, Any], zone: str, since: datetime) -> Iterator[datetime]:
    """Yield when a schedule is due by the clocks of a zone: its local times are read as if they were UTC."""
    place = ZoneInfo(zone)
    clock = since.astimezone(place).replace(tzinfo=UTC)
    for each in due(schedule, clock - timedelta(hours=3)):
        moment = each.replace(tzinfo=place).astimezone(UTC)
        if moment > since:
            yield moment


@given(schedule=schedules(), zone=st.sampled_from(STEADY))
def test_in_a_steady_zone_a_converted_schedule_is_due_at_the_same_moments(
    schedule: dict[str, Any], zone: str
) -> None:
    try:
        converted = to_utc(schedule, zone, NOW)
    except TimeZoneError:
        assert schedule["frequency"] == "custom"
        return

    assert list(islice(due(converted, NOW), 30)) == list(islice(due_there(schedule, zone, NOW), 30))


@given(minute=st.integers(0, 59), zone=st.sampled_from(CHANGING[:4]))
def test_an_hourly_schedule_is_due_at_the_same_moments_in_a_zone_that_changes_by_an_hour(
    minute: int, zone: str
) -> None:
    schedule = {"frequency": "hourly", "minute": str(minute)}
    converted = to_utc(schedule, zone, NOW)

    for day in (date(2027, 3, 13), date(2027, 10, 30), date(2026, 12, 1)):
        since = datetime.combine(day, time(12), UTC)
        here = set(islice(due(converted, since), 48))
        assert set(islice(due_there(schedule, zone, since), 40)) <= here
