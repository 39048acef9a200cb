"""Deletions: the effects are computed, a person is asked, and only a confirmation deletes."""

import json
from typing import Any

import httpx
import pytest
from mcp.types import ElicitResult

from tests.tools.conftest import Connect, ScriptedApi, Tools

MODES = ["auto", "legacy"]
YES = ElicitResult(action="accept", content={"delete": True})
NO = [
    ElicitResult(action="accept", content={"delete": False}),
    ElicitResult(action="accept", content={}),
    ElicitResult(action="decline"),
    ElicitResult(action="cancel"),
]
KINDS = {
    "connection": ("Warehouse", "WAREHOUSE", "connections"),
    "model": ("Plans", "MODEL", "models"),
    "sync": ("Plans to Gong", "SYNC", "syncs"),
}


class Person:
    """Gives every question the same answer, and records the questions."""

    def __init__(self, answer: ElicitResult) -> None:
        self.answer = answer
        self.questions: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        del context
        assert params.requested_schema["properties"]["delete"]["type"] == "boolean"
        self.questions.append(params.message)
        return self.answer


@pytest.fixture
def doomed(company: ScriptedApi) -> Any:
    """The company with bulk syncs, and deletions that succeed."""
    company["GET /api/bulk/syncs"] = {"data": []}
    for _, id_, path in KINDS.values():
        company[f"DELETE /api/{path}/{getattr(company, id_)}"] = httpx.Response(204)
    return company


def arguments(kind: str, **more: Any) -> dict[str, Any]:
    force = {"force": True} if kind == "connection" else {}
    return {f"{kind}_id": KINDS[kind][0], **force, **more}


async def test_what_was_added_after_the_question_is_not_deleted(connect: Connect, doomed: Any) -> None:
    async def yes_at_last(context: Any, params: Any) -> ElicitResult:
        del context, params
        late = {"id": doomed.EXECUTION, "name": "Late", "connection_id": doomed.WAREHOUSE}
        doomed.holds("models", *doomed.answers["GET /api/models"]["data"], late)
        return YES

    async with connect(mode="legacy", elicitation_callback=yes_at_last) as tools:
        text = await tools.refused("delete_connection", connection_id="Warehouse", force=True)

    assert "has changed since the question. Nothing was deleted" in text
    assert doomed.written() == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("content", [None, {"delete": "perhaps"}])
async def test_an_answer_that_does_not_match_the_form_confirms_nothing(
    mode: str, content: Any, connect: Connect, doomed: Any
) -> None:
    person = Person(ElicitResult(action="accept", content=content))

    async with connect(mode=mode, elicitation_callback=person) as tools:
        text = await tools.refused("delete_sync", sync_id="Plans to Gong")

    assert text.startswith("The answer does not match the form")
    assert doomed.written() == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
async def test_a_confirmation_deletes(mode: str, kind: str, connect: Connect, doomed: Any) -> None:
    name, id_, path = KINDS[kind]
    person = Person(YES)

    async with connect(mode=mode, elicitation_callback=person) as tools:
        deleted = await tools(f"delete_{kind}", **arguments(kind))

    assert deleted["deleted"] is True
    assert (deleted["id"], deleted["name"]) == (getattr(doomed, id_), name)
    assert doomed.written() == [f"DELETE /api/{path}/{getattr(doomed, id_)}"]
    (question,) = person.questions
    assert question.startswith(f"Delete the {kind} '{name}' ({getattr(doomed, id_)})?")


@pytest.mark.parametrize("answer", NO, ids=["no", "nothing", "declined", "canceled"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
async def test_anything_but_a_confirmation_deletes_nothing(
    mode: str, kind: str, answer: ElicitResult, connect: Connect, doomed: Any
) -> None:
    async with connect(mode=mode, elicitation_callback=Person(answer)) as tools:
        text = await tools.refused(f"delete_{kind}", **arguments(kind, confirm_name=KINDS[kind][0]))

    assert "Not confirmed; nothing was deleted." in text
    assert doomed.written() == []


@pytest.mark.parametrize("confirmed", [None, "", "plans", "WAREHOUSE", "Plans to Gong "])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
async def test_without_a_person_to_ask_the_exact_name_is_required(
    mode: str, kind: str, confirmed: str | None, connect: Connect, doomed: Any
) -> None:
    named = {} if confirmed is None else {"confirm_name": confirmed}

    async with connect(mode=mode) as tools:
        text = await tools.refused(f"delete_{kind}", **arguments(kind, **named))
        assert doomed.written() == []
        deleted = await tools(f"delete_{kind}", **arguments(kind, confirm_name=KINDS[kind][0]))

    assert f"Delete the {kind} '{KINDS[kind][0]}'" in text
    assert "confirm_name set to the exact name. Nothing was deleted." in text
    assert (f"The confirm_name {confirmed!r} does not match it." in text) is (confirmed not in (None, ""))
    assert "next_steps" not in text
    assert deleted["deleted"] is True


@pytest.mark.parametrize("mode", MODES)
async def test_no_one_is_asked_about_a_connection_that_requires_force(
    mode: str, connect: Connect, doomed: Any
) -> None:
    person = Person(YES)

    async with connect(mode=mode, elicitation_callback=person) as tools:
        text = await tools.refused("delete_connection", connection_id="Warehouse")

    assert text.startswith("The connection 'Warehouse' was not deleted.\n1 model and 1 sync use it")
    (step,) = json.loads(text.splitlines()[-1])["next_steps"]
    assert step["tool"] == "delete_connection"
    assert step["arguments"] == {"connection_id": doomed.WAREHOUSE, "force": True}
    assert person.questions == []
    assert doomed.written() == []


async def test_long_names_are_cut_in_what_a_person_is_asked(connect: Connect, doomed: Any) -> None:
    name = "n" * 5_000
    doomed.holds("connections", {"id": doomed.WAREHOUSE, "name": name})
    doomed.holds("models", {"id": doomed.MODEL, "name": name, "connection_id": doomed.WAREHOUSE})
    person = Person(NO[0])

    async with connect(elicitation_callback=person) as tools:
        text = await tools.refused("delete_connection", connection_id=doomed.WAREHOUSE, force=True)

    assert len(text) < 200
    assert all(len(line) < 200 for line in person.questions[0].splitlines())


async def test_a_person_is_told_what_uses_a_connection(tools: Tools, doomed: Any) -> None:
    bulk = {"id": "b1", "name": "Nightly", "source_connection_id": doomed.WAREHOUSE}
    doomed["GET /api/bulk/syncs"] = {"data": [bulk, {"id": "b2", "name": "Other"}]}

    without = await tools.refused("delete_connection", connection_id="Warehouse")
    forced = await tools.refused("delete_connection", connection_id="Warehouse", force=True)

    sync = "- sync 'Plans to Gong' into my-gong-engage-flow (active, manual)"
    uses = f"- model 'Plans'\n{sync}\n- bulk sync 'Nightly'\n"
    counted = "1 model, 1 sync and 1 bulk sync"
    reason = "Polytomic will refuse unless force is set, which deletes what uses it too"
    assert f"{counted} use it, so {reason}:\n{uses}" in without
    assert f"{counted} are deleted with it:\n{uses}" in forced


async def test_a_forced_deletion_says_so_to_the_api_and_names_what_went(tools: Tools, doomed: Any) -> None:
    doomed[f"DELETE /api/connections/{doomed.GONG}"] = httpx.Response(204)

    deleted = await tools("delete_connection", connection_id="Gong", force=True, confirm_name="Gong")

    assert deleted["affected"] == [{"id": doomed.SYNC, "name": "Plans to Gong", "kind": "sync"}]
    assert str(doomed.requests[-1].url.query, "ascii") == "force=true"


@pytest.mark.parametrize("force", [True, False])
async def test_a_connection_that_nothing_uses_is_said_to_be_free(
    *, force: bool, tools: Tools, doomed: Any
) -> None:
    for kind in ("models", "syncs"):
        doomed.holds(kind)

    text = await tools.refused("delete_connection", connection_id="Gong", force=force)

    assert "No model or sync uses it." in text


async def test_a_person_is_told_which_syncs_break_without_a_model(tools: Tools, doomed: Any) -> None:
    joining = {"id": "m2", "name": "Joined", "relations": [{"to": {"model_id": doomed.MODEL}}]}
    plans = doomed.answers["GET /api/models"]["data"]
    doomed["GET /api/models"] = {"data": [*plans, joining]}

    text = await tools.refused("delete_model", model_id="Plans")

    assert (
        "1 model and 1 sync stop working without it:\n- model 'Joined'\n- sync 'Plans to Gong' into" in text
    )


async def test_a_model_that_no_sync_reads_is_said_to_be_free(tools: Tools, doomed: Any) -> None:
    doomed.holds("syncs")

    assert "No sync uses it." in await tools.refused("delete_model", model_id="Plans")


async def test_a_long_list_of_dependants_is_cut(tools: Tools, doomed: Any) -> None:
    plans = doomed.answers["GET /api/models"]["data"]
    more = [{"id": f"m{n}", "name": f"M{n}", "connection_id": doomed.WAREHOUSE} for n in range(12)]
    doomed["GET /api/models"] = {"data": [*plans, *more]}

    text = await tools.refused("delete_connection", connection_id="Warehouse")

    assert "- model 'M8'\n- and 4 more" in text


async def test_bulk_syncs_that_cannot_be_listed_are_noted(tools: Tools, doomed: Any) -> None:
    doomed["GET /api/bulk/syncs"] = httpx.Response(501, json={"message": "not here"})
    note = "Bulk syncs could not be listed; those that use it are not shown here."

    text = await tools.refused("delete_connection", connection_id="Warehouse")
    deleted = await tools(
        "delete_connection", connection_id="Warehouse", confirm_name="Warehouse", force=True
    )

    assert note in text
    assert deleted["note"] == note


async def test_a_sync_that_vanishes_while_it_is_looked_at_is_left_out(tools: Tools, doomed: Any) -> None:
    doomed[f"GET /api/syncs/{doomed.SYNC}"] = httpx.Response(404)

    assert "- sync" not in await tools.refused("delete_connection", connection_id="Gong")


async def test_a_sync_that_cannot_be_looked_at_stops_the_deletion(tools: Tools, doomed: Any) -> None:
    doomed[f"GET /api/syncs/{doomed.SYNC}"] = httpx.Response(403)

    text = await tools.refused("delete_model", model_id="Plans", confirm_name="Plans")

    assert "does not have the permission" in text
    assert doomed.written() == []


@pytest.mark.parametrize("mode", MODES)
async def test_what_the_api_refuses_to_delete_is_told_in_its_words(
    mode: str, connect: Connect, doomed: Any
) -> None:
    path = f"DELETE /api/connections/{doomed.WAREHOUSE}"
    doomed[path] = httpx.Response(422, json={"message": "connection in use"})

    async with connect(mode=mode, elicitation_callback=Person(YES)) as tools:
        text = await tools.refused("delete_connection", connection_id="Warehouse", force=True)

    assert "connection in use" in text


@pytest.mark.parametrize("mode", MODES)
async def test_the_sandbox_deletes_what_a_person_agreed_to(mode: str, open_sandbox: Connect) -> None:
    snowflake = {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"}
    person = Person(YES)
    async with open_sandbox(mode=mode, elicitation_callback=person) as tools:
        await tools("create_connection", name="W", type="snowflake", configuration=snowflake)
        await tools("create_model", name="M", connection_id="W", configuration={"query": "SELECT 1 AS a"})
        deleted = await tools("delete_connection", connection_id="W", force=True)
        left = [(await tools(f"list_{kind}"))["items"] for kind in ("connections", "models")]

    assert [row["name"] for row in deleted["affected"]] == ["M"]
    assert "- model 'M'" in person.questions[0]
    assert left == [[], []]
