"""What goes out to a model: integers that survive, nulls of data, and arrays of a limited depth."""

import json
from typing import Annotated, Any

import pytest

from polytomic_mcp.tools.answers.outgoing import as_data, lean, outgoing, shallow
from polytomic_mcp.tools.answers.replies import answer
from polytomic_mcp.tools.answers.results import DATA, AnyJson, Change, Result
from polytomic_mcp.tools.operations.views import Reading
from tests.conftest import text_of
from tests.tools.answers.conftest import QUERY, OddApi
from tests.tools.conftest import ScriptedApi, Tools

BIG = 2**60
WAREHOUSE = {"connection_id": "Warehouse"}


class Mixed(Result):
    """A result with a count, counts by name, data, and the API's own parts."""

    count: int | None = None
    counts: dict[str, int] | None = None
    rows: Annotated[list[list[AnyJson]] | None, DATA] = None
    before: Annotated[AnyJson, DATA] = None
    about: AnyJson = None
    changed: dict[str, Change] | None = None


@pytest.mark.parametrize("number", [2**53, -(2**53), 10**400])
def test_an_integer_that_a_double_cannot_hold_is_text_at_any_depth(number: int) -> None:
    assert as_data({"a": [[number, {"b": number}]]}) == {"a": [[str(number), {"b": str(number)}]]}


@pytest.mark.parametrize("value", [2**53 - 1, 1 - 2**53, 1.10, 1e22, 0.1 + 0.2, 1e300, True, "1.10", None])
def test_every_other_value_stays_as_it_is(value: Any) -> None:
    assert as_data([value]) == [value]
    assert type(as_data(value)) is type(value)


def test_counts_stay_numbers_and_data_keeps_its_nulls() -> None:
    result = Mixed.model_validate(
        {
            "count": BIG,
            "counts": {"total": BIG},
            "rows": [[None, BIG, {"c": None}]],
            "about": {"id": BIG, "none": None, "example": {"x": None}, "values": None},
            "changed": {"name": Change(before=None, after=[None])},
            "theirs": {"value": [{"x": None, "y": BIG}], "empty": {}, "override_value": None},
        }
    )

    assert outgoing(result, (None, {}, [])) == {
        "count": BIG,
        "counts": {"total": BIG},
        "rows": [[None, str(BIG), {"c": None}]],
        "before": None,
        "about": {"id": str(BIG), "example": {"x": None}},
        "changed": {"name": {"before": None, "after": [None]}},
        "theirs": {"value": [{"x": None, "y": str(BIG)}], "override_value": None},
    }


def test_nulls_of_the_api_s_own_objects_are_left_out_at_any_depth() -> None:
    assert lean({"a": None, "b": [{"c": None, "d": []}, None]}) == {"b": [{"d": []}, None]}


def test_an_array_in_more_than_three_arrays_is_json_text() -> None:
    assert shallow([[[1]]]) == [[[1]]]
    assert shallow([[[[1, ["a"]], 2]]]) == [[['[1,["a"]]', 2]]]
    assert shallow({"rows": [[[{"a": [[[[1]]]]}]]]}) == {"rows": [[[{"a": [[["[1]"]]]}]]]}


def test_what_was_deep_stays_the_same_in_text_and_structure() -> None:
    result = answer(Reading(operation="GET /api/me", result={"data": [[[[BIG, None]]]]}), frozenset())

    assert result.structured_content == {
        "operation": "GET /api/me",
        "result": {"data": [[[f'["{BIG}",null]']]]},
    }
    assert json.loads(text_of(result)) == result.structured_content


async def test_large_integers_and_nulls_survive_wherever_rows_go_out(
    tools: Tools, everything: OddApi
) -> None:
    big, table = str(BIG), {"schema_id": "public.orders", **WAREHOUSE}
    query = {"operation": "GET /api/queries/{id}", "arguments": {"id": QUERY}}
    records = {
        "operation": "GET /api/connections/{id}/schemas/{schema_id}/records",
        "arguments": {"id": everything.WAREHOUSE, "schema_id": "public.orders"},
    }

    assert (await tools("run_query", query="SELECT 1", **WAREHOUSE))["rows"] == [[big], [big]]
    preview = await tools("preview_model", model_id="Plans")
    assert preview["rows"] == [{"contact_id": big, "plan": None}]
    assert (await tools("get_model", model_id="Plans"))["fields"][0]["example"] == big
    assert (await tools("read_schema_records", **table))["rows"] == [[big, None]]
    log = (await tools("get_sync_execution", sync_id="Plans to Gong", log="errors"))["log"]
    assert log == [{"row": {"id": big, "plan": None}, "error": "bad plan"}]
    read = await tools("read_operation", **query)
    assert read["result"]["data"]["results"] == [{"a": big}]
    assert (await tools("read_operation", **records))["result"]["data"] == [{"id": big, "note": None}]
    cell = await tools("read_operation", pointer="/data/0/note", **records)
    assert cell["result"] is None


async def test_documents_are_read_without_nulls_but_the_rows_in_them_keep_theirs(
    tools: Tools, company: ScriptedApi
) -> None:
    done = {"error": None, "results": [{"a": None, "b": {}}]}
    company[f"GET /api/queries/{QUERY}"] = {"data": done}
    query = {"operation": "GET /api/queries/{id}", "arguments": {"id": QUERY}}

    whole = await tools("read_operation", **query)
    row = await tools("read_operation", pointer="/data/results/0", **query)

    assert whole["result"] == {"data": {"results": [{"a": None, "b": {}}]}}
    assert row["result"] == {"a": None, "b": {}}
