"""Cron lines: how they are read, which are refused, and that the tools and the sandbox agree on due times."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.catalogue.rules.frequencies import last_time, next_time
from polytomic_mcp.common.cron import FIELDS, CronError, CronLine

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
LATER = timedelta(seconds=1)


def parts_of(line: str) -> dict[str, str]:
    return dict(zip(FIELDS, line.split(), strict=True))


def at(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


READ = [
    ("*/20 9-17 * * *", "2026-03-04T12:20", "2026-03-04T12:00"),
    ("9-59/25 9 * * *", "2026-03-05T09:09", "2026-03-04T09:59"),
    ("0 22-2 * * *", "2026-03-04T22:00", "2026-03-04T02:00"),
    ("30 22-1/3 * * *", "2026-03-04T22:30", "2026-03-04T01:30"),
    ("0 9 * * fri-sun", "2026-03-06T09:00", "2026-03-01T09:00"),
    ("0 9 * * 5-7", "2026-03-06T09:00", "2026-03-01T09:00"),
    ("0 9 * * 7-1", "2026-03-08T09:00", "2026-03-02T09:00"),
    ("0 9 * * fri-mon/2", "2026-03-06T09:00", "2026-03-01T09:00"),
    ("0 9 * * Thursday,TUES", "2026-03-05T09:00", "2026-03-03T09:00"),
    ("0 9 * * 7", "2026-03-08T09:00", "2026-03-01T09:00"),
    ("0 0 28-3 nov-jan *", "2026-11-01T00:00", "2026-01-31T00:00"),
    ("0 0 1 September *", "2026-09-01T00:00", "2025-09-01T00:00"),
    ("0 9 L * *", "2026-03-31T09:00", "2026-02-28T09:00"),
    ("0 9 L,15 * *", "2026-03-15T09:00", "2026-02-28T09:00"),
    ("0 9 * * friL", "2026-03-27T09:00", "2026-02-27T09:00"),
    ("0 9 * * 7L", "2026-03-29T09:00", "2026-02-22T09:00"),
    ("0 9 * * mon#1", "2026-04-06T09:00", "2026-03-02T09:00"),
    ("0 9 ? * sat", "2026-03-07T09:00", "2026-02-28T09:00"),
    ("0 9 1 * tue", "2026-03-10T09:00", "2026-03-03T09:00"),
    ("0 9 1-31 * mon", "2026-03-05T09:00", "2026-03-04T09:00"),
    ("0 9 */2 * tue", "2026-03-17T09:00", "2026-03-03T09:00"),
    ("0 9 2 * */2", "2026-04-02T09:00", "2025-12-02T09:00"),
    ("0 0 31 2 mon", "2027-02-01T00:00", "2026-02-23T00:00"),
    ("0 0 29 2 *", "2028-02-29T00:00", "2024-02-29T00:00"),
    ("0 0 */2 2 mon#5", "2044-02-29T00:00", "2016-02-29T00:00"),
    ("0 0 */3 2 mon#5", None, None),
]


@pytest.mark.parametrize(("line", "following", "last"), READ)
def test_a_line_has_a_next_and_a_last_due_time(line: str, following: str | None, last: str | None) -> None:
    read = CronLine.of(**parts_of(line))

    assert (read.next_after(NOON), read.last_at(NOON)) == (at(following), at(last))


@pytest.mark.parametrize(
    ("parts", "field", "message"),
    [
        ({"minute": "5/20"}, "minute", "Step without a range '5/20' in minute. Write '5-59/20' or '*/20'."),
        ({"hour": "5/10"}, "hour", "Write '5-23/10' or '*/10'."),
        ({"minute": "0 0"}, "minute", "Unknown minute '0 0'. Valid values: 0 to 59."),
        ({"minute": "60"}, "minute", "Unknown minute '60'. Valid values: 0 to 59."),
        ({"minute": ""}, "minute", "Unknown minute ''."),
        ({"minute": "1,"}, "minute", "Unknown minute ''."),
        ({"minute": "1_0"}, "minute", "Unknown minute '1_0'."),
        ({"minute": "٣"}, "minute", "Unknown minute '٣'."),
        ({"minute": "0" * 5000}, "minute", "Unknown minute '0000"),
        ({"minute": "*/0"}, "minute", "Unknown step '0' in minute. Valid values: whole numbers from 1."),
        ({"minute": "5/"}, "minute", "Unknown step '' in minute."),
        ({"hour": "24"}, "hour", "Valid values: 0 to 23."),
        ({"hour": "?-5"}, "hour", "Unknown hour '?'."),
        (
            {"month": "janaury"},
            "month",
            "Did you mean 'january'? Valid values: 1 to 12, or a name such as january.",
        ),
        ({"month": "ja"}, "month", "Unknown month 'ja'."),
        ({"month": "13"}, "month", "Unknown month '13'."),
        ({"month": "mayL"}, "month", "Unknown month 'mayl'."),
        ({"day_of_week": "8"}, "day_of_week", "Valid values: 0 to 7, or a name such as sunday."),
        ({"day_of_week": "L"}, "day_of_week", "Unknown day_of_week 'l'."),
        ({"day_of_week": "mon#6"}, "day_of_week", "Unknown day_of_week 'mon#6'."),
        ({"day_of_week": "1-mon#2"}, "day_of_week", "Unknown day_of_week 'mon#2'."),
        ({"day_of_month": "0"}, "day_of_month", "Valid values: 1 to 31."),
        ({"day_of_month": "LW"}, "day_of_month", "Unknown day_of_month 'lw'."),
        ({"day_of_month": "L-3"}, "day_of_month", "Unknown day_of_month 'l'."),
        ({"day_of_month": "15W"}, "day_of_month", "Unknown day_of_month '15w'."),
        ({"day_of_month": "31", "month": "feb"}, "day_of_month", "No such date: day_of_month 31 in month 2."),
        ({"day_of_month": "31", "month": "apr,jun"}, "day_of_month", "No such date"),
        ({"day_of_month": "30-31", "month": "2", "day_of_week": "*/2"}, "day_of_month", "No such date"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused(parts: dict[str, str], field: str, message: str) -> None:
    with pytest.raises(CronError, match=re.escape(message)) as refused:
        CronLine.of(**parts)

    assert refused.value.field == field


def test_times_are_computed_in_utc_from_a_moment_in_any_zone() -> None:
    moment = datetime.fromisoformat("2026-03-04T01:30:00.5+05:00")  # 20:30 of the day before, in UTC
    line = CronLine.of(minute="30", hour="20")

    assert line.last_at(moment) == at("2026-03-03T20:30")
    assert line.next_after(moment) == at("2026-03-04T20:30")


@pytest.mark.parametrize(("line", "following", "last"), READ)
def test_the_tools_and_the_sandbox_read_the_same_line(
    line: str, following: str | None, last: str | None
) -> None:
    schedule = {"frequency": "custom", **parts_of(line)}

    assert next_time(schedule, NOON) == at(following)
    assert last_time(schedule, NOON) == at(last)


MONTHS = [datetime(2026, month, 1, tzinfo=UTC).strftime("%B").lower() for month in range(1, 13)]
WEEKDAYS = [
    datetime(2026, 3, day, tzinfo=UTC).strftime("%A").lower() for day in range(1, 8)
]  # from Sunday on
NAMES = {"month": MONTHS, "day_of_week": WEEKDAYS}
BOUNDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day_of_month": (1, 31),
    "month": (1, 12),
    "day_of_week": (0, 6),
}


@st.composite
def spellings(draw: st.DrawFn, field: str, number: int) -> str:
    names = [name for at, name in enumerate(NAMES.get(field, ()), BOUNDS[field][0]) if at == number]
    shortened = [name[:length] for name in names for length in range(3, len(name) + 1)]
    return draw(st.sampled_from([str(number), f"{number:02}", *shortened, *(name.title() for name in names)]))


@st.composite
def items(draw: st.DrawFn, field: str) -> tuple[str, set[int]]:
    """Draw an item of a field and the numbers that it stands for."""
    lowest, highest = BOUNDS[field]
    everything = range(lowest, highest + 1)
    step = draw(st.integers(1, 12))
    kind = draw(st.sampled_from(["single", "range", "stepped range", "star", "stepped star"]))
    if "star" in kind:
        star = draw(st.sampled_from("*?"))
        return (
            (f"{star}/{step}", set(everything[::step])) if kind == "stepped star" else (star, set(everything))
        )
    first, last = draw(st.sampled_from(everything)), draw(st.sampled_from(everything))
    if kind == "single":
        return draw(spellings(field, first)), {first}
    span = (
        [*range(first, last + 1)] if first <= last else [*range(first, highest + 1), *range(lowest, last + 1)]
    )
    text = f"{draw(spellings(field, first))}-{draw(spellings(field, last))}"
    return (f"{text}/{step}", set(span[::step])) if kind == "stepped range" else (text, set(span))


@st.composite
def lines(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, set[int]]]:
    """Draw the five fields of a line and the numbers that each stands for."""
    drawn = {field: draw(st.lists(items(field), min_size=1, max_size=3)) for field in FIELDS}
    texts = {field: ",".join(text for text, _ in found) for field, found in drawn.items()}
    return texts, {field: set().union(*(values for _, values in found)) for field, found in drawn.items()}


def matching_days(texts: dict[str, str], values: dict[str, set[int]], start: datetime) -> Iterator[datetime]:
    """Yield the midnights of the days of three years on which a line is due, by the text of crontab(5)."""
    is_either = not any(texts[field].startswith(("*", "?")) for field in ("day_of_month", "day_of_week"))
    for offset in range(3 * 366):
        day = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=offset)
        in_month = day.day in values["day_of_month"]
        in_week = day.isoweekday() % 7 in values["day_of_week"]
        fits = (in_month or in_week) if is_either else (in_month and in_week)
        if fits and day.month in values["month"]:
            yield day


def expected_time(texts: dict[str, str], values: dict[str, set[int]], moment: datetime) -> datetime | None:
    times = (
        day.replace(hour=hour, minute=minute)
        for day in matching_days(texts, values, moment)
        for hour in sorted(values["hour"])
        for minute in sorted(values["minute"])
    )
    return next((time for time in times if time > moment), None)


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added


@given(drawn=lines(), moment=MOMENTS)
def test_the_next_time_of_the_sandbox_is_the_last_time_of_the_tools(
    drawn: tuple[dict[str, str], dict[str, set[int]]], moment: datetime
) -> None:
    texts, values = drawn
    schedule: dict[str, Any] = {"frequency": "custom", **texts}

    due = next_time(schedule, moment)

    expected = expected_time(texts, values, moment)
    if expected is not None:
        assert due == expected
    if due is not None:
        assert last_time(schedule, due) == last_time(schedule, due + LATER) == due
        before = last_time(schedule, due - LATER)
        assert before is None or before <= moment
