"""run_query: submitted once, waited for, read page by page, and never run again by accident."""

from typing import Any

import httpx
import pytest

from polytomic_mcp.client.outages import SYSTEM_IS_OUT
from tests.tools.conftest import Clock, ScriptedApi, Tools

QUERY = "55555555-0000-0000-0000-000000000001"
PATH = f"/api/queries/{QUERY}"


def serve(api: ScriptedApi, *states: dict[str, Any]) -> None:
    """Accept a query on the warehouse, and serve it in these states, of which the last one repeats."""
    left = list(states)
    api[f"POST /api/connections/{api.WAREHOUSE}/query"] = {"data": {"id": QUERY, "status": "created"}}
    api[f"GET {PATH}"] = lambda _: {"data": {"id": QUERY} | (left.pop(0) if len(left) > 1 else left[0])}


def serve_pages(
    api: ScriptedApi, *pages: list[dict[str, Any]], link: str = "https://evil.example/q?page={}"
) -> None:
    """Serve a completed query in pages named p1, p2, ...; the first has no name."""
    serve(api, {})
    fields = list(next((row for page in pages for row in page), {}))
    count = sum(map(len, pages))

    def answer(request: httpx.Request) -> Any:
        number = int(request.url.params.get("page", "p0")[1:])
        data = {"id": QUERY, "status": "done", "count": count, "fields": fields, "results": pages[number]}
        links = {"next": link.format(f"p{number + 1}")} if number + 1 < len(pages) else {}
        return {"data": data | {"expires": "2026-01-15T10:00:00Z"}, "links": links}

    api[f"GET {PATH}"] = answer


def numbers(first: int, last: int) -> list[dict[str, Any]]:
    return [{"n": number, "text": f"row {number}"} for number in range(first, last)]


async def test_a_query_is_submitted_once_waited_for_and_read(
    tools: Tools, company: ScriptedApi, clock: Clock
) -> None:
    rows = [{"a": 1, "b": None}, {"b": [2], "a": {"c": None}}]
    done = {"status": "done", "count": 2, "fields": ["b", "a"], "results": rows}
    serve(company, {"status": "created"}, {"status": "running"}, done)
    seen: list[Any] = []

    async def note(*progress: Any) -> None:
        seen.append(progress[2])

    arguments = {"connection_id": "warehouse", "query": "SELECT 1"}
    _, answer = await tools.try_("run_query", arguments, progress_callback=note)

    assert answer == {
        "query_id": QUERY,
        "status": "done",
        "count": 2,
        "fields": ["b", "a"],
        "rows": [[None, 1], [[2], {"c": None}]],
    }
    assert seen == ["query created", "query running"]
    assert all(pause >= 1 for pause in clock.pauses)
    assert company.bodies(f"POST /api/connections/{company.WAREHOUSE}/query") == [{"query": "SELECT 1"}]


async def test_fields_that_the_api_does_not_list_come_from_the_rows(
    tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "done", "results": [{"a": 1}, {"b": 2}]})

    answer = await tools("run_query", connection_id="Warehouse", query="SELECT 1")

    assert (answer["fields"], answer["rows"]) == (["a", "b"], [[1, None], [None, 2]])


async def test_a_result_without_rows_says_so(tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, [])

    answer = await tools("run_query", connection_id="Warehouse", query="SELECT 1")

    assert (answer["count"], answer["rows"], "next_page_token" in answer) == (0, [], False)


async def test_only_as_many_pages_are_read_as_needed(tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, numbers(0, 4), numbers(4, 8), [], numbers(8, 10))

    first = await tools("run_query", connection_id="Warehouse", query="SELECT 1", limit=6)
    second = await tools("run_query", page_token=first["next_page_token"])

    assert [row[0] for row in first["rows"] + second["rows"]] == list(range(10))
    assert "next_page_token" not in second
    assert len(company.written()) == 1
    assert {request.url.host for request in company.requests} == {"app.polytomic.com"}


async def test_a_limit_at_the_end_of_a_page_reads_no_further_page(tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, numbers(0, 4), numbers(4, 5))

    first = await tools("run_query", connection_id="Warehouse", query="SELECT 1", limit=4)

    assert len(company.asked(f"GET {PATH}")) == 1
    assert (await tools("run_query", page_token=first["next_page_token"]))["rows"] == [[4, "row 4"]]


@pytest.mark.parametrize(
    "link", ["/api/queries/x?page={}", "?page={}", "https://app.polytomic.com/x?a=1&page={}"]
)
async def test_links_of_any_form_are_followed(link: str, tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, numbers(0, 1), numbers(1, 2), link=link)

    answer = await tools("run_query", query_id=QUERY)

    assert [row[0] for row in answer["rows"]] == [0, 1]


@pytest.mark.parametrize("link", ["/api/queries/x?next={}", "http://[/?page={}"])
async def test_a_link_without_a_page_token_is_an_unexpected_answer(
    link: str, tools: Tools, company: ScriptedApi
) -> None:
    serve_pages(company, numbers(0, 1), numbers(1, 2), link=link)

    assert "without a page token" in await tools.refused("run_query", query_id=QUERY)


async def test_a_circular_link_ends_the_reading(tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, numbers(0, 1), numbers(1, 2), numbers(2, 3), link="?page=p1")

    answer = await tools("run_query", query_id=QUERY)

    assert [row[0] for row in answer["rows"]] == [0, 1]
    assert "next_page_token" not in answer


async def test_rows_that_do_not_fit_come_with_the_next_call(tools: Tools, company: ScriptedApi) -> None:
    wide = [{"n": number, "text": f"some words of row {number} " * 40} for number in range(60)]
    serve_pages(company, wide[:30], wide[30:])

    calls: list[Any] = [await tools("run_query", connection_id="Warehouse", query="SELECT 1")]
    while token := calls[-1].get("next_page_token"):
        calls.append(await tools("run_query", page_token=token))

    assert [row[0] for call in calls for row in call["rows"]] == list(range(60))
    assert len(calls) > 2
    assert not any("truncated" in call for call in calls)
    assert len(company.written()) == 1


async def test_a_row_that_is_too_long_by_itself_is_truncated_and_says_how_to_read_the_rest(
    tools: Tools, company: ScriptedApi
) -> None:
    long = "some words " * 9_000
    serve_pages(company, numbers(0, 1), [{"n": 1, "text": long}, {"n": 2, "text": "short"}])

    first = await tools("run_query", query_id=QUERY)
    second = await tools("run_query", page_token=first["next_page_token"])
    third = await tools("run_query", page_token=second["next_page_token"])

    ((number, text),) = second["rows"]
    (cut,) = second["truncated"]
    assert (first["rows"], number, third["rows"]) == ([[0, "row 0"]], 1, [[2, "short"]])
    assert long.startswith(text)
    assert (cut["pointer"], cut["shown"], cut["total"]) == ("/rows/0", len(text), len(long))
    assert cut["rest"]["arguments"] == {
        "operation": "GET /api/queries/{id}",
        "arguments": {"id": QUERY, "page": "p1"},
        "pointer": "/data/results/0/text",
        "offset": len(text),
    }


async def test_a_longer_query_keeps_running_and_is_waited_for_by_its_id(
    tools: Tools, company: ScriptedApi, clock: Clock
) -> None:
    serve(company, {"status": "running"})

    answer = await tools("run_query", connection_id="Warehouse", query="SELECT 1", wait_seconds=7)
    serve_pages(company, numbers(0, 1))
    (step,) = answer["next_steps"]
    done = await tools(step["tool"], **step["arguments"])

    assert (answer["query_id"], answer["status"]) == (QUERY, "running")
    assert clock.time == pytest.approx(7)
    assert done["rows"] == [[0, "row 0"]]
    assert len(company.written()) == 1


async def test_a_page_token_takes_precedence_over_a_query(tools: Tools, company: ScriptedApi) -> None:
    serve_pages(company, numbers(0, 3))
    again = {"connection_id": "Warehouse", "query": "SELECT 1", "limit": 2}

    first = await tools("run_query", **again)
    second = await tools("run_query", page_token=first["next_page_token"], query_id=QUERY, **again)

    assert second["rows"] == [[2, "row 2"]]
    assert len(company.written()) == 1


async def test_a_failed_query_says_why_and_how_to_find_the_tables(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "failed", "error": "Table x does not exist"})

    text = await tools.refused("run_query", connection_id="Warehouse", query="SELECT * FROM x")
    later = await tools.refused("run_query", query_id=QUERY)

    assert text.startswith("The query failed: Table x does not exist. Correct it and run it again.\n")
    assert company.WAREHOUSE in text
    assert '"list_source_schemas"' in text
    assert later == "The query failed: Table x does not exist. Correct it and run it again."


@pytest.mark.parametrize(
    ("error", "shown"), [(None, "no reason given."), ("did you mean y?", "did you mean y?"), ("No.", "No.")]
)
async def test_the_reason_for_a_failed_query_is_a_sentence(
    error: Any, shown: str, tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "failed", "error": error})

    text = await tools.refused("run_query", query_id=QUERY)

    assert text == f"The query failed: {shown} Correct it and run it again."


async def test_a_query_that_failed_because_its_system_is_out_is_not_to_be_corrected(
    tools: Tools, company: ScriptedApi
) -> None:
    serve(company, {"status": "failed", "error": "Snowflake could not be reached"})

    text = await tools.refused("run_query", query_id=QUERY)

    assert text == f"The query failed: Snowflake could not be reached. {SYSTEM_IS_OUT}"


async def test_expired_rows_require_running_the_query_again(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {"status": "unknown"})

    assert "Run it again with connection_id and query" in await tools.refused("run_query", query_id=QUERY)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"connection_id": "Warehouse"}, {"query": "SELECT 1"}, {"limit": 3}],
)
async def test_a_query_or_something_to_read_is_required(
    arguments: Any, tools: Tools, company: ScriptedApi
) -> None:
    text = await tools.refused("run_query", **arguments)

    assert text == "run_query: Send connection_id and query, or query_id, or page_token."
    assert company.requests == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"page_token": "5:"},
        {"page_token": f"{QUERY}:x:"},
        {"page_token": f"{QUERY}:1:", "query_id": "another"},
    ],
)
async def test_a_page_token_of_another_query_is_refused(
    arguments: Any, tools: Tools, company: ScriptedApi
) -> None:
    assert "page_token was not returned by run_query" in await tools.refused("run_query", **arguments)
    assert company.requests == []


async def test_a_query_without_an_id_is_an_unexpected_answer(tools: Tools, company: ScriptedApi) -> None:
    company[f"POST /api/connections/{company.WAREHOUSE}/query"] = {"data": {"status": "created"}}

    text = await tools.refused("run_query", connection_id="Warehouse", query="SELECT 1")

    assert "/query answered an object without a usable id" in text
    assert "The call may have succeeded" in text


async def test_a_missing_status_is_shown_as_unreported(tools: Tools, company: ScriptedApi) -> None:
    serve(company, {})

    assert (await tools("run_query", query_id=QUERY, wait_seconds=0))["status"] == "unreported"
