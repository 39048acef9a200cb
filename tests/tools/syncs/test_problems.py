"""The problems of a sync: each kind alone, and all of them in one refusal."""

import copy
from typing import Any

import httpx
import pytest

from tests.tools.conftest import ScriptedApi, Tools

FIELDS = [
    {"id": "Id", "supports_identity": True, "identity_functions": [{"id": "Equality"}], "required": True},
    {"id": "Email", "supports_identity": True},
    {"id": "LastName", "required": True, "createable": True},
    {"id": "CreatedAt", "required": True, "createable": False, "updateable": False},
    {"id": "Phone"},
]
MODES = [
    {"mode": "updateOrCreate", "requires_identity": True},
    {"mode": "update", "requires_identity": True},
    {"id": "append"},
]


@pytest.fixture
def request_(company: ScriptedApi) -> dict[str, Any]:
    """A valid sync into a target that has every kind of rule."""
    fields = {"id": company.FLOW, "name": "Contacts", "fields": FIELDS, "modes": MODES, "properties": {}}
    company[f"GET /api/connections/{company.GONG}/modelsync/target/fields"] = {"data": fields}
    source = {"model_id": "Plans", "field": "contact_id"}
    return {
        "name": "S",
        "mode": "updateOrCreate",
        "target": {"connection_id": "Gong", "object": "Winter flow"},
        "identity": {"source": dict(source), "target": "Id"},
        "fields": [{"source": {"model_id": "Plans", "field": "plan"}, "target": "LastName"}],
    }


def with_(request: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the request with the value at a dotted path; None removes it."""
    changed = copy.deepcopy(request)
    *parents, last = path.split(".")
    part: Any = changed
    for name in parents:
        part = part[int(name)] if isinstance(part, list) else part[name]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return changed


# Each problem: the path in the request, the value there (None: absent), and the expected message.
PROBLEMS: dict[str, tuple[str, Any, str]] = {
    "unknown model": (
        "identity.source.model_id",
        "Plams",
        "identity.source.model_id: Unknown model 'Plams'. Did you mean 'Plans'?",
    ),
    "field that the target fills in": (
        "fields.0.target",
        "CreatedAt",
        "fields[0].target: 'Contacts' sets 'CreatedAt' itself; leave it out.",
    ),
    "unknown source field": (
        "fields.0.source.field",
        "plann",
        "fields[0].source: the model 'Plans' has no field 'plann'. Did you mean 'plan'?",
    ),
    "source without a field": (
        "model_filters",
        {"conditions": [{"source": {"model_id": "Plans", "field": ""}, "function": "IsNull"}]},
        "model_filters.conditions[0].source: the model 'Plans' has no field ''.",
    ),
    "unknown target field": (
        "fields.0.target",
        "Lastnam",
        "fields[0].target: 'Contacts' has no field 'Lastnam'. Did you mean 'LastName'?",
    ),
    "unknown constant": (
        "override_fields",
        [{"target": "Fone", "override_value": 1}],
        "override_fields[0].target: 'Contacts' has no field 'Fone'. Did you mean 'Phone'?",
    ),
    "mode": (
        "mode",
        "updateorcreat",
        "'Contacts' does not support 'updateorcreat'. Did you mean 'updateOrCreate'? Valid values: ",
    ),
    "no identity": (
        "identity",
        None,
        "identity: mode 'updateOrCreate' requires one. Valid values: Id, Email.",
    ),
    "unknown identity": (
        "identity.target",
        "Idd",
        "identity.target: 'Contacts' has no field 'Idd'. Did you mean 'Id'?",
    ),
    "identity that is none": (
        "identity.target",
        "Phone",
        "identity.target: 'Phone' cannot be an identity. Valid values: Id, Email.",
    ),
    "function": (
        "identity.function",
        "oneof",
        "identity.function: 'Id' does not support 'OneOf'. Valid values: Equality.",
    ),
    "no mapping": ("fields", [], "fields: 'Contacts' requires at least one mapping."),
    "required": ("fields.0.target", "Phone", "fields: 'Contacts' requires 'LastName' in new records"),
    "no connection": ("target.connection_id", None, "target.connection_id is required"),
    "unknown connection": (
        "target.connection_id",
        "Gongg",
        "target.connection_id: Unknown connection 'Gongg'. Did you mean 'Gong'?",
    ),
    "unknown object": (
        "target.object",
        "Winter flaw",
        "target: No target object has the id or name 'Winter flaw'. Did you mean 'Winter flow'?",
    ),
    "another product's name of a mode": (
        "mode",
        "put",
        "mode: 'Contacts' does not support 'put'. 'put' is closest to updateOrCreate. Valid values: updateOr",
    ),
    "no object": (
        "target.object",
        None,
        "target: needs an object, one of: 'Winter flow' (my-gong-engage-flow).",
    ),
    "object and create": (
        "target.create",
        {"name": "x"},
        "target: Send object for an existing object, or create for a new",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
async def test_each_problem_is_reported_with_the_valid_values(
    problem: str, request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    path, value, told = PROBLEMS[problem]

    text = await tools.refused("create_sync", **with_(request_, path, value))

    assert text.startswith("create_sync: Nothing was written. Problems:\n- ")
    assert told in text
    assert company.written() == []


async def test_all_problems_come_in_one_refusal(request_: Any, tools: Tools, company: ScriptedApi) -> None:
    wrong = with_(request_, "mode", "replase")
    wrong = with_(wrong, "identity.source.field", "contact")
    wrong = with_(wrong, "identity.target", "Phone")
    wrong["fields"] = [{"source": {"model_id": "Nobody", "field": "x"}, "target": "Fax"}]
    wrong["override_fields"] = [{"target": "Pager", "override_value": 1}]

    lines = (await tools.refused("create_sync", **with_(wrong, "mode", "append"))).split("\n- ")[1:]

    beginnings = [
        "fields[0].source.model_id: Unknown model 'Nobody'.",
        "identity.source: the model 'Plans' has no field 'contact'.",
        "identity.target: 'Phone' cannot be an identity.",
        "fields[0].target: 'Contacts' has no field 'Fax'.",
        "override_fields[0].target: 'Contacts' has no field 'Pager'.",
        "fields: 'Contacts' requires 'Id'",
        "fields: 'Contacts' requires 'LastName'",
    ]
    assert [line.startswith(beginning) for line, beginning in zip(lines, beginnings, strict=True)] == [
        True
    ] * 7
    assert "mode: 'Contacts' does not support 'replase'" in await tools.refused("create_sync", **wrong)
    assert company.written() == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("identity", {"source": {"model_id": "Plans", "field": "plan"}, "target": "New", "new_field": True}),
        ("identity.target", "Email"),
        ("identity.function", "EQUALITY"),
    ],
)
async def test_a_valid_request_passes(path: str, value: Any, request_: Any, tools: Tools) -> None:
    constant = [{"target": "Id", "override_value": "x"}, {"target": "Made", "new": True, "override_value": 1}]

    passed = await tools(
        "create_sync", **with_(request_, path, value), override_fields=constant, dry_run=True
    )

    assert passed["dry_run"] is True


async def test_required_fields_matter_only_to_modes_that_create_records(request_: Any, tools: Tools) -> None:
    updating = with_(with_(request_, "mode", "update"), "fields.0.target", "Phone")

    assert (await tools("create_sync", **updating, dry_run=True))["dry_run"] is True


async def test_a_target_that_requires_no_mappings_accepts_none(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    path = f"GET /api/connections/{company.GONG}/modelsync/target/fields"
    company[path] = {
        "data": {
            "id": "x",
            "fields": [{"id": "Id", "supports_identity": True}],
            "properties": {"mappings_not_required": True},
        }
    }

    made = await tools("create_sync", **with_(request_, "fields", []), dry_run=True)

    assert made["request"]["fields"] == []


async def test_a_long_list_of_valid_values_is_truncated(
    request_: Any, tools: Tools, company: ScriptedApi
) -> None:
    path = f"GET /api/connections/{company.GONG}/modelsync/target/fields"
    fields = [{"id": f"field{number}"} for number in range(50)]
    company[path] = {"data": {"id": "x", "fields": fields, "modes": []}}

    text = await tools.refused("create_sync", **request_)

    assert "'x' has no field 'LastName'. Valid values: field0, " in text
    assert "field11, and 38 more." in text


@pytest.mark.parametrize("connection", ["99999999-0000-0000-0000-000000000001", "Gong"])
async def test_a_target_that_cannot_be_read_is_one_of_the_problems(
    connection: str, tools: Tools, company: ScriptedApi, request_: dict[str, Any]
) -> None:
    unhealthy = httpx.Response(422, json={"message": "Connection Gong is unhealthy"})
    company[f"GET /api/connections/{company.GONG}/modelsync/targetobjects"] = unhealthy
    request_["target"]["connection_id"] = connection
    request_["fields"][0]["source"]["model_id"] = "Plns"

    text = await tools.refused("create_sync", **request_)

    assert "fields[0].source.model_id: Unknown model 'Plns'" in text
    assert f"Unknown connection '{connection}'" in text or "- target: GET " in text
    assert company.written() == []


@pytest.mark.parametrize(
    ("part", "written", "sent"),
    [
        ("fields.0.sync_mode", "CREATE", "create"),
        ("identities.strategy", "Priority", "priority"),
        ("filters.0.field_type", "target", "Target"),
        ("filters.0.field_type", "MODEL", "Model"),
    ],
)
async def test_a_fixed_word_is_taken_in_any_case(
    part: str, written: str, sent: str, tools: Tools, request_: dict[str, Any]
) -> None:
    identity = request_["identity"]
    condition = {"field": {"model_id": "Plans", "field": "plan"}, "field_id": "Phone", "function": "IsNull"}
    parts = {
        "fields": request_["fields"],
        "identities": {"mappings": [identity, identity | {"target": "Email"}]},
        "filters": [condition if sent == "Target" else {"field": condition["field"], "function": "IsNull"}],
    }
    name = part.partition(".")[0]
    body = {key: value for key, value in request_.items() if key != "identity"} | {name: parts[name]}
    body |= {} if name == "identities" else {"identity": identity}

    answer = await tools("create_sync", **with_(body, part, written), dry_run=True)

    found = answer["request"]
    for key in part.split("."):
        found = found[int(key)] if isinstance(found, list) else found[key]
    assert found == sent


async def test_syncs_are_listed_by_their_mode_in_any_case(tools: Tools, company: ScriptedApi) -> None:
    await tools("list_syncs", mode="UPDATEORCREATE")

    (request,) = company.asked("GET /api/syncs")
    assert request.url.params["mode"] == "updateOrCreate"
