"""What every answer may carry: cuts with the call that gets the rest, and next steps that are shown."""

import json
from typing import Any

import pytest
from pydantic import Field

from polytomic_mcp import Settings
from polytomic_mcp.settings import Secret
from polytomic_mcp.tools.answers.replies import answer, written
from polytomic_mcp.tools.answers.results import Answer, NextStep, Page, Refusal, Result, Source
from tests.conftest import text_of
from tests.tools.conftest import Connect, ScriptedApi, Tools

PROMISED = 6_000
SHOWN = frozenset({"get_sync", "read_operation", "start_sync"})
STEPS = [NextStep(tool=tool, arguments={"sync_id": "s"}, reason="because") for tool in ("get_sync", "gone")]


class Whole(Result):
    """A result that knows where it was read."""

    ours: list[str] | None = None
    fields: list[str] = Field(default_factory=list)

    def source(self) -> Source:
        return Source("GET /api/syncs/{id}", {"id": "s"}, {"rows": "/data/records", "fields": "/data/fields"})


class Beside(Page):
    """A page with something long beside its rows."""

    choices: list[str]


def structured(result: Answer) -> Any:
    return answer(result, SHOWN).structured_content


def test_a_step_whose_tool_is_not_shown_is_left_out() -> None:
    assert [step["tool"] for step in structured(Result(next_steps=STEPS))["next_steps"]] == ["get_sync"]
    assert "next_steps" not in structured(Result(next_steps=STEPS[1:]))


def test_at_most_three_steps_are_told() -> None:
    assert len(structured(Result(next_steps=STEPS[:1] * 5))["next_steps"]) == 3


def test_a_refusal_tells_its_remedies_as_json_on_its_last_line() -> None:
    text = written(Refusal("No such sync.", *STEPS), SHOWN)

    assert text.splitlines()[0] == "No such sync."
    assert json.loads(text.splitlines()[1]) == {"next_steps": [STEPS[0].model_dump()]}
    assert written(Refusal("No such sync.", STEPS[1]), SHOWN) == "No such sync."


def test_what_says_nothing_is_left_out_of_the_api_s_own_parts_but_not_of_the_named_ones() -> None:
    result = Result.model_validate({"a": None, "b": [], "c": {"d": {}}, "e": [None, 0, ""], "f": False})

    assert structured(result) == {"e": [None, 0, ""], "f": False}
    assert structured(Whole(fields=[])) == {"fields": []}


@pytest.mark.parametrize(
    ("name", "pointer"), [("fields", "/data/fields"), ("rows", "/data/records"), ("a/b", "/data/a~1b")]
)
def test_what_is_cut_comes_with_the_call_that_gets_the_rest(name: str, pointer: str) -> None:
    (cut,) = structured(Whole.model_validate({name: ["a long item"] * 5_000}))["truncated"]

    where = {"operation": "GET /api/syncs/{id}", "arguments": {"id": "s"}}
    rest = {**where, "pointer": pointer, "offset": cut["shown"]}
    assert cut["rest"] == {"tool": "read_operation", "arguments": rest}
    assert cut["total"] == 5_000


def test_what_is_not_the_api_s_has_no_rest_to_be_read() -> None:
    (cut,) = structured(Whole(ours=["a long item"] * 5_000))["truncated"]

    assert cut.keys() == {"pointer", "shown", "total"}


def test_rows_that_a_page_token_counts_stay_where_others_are_cut() -> None:
    rows = [{"id": f"row {number}", "name": "n"} for number in range(100)]
    page = Page.model_validate({"items": rows, "next_page_token": "100:"})
    beside = Beside(items=page.items, next_page_token="100:", choices=["a choice"] * 2_000)

    shown = structured(beside)

    assert shown["items"] == rows
    assert 0 < len(shown["choices"]) < 2_000
    assert [cut["pointer"] for cut in shown["truncated"]] == ["/choices"]


def test_one_enormous_row_is_cut_like_the_rest() -> None:
    shown = structured(Page.model_validate({"items": [{"id": "x", "name": "word " * 50_000}]}))

    assert len(shown["items"][0]["name"]) < 50_000
    assert shown["truncated"]


def test_a_refusal_is_bounded_too(tokenizer: Any) -> None:
    text = written(Refusal("名前" * 9_000, *STEPS), SHOWN)

    assert len(tokenizer.encode(text)) < PROMISED
    assert json.loads(text.splitlines()[-1])["next_steps"]


def test_where_operations_are_not_shown_a_cut_is_told_without_a_call() -> None:
    result = answer(Whole(fields=["a long item"] * 5_000), frozenset())

    assert [cut.keys() for cut in result.structured_content["truncated"]] == [{"pointer", "shown", "total"}]


def test_text_and_structure_of_a_cut_result_are_the_same_json_below_the_promise(tokenizer: Any) -> None:
    parts = {f"part {number}": ["é" * 300, {"deep": ["x" * 99] * 99}] * 40 for number in range(30)}

    result = answer(Whole.model_validate(parts), SHOWN)

    assert json.loads(text_of(result)) == result.structured_content
    assert len(tokenizer.encode(text_of(result))) < PROMISED


async def test_nothing_leads_to_a_tool_that_read_only_hides(connect: Connect, company: ScriptedApi) -> None:
    company[f"GET /api/syncs/{company.SYNC}/status"] = {"data": {}}
    settings = Settings(api_key=Secret("k"), access_mode="read-only")

    async with connect(settings=settings) as tools:
        text = await tools.refused("get_sync_execution", sync_id="Plans to Gong")

    assert text.endswith("Call start_sync to run it.")


async def test_a_refused_name_leads_to_the_list_of_names(tools: Tools, company: ScriptedApi) -> None:
    text = await tools.refused("get_sync", sync_id="Plan to Gong")

    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert (step["tool"], step["arguments"]) == ("list_syncs", {})
    assert company.SYNC in text
