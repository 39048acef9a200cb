"""Schedules as people write them: what is understood, and what is left to be refused."""

from typing import Any

import pytest

from polytomic_mcp.tools.framework.schedule_texts import as_parts
from polytomic_mcp.tools.framework.timing import Timing
from tests.tools.conftest import Hold, ScriptedApi, Tools

KNOWN = tuple(Timing.model_fields)


def daily(hour: str, minute: str = "00", **more: str) -> dict[str, str]:
    return {"frequency": "daily", "hour": hour, "minute": minute, **more}


def custom(**parts: str) -> dict[str, str]:
    return {"frequency": "custom", **parts}


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("hourly at 15", {"frequency": "hourly", "minute": "15"}),
        ("Hourly :5", {"frequency": "hourly", "minute": "05"}),
        ("every hour at minute 30", {"frequency": "hourly", "minute": "30"}),
        ({"frequency": "hourly at 15"}, {"frequency": "hourly", "minute": "15"}),
        ("daily at 7:30", daily("07", "30")),
        ("every night at 2", daily("02")),
        ("every day at 7pm", daily("19")),
        ("daily at 12am", daily("00")),
        ("daily at 12:05 pm", daily("12", "05")),
        ("daily 07:30 UTC", daily("07", "30", timezone="utc")),
        ({"frequency": "daily", "time": "07:30"}, daily("07", "30")),
        ({"frequency": "nightly", "at": "3", "tz": "Asia/Tokyo"}, daily("03", timezone="Asia/Tokyo")),
        (
            "weekdays at 07:30 Europe/Berlin",
            custom(day_of_week="mon-fri", hour="07", minute="30", timezone="europe/berlin"),
        ),
        (
            {"frequency": "every weekday", "hour": "7", "minute": "30"},
            custom(day_of_week="mon-fri", hour="7", minute="30"),
        ),
        ("every monday at 9", {"frequency": "weekly", "day_of_week": "monday", "hour": "09", "minute": "00"}),
        ("Mondays, Thursdays at 9:15", custom(day_of_week="1,4", hour="09", minute="15")),
        ("every 15 minutes", custom(minute="*/15")),
        ({"frequency": "every 15 min", "hour": "9-17"}, custom(minute="*/15", hour="9-17")),
        ("every 2 hours", custom(minute="0", hour="*/2")),
        ("30 7 * * 1-5", custom(minute="30", hour="7", day_of_month="*", month="*", day_of_week="1-5")),
        (
            {"cron": "0 7 * * MON"},
            custom(minute="0", hour="7", day_of_month="*", month="*", day_of_week="mon"),
        ),
        ({"frequency": "manual"}, {"frequency": "manual"}),
        ({"dow": "monday"}, {"day_of_week": "monday"}),
        ("every hour", {"frequency": "every hour"}),
        ("daily", {"frequency": "daily"}),
    ],
)
def test_a_schedule_in_words_becomes_its_parts(written: Any, parts: dict[str, str]) -> None:
    assert as_parts(written, KNOWN) == parts


@pytest.mark.parametrize(
    "written",
    [
        "sometimes",
        "a b c d e",
        None,
        {},
        [],
        {"frequency": "weekdays"},
        {"frequency": "weekdays", "hour": "7"},
        {"frequency": "every 7 minutes"},
        {"frequency": "every 0 minutes"},
        {"frequency": "every 5 hours"},
        {"frequency": "hourly at 15", "minute": "20"},
        {"frequency": "daily at 7 UTC", "timezone": "Asia/Tokyo"},
        {"tz": "UTC", "timezone": "Asia/Tokyo"},
        {"frequency": "fortnightly"},
    ],
)
def test_what_is_not_understood_or_contradicts_itself_stays_as_it_is(written: Any) -> None:
    assert as_parts(written, KNOWN) == written


@pytest.mark.parametrize("schedule", ["hourly at 15", {"frequency": "every hour", "minute": 15}])
async def test_a_sync_is_created_with_the_parts_that_a_text_says(
    tools: Tools, company: ScriptedApi, schedule: Any
) -> None:
    identity = {"source": {"model_id": "Plans", "field": "contact_id"}, "target": "Id"}
    target = {"connection_id": "Gong", "object": "Winter flow"}

    await tools("create_sync", name="S", mode="upsert", identity=identity, target=target, schedule=schedule)

    (body,) = company.bodies("POST /api/syncs")
    assert body["mode"] == "updateOrCreate"
    assert body["schedule"] == {"frequency": "hourly", "minute": "15"}


@pytest.mark.parametrize(
    "written",
    [
        {"syncId": "Plans to Gong", "syncAllRecords": True},
        {"sync-id": "Plans to Gong", "sync_All_Records": True},
    ],
)
async def test_an_argument_may_be_written_in_another_case(
    tools: Tools, hold: Hold, company: ScriptedApi, written: Any
) -> None:
    hold()

    await tools("update_sync", **written)

    assert company.sent_sync()["sync_all_records"] is True


async def test_a_part_may_be_written_in_another_case_at_any_depth(tools: Tools, company: ScriptedApi) -> None:
    identity = {"source": {"modelId": "Plans", "field": "contact_id"}, "target": "Id"}
    target = {"connectionId": "Gong", "object": "Winter flow"}

    await tools("create_sync", name="S", mode="upsert", identity=identity, target=target)

    (body,) = company.bodies("POST /api/syncs")
    assert body["target"]["connection_id"] == company.GONG
    assert body["identity"]["source"]["model_id"] == company.MODEL


@pytest.mark.parametrize("written", [{"syncId": "a", "sync_id": "b"}, {"syncId": "a", "SyncID": "b"}])
async def test_an_argument_that_is_there_twice_is_refused(
    tools: Tools, company: ScriptedApi, written: Any
) -> None:
    text = await tools.refused("get_sync", **written)

    assert "Unknown argument 'syncId'. Did you mean 'sync_id'?" in text
    assert company.requests == []
