"""All syncs in one table: each with its state, worst first, and counts by state."""

from typing import Any

import httpx
import pytest

from tests.tools.conftest import Clock, Connect, ScriptedApi, Tools

DAILY = {"frequency": "daily", "hour": "2", "minute": "0"}
EMPTY: dict[str, Any] = {"insert": 0, "update": 0, "total": 0, "error": 0}
GOOD = EMPTY | {"insert": 5, "total": 5}
REFUSED = EMPTY | {"error": 3_000, "total": 3_000}
BULK_EXECUTIONS = "GET /api/bulk/syncs/{}/executions"


def run(started: str, status: str = "completed", minutes: int = 1, **more: Any) -> dict[str, Any]:
    """Return an execution; ``started`` is day and time in March 2026, such as ``04T02:00``."""
    ended = None if status == "running" else f"2026-03-{started}:{minutes:02}Z"
    return {
        "id": f"run-{started}",
        "status": status,
        "started_at": f"2026-03-{started}:00Z",
        "completed_at": ended,
        "counts": GOOD,
        **more,
    }


def sync(name: str, **more: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "active": True, "schedule": DAILY, **more}


@pytest.fixture
def hold_syncs(api: ScriptedApi) -> Any:
    """Serve syncs with their executions, and no bulk syncs."""

    def store(*pairs: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
        api["GET /api/syncs"] = {"data": [each for each, _ in pairs]}
        for kind in ("bulk/syncs", "connections", "models"):
            api[f"GET /api/{kind}"] = {"data": []}
        for each, runs in pairs:
            api[f"GET /api/syncs/{each['id']}/executions"] = {"data": runs}

    return store


STATES = [
    ("ok", {}, [run("04T02:00")]),
    ("ok", {}, [run("04T02:00"), run("03T02:00", "failed")]),
    ("ok", {"active": False, "schedule": {"frequency": "manual"}}, [run("01T02:00")]),
    ("ok", {"schedule": None}, [run("01T02:00", counts=None)]),
    ("ok", {"updated_at": "2026-03-04T11:00:00Z"}, [run("01T02:00")]),
    ("ok", {}, [run("04T01:30", completed_at="2026-03-04T02:10:00Z")]),
    ("ok", {"schedule": {"frequency": "continuous"}}, [run("04T11:45")]),
    ("ok", {}, [run("04T02:00", counts=EMPTY)]),
    ("ok", {}, [run("04T02:00", counts=EMPTY), run("03T02:00", counts=EMPTY), run("02T02:00")]),
    ("failing", {}, [run("04T02:00", "failed", errors=["no such table"])]),
    ("failing", {}, [run("04T03:00", "canceled"), run("04T02:00", "interrupted")]),
    ("failing", {}, [run("01T02:00", "failed")]),
    ("late", {}, [run("03T02:00")]),
    ("late", {}, []),
    ("late", {"schedule": {"frequency": "continuous"}}, [run("04T11:00")]),
    ("late", {"schedule": {"frequency": "hourly", "minute": "00"}}, [run("04T10:00")]),
    ("no_rows", {}, [run("04T02:00", counts=EMPTY), run("03T02:00"), run("02T02:00")]),
    ("ok", {"mode": "replicate"}, [run("04T02:00", counts=EMPTY), run("03T02:00"), run("02T02:00")]),
    (
        "no_rows",
        {"mode": "replicate"},
        [run("04T02:00", counts=EMPTY), run("03T02:00"), run("02T02:00"), run("01T02:00")],
    ),
    ("row_errors", {}, [run("04T02:00", counts=GOOD | {"error": 2})]),
    ("running", {}, [run("04T11:30", "running"), run("03T02:00")]),
    ("running", {}, [run("04T11:30", "running", started_at=None)]),
    ("running", {}, [run("04T07:00", "running")]),
    ("stuck", {}, [run("04T10:30", "running"), run("03T02:00")]),
    ("stuck", {}, [run("04T05:00", "canceling")]),
    ("never_run", {"schedule": {"frequency": "manual"}}, []),
    ("canceled", {"schedule": {"frequency": "runafter"}}, [run("04T02:00", "canceled")]),
    ("canceled", {}, [run("04T03:00", "canceled"), run("04T02:00")]),
    ("ok", {}, [run("04T03:00"), run("04T02:00", "canceled")]),
    ("row_errors", {}, [run("04T03:00", "canceled"), run("04T02:00", counts=GOOD | {"error": 2})]),
    ("failing", {}, [run("04T02:00", counts=REFUSED)]),
    ("failing", {}, [run("04T03:00", counts=EMPTY), run("04T02:00", counts=REFUSED)]),
    ("failing", {}, [run("04T02:00", counts=REFUSED | {"delete": 9})]),
    ("failing", {}, [run("04T02:00", counts=EMPTY | {"error": 2})]),
    ("row_errors", {}, [run("04T03:00", counts=EMPTY), run("04T02:00", counts=GOOD | {"error": 2})]),
    ("row_errors", {}, [run("04T02:00", counts=EMPTY | {"error": 2, "total": 9})]),
    ("ok", {}, [run("04T03:00"), run("04T02:00", counts=GOOD | {"error": 2})]),
    ("ok", {}, [run("04T03:00", counts=None), run("04T02:00", counts=EMPTY | {"error": 2, "total": 9})]),
    ("inactive", {"active": False}, [run("01T02:00", "failed")]),
    ("ok", {}, [run("04T03:00", type="test", counts=EMPTY), run("04T02:00"), run("03T02:00")]),
    ("ok", {}, [run("04T11:00", "failed", type="test"), run("04T02:00")]),
    ("late", {}, [run("04T02:00", type="test"), run("03T02:00")]),
    ("never_run", {"schedule": None}, [run("04T02:00", type="test")]),
]


@pytest.mark.parametrize(("state", "parts", "runs"), STATES)
async def test_a_sync_is_judged_by_its_schedule_and_its_runs(
    state: str, parts: dict[str, Any], runs: list[Any], tools: Tools, hold_syncs: Any
) -> None:
    hold_syncs((sync("A") | parts, runs))

    overview = await tools("sync_overview")

    assert [row["state"] for row in overview["items"]] == [state]
    assert overview["states"] == {state: 1}
    assert "unavailable" not in overview or not overview["unavailable"]


CRM = {"id": "crm", "name": "CRM", "status": "healthy"}
DB = {"id": "db", "name": "DB", "status": "healthy"}
ILL = {"status": "unhealthy", "status_error": "key expired"}
GONE = "A model that the sync reads no longer exists"


@pytest.mark.parametrize(
    ("connections", "models", "detail", "remedy"),
    [
        (
            [CRM | ILL, DB],
            {"m": "db"},
            "The target connection 'CRM' is not healthy: key expired",
            "test_connection",
        ),
        (
            [CRM, DB | {"status": "error", "status_error": "sign in again"}],
            {"m": "db"},
            "The source connection 'DB' is not healthy: sign in again",
            "update_connection",
        ),
        ([DB], {"m": "db"}, "The target connection no longer exists", "list_connections"),
        ([CRM], {"m": "db"}, "The source connection no longer exists", "list_connections"),
        ([CRM, DB], {}, GONE, "list_models"),
        (None, {}, GONE, "list_models"),
        ([CRM, DB], {"m": "db"}, None, None),
        ([CRM, DB], {"m": None}, None, None),
        ([CRM, DB], None, None, None),
        (None, {"m": "db"}, None, None),
    ],
)
async def test_a_sync_with_a_missing_or_unhealthy_connection_or_model_is_broken(
    connections: Any,
    models: Any,
    detail: str | None,
    remedy: str | None,
    tools: Tools,
    api: ScriptedApi,
    hold_syncs: Any,
) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    hold_syncs((sync("A", target_connection_id="crm", model_ids=["m", nobody]), [run("04T02:00")]))
    down = httpx.Response(403, json={"message": "no right"})
    listed = models and [{"id": id_, "connection_id": source} for id_, source in models.items()]
    api["GET /api/connections"] = down if connections is None else {"data": connections}
    api["GET /api/models"] = down if models is None else {"data": listed or []}

    overview = await tools("sync_overview")

    (row,) = overview["items"]
    assert (row["state"], row.get("detail")) == ("broken" if detail else "ok", detail)
    assert row["last_success"]
    assert row.get("next_step", {}).get("tool") == remedy
    assert "next_steps" not in overview


async def test_broken_comes_before_failing_unless_the_sync_is_switched_off(
    tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    gone = {"target_connection_id": "gone"}
    hold_syncs(
        (sync("off", active=False, **gone), []),
        (sync("broken", **gone), [run("04T02:00", "failed")]),
        (sync("failing"), [run("04T02:00", "failed")]),
        (sync("by hand", active=False, schedule=None, **gone), []),
        (sync("unreadable", **gone), []),
    )
    api["GET /api/syncs/id-unreadable/executions"] = httpx.Response(403, json={"message": "no right"})

    rows = (await tools("sync_overview"))["items"]

    assert [(row["name"], row["state"]) for row in rows] == [
        ("broken", "broken"),
        ("by hand", "broken"),
        ("unreadable", "broken"),
        ("failing", "failing"),
        ("off", "inactive"),
    ]


@pytest.mark.parametrize(("ill", "role"), [("source", "source"), ("destination", "destination")])
async def test_a_bulk_sync_with_an_unhealthy_connection_is_broken(
    ill: str, role: str, tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    hold_syncs()
    ends = {"source_connection_id": "db", "destination_connection_id": "db"} | {f"{ill}_connection_id": "crm"}
    api["GET /api/bulk/syncs"] = {"data": [sync("B", **ends)]}
    api["GET /api/connections"] = {"data": [CRM | ILL, DB]}
    api[BULK_EXECUTIONS.format("id-B")] = {"data": [run("04T02:00")]}

    overview = await tools("sync_overview")

    (row,) = overview["items"]
    assert (row["state"], row["detail"]) == (
        "broken",
        f"The {role} connection 'CRM' is not healthy: key expired",
    )
    assert row["next_step"]["tool"] == "test_connection"
    assert row["next_step"]["arguments"] == {"connection_id": "crm"}


async def test_a_run_that_rejected_every_row_is_not_a_success(tools: Tools, hold_syncs: Any) -> None:
    hold_syncs((sync("A"), [run("04T02:00", counts=REFUSED), run("03T02:00")]))

    (row,) = (await tools("sync_overview"))["items"]

    assert (row["detail"], row["last_success"]) == (
        "all 3000 rows were rejected",
        "2026-03-03T02:00:01Z",
    )


async def test_a_run_without_rows_does_not_hide_earlier_rejected_rows(tools: Tools, hold_syncs: Any) -> None:
    refusing = run("04T02:00", counts=GOOD | {"error": 2})
    hold_syncs(
        (sync("A"), [run("04T03:00", counts=EMPTY), refusing]),
        (sync("B"), [run("04T03:00", counts=EMPTY), refusing | {"started_at": None}]),
    )

    a, b = (await tools("sync_overview"))["items"]

    assert a["detail"] == "rejected rows: 2, in the run of 2026-03-04 02:00 UTC; later runs had no rows"
    assert b["detail"] == "rejected rows: 2"


async def test_a_canceled_run_of_either_kind_says_how_many_rows_were_written(
    tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    hold_syncs((sync("A"), [run("04T03:00", "canceled")]))
    api["GET /api/bulk/syncs"] = {"data": [sync("B")]}
    canceled = run("04T03:00", "canceled", counts=None, record_count=7)
    api[BULK_EXECUTIONS.format("id-B")] = {"data": [canceled]}

    rows = (await tools("sync_overview"))["items"]

    assert [(row["state"], row["detail"]) for row in rows] == [
        ("canceled", "the last run was canceled; rows written before that: 5"),
        ("canceled", "the last run was canceled; rows written before that: 7"),
    ]


@pytest.mark.parametrize(
    ("query", "names"),
    [("BF", ["BFF"]), ("a1bf", ["Other"]), ("a1b", []), ("_SYNC", []), ("ok", ["BFF", "Other"]), ("00", [])],
)
async def test_an_id_matches_only_as_a_whole(
    query: str, names: list[str], tools: Tools, hold_syncs: Any
) -> None:
    hold_syncs((sync("BFF"), [run("04T02:00")]), (sync("Other", id="a1bf"), [run("04T02:00")]))

    overview = await tools("sync_overview", query=query)

    assert [row["name"] for row in overview["items"]] == names


async def test_a_row_gives_the_reason_the_last_success_and_the_schedule(
    tools: Tools, hold_syncs: Any
) -> None:
    hold_syncs((sync("A"), [run("04T02:00", "failed", errors=["no such table"]), run("03T02:00")]))

    overview = await tools("sync_overview")

    assert overview["items"] == [
        {
            "id": "id-A",
            "name": "A",
            "kind": "sync",
            "state": "failing",
            "detail": "no such table",
            "last_success": "2026-03-03T02:00:01Z",
            "age": "34 h",
            "schedule": "daily 02:00 UTC",
            "next_run": "2026-03-05T02:00:00Z",
        }
    ]
    assert overview["next_steps"] == [
        {"tool": "diagnose_sync", "arguments": {"sync_id": "id-A"}, "reason": "A: failing"}
    ]


async def test_details_say_how_long_and_how_much(tools: Tools, hold_syncs: Any) -> None:
    hold_syncs(
        (sync("late"), [run("03T02:00")]),
        (sync("no rows"), [run("04T02:00", counts=EMPTY), run("03T02:00")]),
        (sync("running"), [run("04T11:59", "running")]),
        (sync("stuck"), [run("04T05:00", "running"), run("03T02:00")]),
        (sync("stuck for days"), [run("01T05:00", "running")]),
    )

    rows = (await tools("sync_overview"))["items"]

    assert {row["name"]: row["detail"] for row in rows} == {
        "late": "was due 10 h ago",
        "no rows": "moved no rows; earlier runs moved up to 5",
        "running": "for 60 s",
        "stuck": "running for 7 h, usually 1 s",
        "stuck for days": "running for 3 d",
    }


async def test_the_worst_come_first_and_the_counts_cover_all_syncs(tools: Tools, hold_syncs: Any) -> None:
    hold_syncs(
        (sync("well"), [run("04T02:00")]),
        (sync("late"), []),
        (sync("b failing"), [run("04T02:00", "failed")]),
        (sync("a failing"), [run("04T02:00", "failed")]),
    )

    first = await tools("sync_overview", limit=3)
    second = await tools("sync_overview", limit=3, page_token=first["next_page_token"])
    failing = await tools("sync_overview", state="failing", query="B FAIL")

    assert [row["name"] for row in first["items"]] == ["a failing", "b failing", "late"]
    assert [row["name"] for row in second["items"]] == ["well"]
    assert [row["name"] for row in failing["items"]] == ["b failing"]
    counts = {"failing": 2, "late": 1, "ok": 1}
    assert first["states"] == second["states"] == failing["states"] == counts
    assert [step["arguments"]["sync_id"] for step in first["next_steps"]] == [
        "id-a failing",
        "id-b failing",
    ]
    assert first["items"][2]["next_step"]["arguments"] == {"sync_id": "id-late"}


async def test_bulk_syncs_are_in_the_same_table(tools: Tools, api: ScriptedApi, hold_syncs: Any) -> None:
    hold_syncs()
    schedules = {
        "default_schedule": DAILY,
        "additional_schedules": [{"frequency": "hourly", "minute": "30"}],
    }
    bulk = {"id": "b1", "name": "Copy", "active": True, **schedules}
    api["GET /api/bulk/syncs"] = {"data": [bulk, bulk | {"id": "b2", "additional_schedules": []}]}
    done = {"id": "r", "status": "completed", "started_at": "2026-03-04T02:00:00Z", "record_count": 4}
    api[BULK_EXECUTIONS.format("b1")] = {"data": [done]}
    errors = {"status": "errors", "completed_at": "2026-03-04T02:01:00Z"}
    api[BULK_EXECUTIONS.format("b2")] = {"data": [done | errors]}

    rows = (await tools("sync_overview"))["items"]

    assert [(row["id"], row["kind"], row["state"], row["detail"]) for row in rows] == [
        ("b1", "bulk_sync", "late", "was due 30 min ago"),
        ("b2", "bulk_sync", "row_errors", "rejected rows: some"),
    ]
    assert rows[0]["schedule"] == "daily 02:00 UTC; hourly :30"


async def test_a_test_run_is_not_a_success(tools: Tools, api: ScriptedApi, hold_syncs: Any) -> None:
    hold_syncs((sync("A"), [run("04T02:30", type="test"), run("04T02:00")]))
    api["GET /api/bulk/syncs"] = {"data": [sync("B")]}
    runs = [run("04T02:30", is_test=True, type="manual"), run("04T02:00")]
    api[BULK_EXECUTIONS.format("id-B")] = {"data": runs}

    rows = (await tools("sync_overview"))["items"]

    assert [row["last_success"] for row in rows] == ["2026-03-04T02:00:01Z"] * 2


async def test_several_schedules_of_a_bulk_sync_of_2024_02_08_are_read(
    tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    hold_syncs()
    several = [
        {"item": "none", "schedule": DAILY},
        {"item": "nonincrementalFields", "schedule": {"frequency": "weekly", "day_of_week": "sunday"}},
    ]
    multi = {"frequency": "multi", "multi": {"schedules": several}}
    api["GET /api/bulk/syncs"] = {"data": [sync("B", schedule=multi)]}
    api[BULK_EXECUTIONS.format("id-B")] = {"data": [run("02T02:00")]}

    (row,) = (await tools("sync_overview"))["items"]

    assert (row["state"], row["detail"]) == ("late", "was due 10 h ago")
    assert row["schedule"] == "daily 02:00 UTC; weekly sunday 00:00 UTC"


async def test_an_unhealthy_bulk_sync_suggests_its_latest_run(
    tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    hold_syncs((sync("z"), [run("04T02:00", "failed")]))
    api["GET /api/bulk/syncs"] = {"data": [sync("a")]}
    api[BULK_EXECUTIONS.format("id-a")] = {"data": [run("04T02:00", "failed")]}

    steps = (await tools("sync_overview"))["next_steps"]

    assert [(step["tool"], step["arguments"], step["reason"]) for step in steps] == [
        ("get_bulk_sync_execution", {"bulk_sync_id": "id-a", "log": True}, "a: failing"),
        ("diagnose_sync", {"sync_id": "id-z"}, "z: failing"),
    ]


@pytest.fixture
def many(hold_syncs: Any) -> list[dict[str, Any]]:
    """Serve 200 syncs, two thirds of them failing."""
    syncs = [sync(f"Sync: {number:03}") for number in range(200)]
    runs = ([run("04T02:00")], [], [run("04T02:00", "failed")])
    hold_syncs(*[(each, runs[number % 3]) for number, each in enumerate(syncs)])
    return syncs


async def page_through(tools: Tools, between: Any = lambda: None) -> list[str]:
    names: list[str] = []
    token: dict[str, str] = {}
    for _ in range(9):
        page = await tools("sync_overview", limit=80, **token)
        names += [row["name"] for row in page["items"]]
        if "next_page_token" not in page:
            break
        assert page["states"] == {"failing": 66, "late": 67, "ok": 67}
        token = {"page_token": page["next_page_token"]}
        between()
    return names


async def test_all_pages_of_an_overview_read_the_api_once(tools: Tools, api: ScriptedApi, many: Any) -> None:
    names = await page_through(tools)

    assert sorted(names) == [each["name"] for each in many]
    tried = {f"/api/syncs/{each['id']}" for each in many}  # to diagnose it
    assert len([each for each in api.requests if each.url.path not in tried]) == 4 + 200


async def test_changes_between_pages_neither_repeat_nor_lose_a_row(
    tools: Tools, api: ScriptedApi, clock: Clock, many: Any
) -> None:
    def change() -> None:
        clock.time += 59
        for each in many:
            api[f"GET /api/syncs/{each['id']}/executions"] = {"data": []}

    names = await page_through(tools, change)

    assert sorted(names) == [each["name"] for each in many]


async def test_a_later_page_reads_again_and_continues_after_the_last_row(
    tools: Tools, api: ScriptedApi, clock: Clock, many: Any
) -> None:
    def wait() -> None:
        clock.time += 61

    names = await page_through(tools, wait)

    assert sorted(names) == [each["name"] for each in many]
    assert len(api.requests) > 4 + 200


async def test_a_first_page_is_never_cached(tools: Tools, hold_syncs: Any) -> None:
    hold_syncs((sync("A"), [run("04T02:00", "failed")]))
    await tools("sync_overview")
    hold_syncs((sync("A"), [run("04T02:00")]))

    assert (await tools("sync_overview"))["states"] == {"ok": 1}


@pytest.mark.parametrize("token", ["3:", '["ok", "id"]', '["well", "name", "id"]', "3"])
async def test_the_page_token_of_another_list_is_refused(token: str, tools: Tools) -> None:
    assert "sync_overview: Invalid page_token." in await tools.refused("sync_overview", page_token=token)


async def test_what_cannot_be_read_is_named_and_the_rest_is_returned(
    tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    hold_syncs((sync("A"), [run("04T02:00")]), (sync("B"), []), (sync("C"), []))
    api["GET /api/bulk/syncs"] = httpx.Response(501, json={"message": "not here"})
    for name in "BC":
        api[f"GET /api/syncs/id-{name}/executions"] = httpx.Response(403, json={"message": "no right"})

    overview = await tools("sync_overview")

    assert overview["states"] == {"unknown": 2, "ok": 1}
    assert [(each["source"], each.get("count")) for each in overview["unavailable"]] == [
        ("bulk syncs", None),
        ("runs of syncs", 2),
    ]
    assert "no right" in overview["unavailable"][1]["reason"]


async def test_an_overview_is_refused_if_nothing_could_be_listed(tools: Tools, api: ScriptedApi) -> None:
    for kind in ("syncs", "bulk/syncs"):
        api[f"GET /api/{kind}"] = httpx.Response(403, json={"message": "no right"})

    text = await tools.refused("sync_overview")

    assert "Neither syncs nor bulk syncs could be listed" in text
    assert "no right" in text


async def test_an_empty_organization_is_an_empty_table(tools: Tools, hold_syncs: Any) -> None:
    hold_syncs()

    overview = await tools("sync_overview")

    assert (overview["items"], overview["states"]) == ([], {})


@pytest.mark.slow
async def test_two_thousand_syncs_give_one_limited_result_with_progress(
    tools: Tools, api: ScriptedApi, hold_syncs: Any
) -> None:
    hold_syncs(*[(sync(f"Sync {number:04}"), [run("04T02:00")]) for number in range(2_000)])
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress)

    _, overview = await tools.try_("sync_overview", {}, progress_callback=note)

    assert overview["states"] == {"ok": 2_000}
    assert len(overview["items"]) == 25
    assert seen[0] == (0.0, 2_000.0, "syncs checked")
    assert seen[-1] == (2_000.0, 2_000.0, "syncs checked")
    assert len(seen) == 41
    assert len(api.requests) == 2_004


async def test_syncs_of_both_kinds_are_distinguished_on_the_sandbox(open_sandbox: Connect) -> None:
    account = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}
    async with open_sandbox() as tools:
        await tools("create_connection", name="Snowflake", type="snowflake", configuration=account)
        await tools(
            "create_model",
            name="Contacts",
            connection_id="Snowflake",
            configuration={"query": "SELECT contact_id FROM salesforce_contacts"},
        )
        for name in ("Never run", "Run"):
            await tools(
                "create_sync",
                name=name,
                mode="append",
                fields=[{"source": {"model_id": "Contacts", "field": "contact_id"}, "target": "contact_id"}],
                target={"connection_id": "Snowflake", "object": "public.salesforce_contacts"},
            )
        await tools("start_sync", sync_id="Run")
        overview = await tools("sync_overview")

    assert [(row["name"], row["state"]) for row in overview["items"]] == [
        ("Never run", "never_run"),
        ("Run", "ok"),
    ]
    assert overview["items"][1]["last_success"]
    assert "unavailable" not in overview
