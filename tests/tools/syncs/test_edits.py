"""Editing a sync: mappings are added and removed, and filters replaced, without sending all of them again."""

import json
from typing import Any

import pytest

from tests.tools.conftest import Hold, ScriptedApi, Tools

MODEL = "22222222-0000-0000-0000-000000000001"
NO_MODEL = "00000000-0000-0000-0000-000000000000"
PLAN = {"source": {"model_id": MODEL, "field": "plan"}, "target": "Note"}
ID = {"source": {"model_id": MODEL, "field": "contact_id"}, "target": "Id"}
MORE = {"source": {"model_id": MODEL, "field": "plan"}, "target": "More"}
CONSTANT = {"target": "Const", "override_value": 7}
FIELDS = [
    *({"id": name, "supports_identity": name == "Id"} for name in ("Id", "Note", "More", "Const")),
    {"id": "Other Name"},
]
OF_MODEL = {"field": {"model_id": MODEL, "field": "plan"}, "field_type": "Model", "function": "IsNull"}
OF_TARGET = {"field_id": "Note", "field_type": "Target", "function": "IsNotNull"}
CONDITION = {"source": {"model_id": MODEL, "field": "plan"}, "function": "Equality", "value": "pro"}
IN_OLD_FORM = {"field": CONDITION["source"], "field_type": "Model", "function": "Equality", "value": "pro"}


@pytest.fixture(autouse=True)
def _described(company: ScriptedApi) -> None:
    describe(company, FIELDS, mappings_not_required=True)


def describe(api: ScriptedApi, fields: list[dict[str, Any]], **properties: bool) -> None:
    """Answer the fields and properties of the flow."""
    api[f"GET /api/connections/{api.GONG}/modelsync/target/fields"] = {
        "data": {"id": api.FLOW, "name": "Winter flow", "fields": fields, "properties": properties}
    }


@pytest.mark.parametrize(
    ("edit", "fields", "constants"),
    [
        ({"add_fields": [MORE]}, [PLAN, ID, MORE], [CONSTANT]),
        ({"add_fields": [{**ID, "target": "NOTE"}]}, [ID, ID | {"target": "Note"}], [CONSTANT]),
        ({"add_fields": [{"target": "more", "override_value": None}]}, [PLAN, ID], [CONSTANT, "null"]),
        ({"add_fields": [{**MORE, "target": "const"}]}, [PLAN, ID, MORE | {"target": "Const"}], []),
        ({"add_fields": [{"target": "Note", "override_value": 1}]}, [ID], [CONSTANT, 1]),
        ({"add_fields": [{"source": "plan", "target": "More"}]}, [PLAN, ID, MORE], [CONSTANT]),
        ({"remove_fields": ["note", "CONST"]}, [ID], []),
        ({"remove_fields": ["Note"], "add_fields": [MORE]}, [ID, MORE], [CONSTANT]),
        ({"add_fields": json.dumps([MORE])}, [PLAN, ID, MORE], [CONSTANT]),
    ],
)
async def test_only_the_edited_mappings_change(
    edit: Any, fields: Any, constants: Any, tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID], override_fields=[CONSTANT], identity=ID | {"function": "Equality"})

    await tools("update_sync", sync_id=company.SYNC, **edit)

    added = {"null": {"target": "More", "override_value": None}, 1: {"target": "Note", "override_value": 1}}
    sent = company.sent_sync()
    assert sent["fields"] == fields
    assert sent["override_fields"] == [each if isinstance(each, dict) else added[each] for each in constants]


async def test_the_answer_and_the_dry_run_say_what_was_removed_and_added(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID], override_fields=[CONSTANT])
    edit = {"sync_id": company.SYNC, "add_fields": [MORE], "remove_fields": ["Note", "const"], "name": "New"}

    planned = await tools("update_sync", **edit, dry_run=True)
    updated = await tools("update_sync", **edit)

    source = {"field": "plan"}
    assert planned["changed"] == updated["changed"]
    assert updated["changed"] == {
        "fields": {
            "removed": [{"source": source, "target": "Note"}],
            "added": [{"source": source, "target": "More"}],
        },
        "override_fields": {"removed": [CONSTANT]},
        "name": {"before": "Plans to Gong", "after": "New"},
    }


async def test_a_constant_among_the_fields_of_an_older_version_can_be_removed(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, CONSTANT | {"source": {"model_id": NO_MODEL, "field": ""}}])

    await tools("update_sync", sync_id=company.SYNC, remove_fields=["Const"])

    assert company.sent_sync()["fields"] == [PLAN]
    assert company.sent_sync()["override_fields"] == []


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            {"remove_fields": ["Nota"]},
            "Unknown mapped field 'Nota'. Did you mean 'Note'? Valid values: Note, Id",
        ),
        (
            {"add_fields": [MORE], "fields": [MORE]},
            "Send either add_fields, which changes what is stored, or fie",
        ),
        ({"remove_fields": ["Id"], "override_fields": []}, "Send either remove_fields"),
        ({"remove_fields": ["Id"], "clear": ["fields"]}, "or fields, which replaces it"),
        ({"set_filters": [], "model_filters": {}}, "Send either set_filters"),
        ({"set_filters": [], "filters": []}, "or filters, which replaces it"),
        ({"set_filters": [], "filter_logic": "A"}, "Conditions with a logic of their own are model_filters."),
        ({"add_fields": [PLAN], "remove_fields": ["NOTE"]}, "'NOTE' is in add_fields and in remove_fields."),
    ],
)
async def test_an_edit_that_is_not_clear_is_refused(
    edit: Any, told: str, tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID])

    text = await tools.refused("update_sync", sync_id=company.SYNC, **edit)

    assert told in text
    assert text.endswith("Nothing was changed.")
    assert company.written() == []


async def test_a_list_that_would_drop_mappings_names_them_and_the_calls_that_go_on(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID], override_fields=[CONSTANT])
    call = {"sync_id": company.SYNC, "fields": [PLAN, MORE], "override_fields": [], "name": "New"}

    text = await tools.refused("update_sync", **call, dry_run=True)

    assert "- fields and override_fields: would drop mapped fields: 'Id', 'Const'." in text
    keeping, dropping, *_ = json.loads(text.splitlines()[-1])["next_steps"]
    assert keeping["arguments"] == {
        "sync_id": company.SYNC,
        "name": "New",
        "dry_run": True,
        "add_fields": [MORE],
    }
    assert dropping["arguments"] == keeping["arguments"] | {"remove_fields": ["Id", "Const"]}
    assert company.written() == []
    planned = await tools("update_sync", **dropping["arguments"])
    assert planned["request"]["fields"] == [PLAN, MORE]


async def test_a_call_that_would_only_drop_has_one_way_on(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID])

    text = await tools.refused("update_sync", sync_id=company.SYNC, fields=[PLAN])

    step, *_ = json.loads(text.splitlines()[-1])["next_steps"]
    assert step["arguments"] == {"sync_id": company.SYNC, "remove_fields": ["Id"]}


@pytest.mark.parametrize("more", [{"encryption_passphrase": "hush"}, {"mode": "remove"}])
async def test_no_call_goes_on_that_repeats_a_secret_or_has_another_problem(
    more: dict[str, str], tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    encrypted = PLAN | {"encryption_enabled": True}
    hold(fields=[encrypted, ID])
    answer = company.answers[f"GET /api/connections/{company.GONG}/modelsync/target/fields"]
    answer["data"]["modes"] = [{"mode": "updateOrCreate"}]
    passphrase = {"encryption_passphrase": "hush"}

    text = await tools.refused("update_sync", sync_id=company.SYNC, fields=[encrypted], **passphrase | more)

    assert "would drop mapped fields: 'Id'." in text
    assert "hush" not in text
    assert '"update_sync"' not in text


async def test_a_sync_that_gets_another_target_may_lose_its_mappings(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID])
    objects = [{"id": company.FLOW, "name": "Winter flow"}, {"id": "summer", "name": "Summer flow"}]
    company[f"GET /api/connections/{company.GONG}/modelsync/targetobjects"] = {"data": objects}
    other = {"connection_id": "Gong", "object": "Summer flow"}

    await tools("update_sync", sync_id=company.SYNC, target=other, fields=[MORE])

    assert company.sent_sync()["fields"] == [MORE]


async def test_fields_of_a_webhook_are_added_and_removed_by_their_sources(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    describe(company, [{"id": "record"}], optional_target_mappings=True)
    plan, id_ = (each | {"target": "record"} for each in (PLAN, ID))

    hold(fields=[plan], identity=None)
    await tools("update_sync", sync_id=company.SYNC, add_fields=[id_])
    assert company.sent_sync()["fields"] == [plan, id_]

    hold(fields=[plan, id_], identity=None)
    await tools("update_sync", sync_id=company.SYNC, remove_fields=["plan"])
    assert company.sent_sync()["fields"] == [id_]

    hold(fields=[plan], identity=None)
    await tools("update_sync", sync_id=company.SYNC, remove_fields=["record"], add_fields=[id_])
    assert company.sent_sync()["fields"] == [id_]

    hold(fields=[plan, id_], identity=None)
    text = await tools.refused(
        "update_sync", sync_id=company.SYNC, fields=[{"source": "plan", "target": "record"}]
    )
    assert "would drop mapped fields: 'contact_id'." in text


async def test_a_target_that_cannot_be_read_is_a_problem_of_the_edit(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN])
    del company.answers[f"GET /api/connections/{company.GONG}/modelsync/target/fields"]

    text = await tools.refused("update_sync", sync_id=company.SYNC, add_fields=[MORE])

    assert "no such thing" in text
    assert company.written() == []


async def test_filters_are_replaced_in_the_newer_form_and_those_of_the_target_are_kept(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    of_target = {"conditions": [{"field": "Note", "function": "IsNull"}], "logic": ""}
    stored = {"conditions": [CONDITION | {"value": "free", "label": "x"}], "logic": "x"}
    hold(model_filters=stored, target_filters=of_target, filters=[OF_MODEL], filter_logic="A")

    updated = await tools("update_sync", sync_id=company.SYNC, set_filters=[CONDITION])

    sent = company.sent_sync()
    assert sent["model_filters"] == {"conditions": [CONDITION]}
    assert sent["target_filters"] == of_target
    assert "filters" not in sent
    condition = {"source": {"field": "plan"}, "function": "Equality"}
    assert updated["changed"] == {
        "model_filters.conditions": {
            "removed": [condition | {"value": "free", "label": "x"}],
            "added": [condition | {"value": "pro"}],
        },
        "model_filters.logic": {"before": "x", "after": None},
    }


@pytest.mark.parametrize(
    ("old", "logic", "labels", "sent"),
    [
        ([OF_MODEL], "A", "A", None),
        ([OF_MODEL, OF_TARGET], "", "AB", None),
        ([OF_MODEL, OF_TARGET, OF_TARGET], "A and (B or C)", "ABC", "A and (B or C)"),
        ([OF_TARGET | {"label": "x"}, OF_MODEL | {"label": "y"}], "y and x", "AB", "A and B"),
    ],
)
async def test_filters_are_replaced_in_the_older_form_with_the_logic_of_the_target(
    old: Any, logic: str, labels: str, sent: str | None, tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(filters=old, filter_logic=logic)

    await tools("update_sync", sync_id=company.SYNC, set_filters=[CONDITION])

    kept = [each for each in old if each["field_type"] == "Target"]
    body = company.sent_sync()
    assert body["filters"] == [
        each | {"label": label} for each, label in zip([IN_OLD_FORM, *kept], labels, strict=True)
    ]
    assert body.get("filter_logic") == sent


async def test_an_older_logic_that_cannot_be_read_is_not_guessed(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(filters=[OF_MODEL, OF_TARGET], filter_logic="A or B")

    text = await tools.refused("update_sync", sync_id=company.SYNC, set_filters=[CONDITION])

    assert "The stored filter_logic 'A or B' combines model and target conditions with 'or'." in text
    assert "Send filters and filter_logic instead of set_filters. Nothing was changed." in text


@pytest.mark.parametrize("condition", [{"source": "plan"}, {"field": "plan"}, {"source": {"field": "plan"}}])
async def test_a_condition_names_its_field_as_it_likes(
    condition: Any, tools: Tools, company: ScriptedApi
) -> None:
    await tools(
        "update_sync",
        sync_id=company.SYNC,
        set_filters=[condition | {"function": "equality", "value": "pro"}],
    )

    assert company.sent_sync()["model_filters"] == {"conditions": [CONDITION]}


async def test_the_model_of_a_sync_without_an_identity_is_known_from_what_is_stored(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(mode="create", identity=None, fields=[PLAN])

    await tools("update_sync", sync_id=company.SYNC, fields=[{"source": "contact_id", "target": "Note"}])

    assert company.sent_sync()["fields"] == [ID | {"target": "Note"}]


async def test_a_new_order_is_a_change_of_the_whole_list(
    tools: Tools, company: ScriptedApi, hold: Hold
) -> None:
    hold(fields=[PLAN, ID])

    updated = await tools("update_sync", sync_id=company.SYNC, fields=[ID, PLAN])

    targets = [
        [each["target"] for each in updated["changed"]["fields"][side]] for side in ("before", "after")
    ]
    assert targets == [["Note", "Id"], ["Id", "Note"]]
