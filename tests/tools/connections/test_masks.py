"""Secrets that the API answers inside of a field are not shown, and an update does not lose them."""

from typing import Any

from polytomic_mcp.tools.connections.masks import concealed
from tests.tools.conftest import Connect

MASK = "********"
CONFIGURATION = {
    "url": "https://acme.example/in",
    "auth_method": "basic",
    "basic": {"username": "ada", "password": "hunter2"},
    "headers": [{"name": "X-Token", "value": "hunter2"}, {"name": "X-Empty", "value": ""}],
    "oauth": {"client_id": "c", "client_secret": "hunter2", "scopes": ["read"]},
}


async def test_secrets_inside_of_fields_are_concealed_and_survive_a_rename(open_sandbox: Connect) -> None:
    async with open_sandbox() as tools:
        made = await tools("create_connection", name="Hook", type="webhook", configuration=CONFIGURATION)
        renamed = await tools("update_connection", connection_id="Hook", name="Webhook", keep_masked=True)
        changed = await tools(
            "update_connection",
            connection_id="Webhook",
            configuration={"basic": {"password": "hunter2!"}},
            keep_masked=True,
        )

    shown: dict[str, Any] = made["configuration"]
    assert shown["basic"] == {"username": "ada", "password": MASK}
    assert shown["headers"] == [{"name": "X-Token", "value": MASK}, {"name": "X-Empty", "value": ""}]
    assert shown["oauth"] == {"client_id": "c", "client_secret": MASK, "scopes": ["read"]}
    assert "configuration" not in str(renamed["changed"])
    assert changed["changed"]["configuration.basic.password"] == {"before": MASK, "after": MASK}
    assert "hunter2" not in f"{made}{renamed}{changed}"


def test_what_is_no_secret_is_shown() -> None:
    sheet = {"configuration": {"spreadsheet_id": {"value": "1", "label": "Sales"}, "name": "n", "value": "v"}}

    assert concealed(sheet) == sheet
    assert concealed({"id": "c"}) == {"id": "c"}
