"""What every foreign client does: it lists the tools, and calls those whose arguments hold every shape.

The answers show what arrived. Each client brings a function that calls a tool and returns its answer.
"""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Call = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

ROOT = Path(__file__).parents[2]
SERVER = [str(ROOT / ".venv/dev/bin/python"), "-m", "polytomic_mcp", "serve", "--sandbox", "--empty"]
ENVIRONMENT = {"POLYTOMIC_TOOLSETS": "all"}
TOOLS = len(list((ROOT / "polytomic_mcp/tools/definitions").iterdir()))

SALESFORCE = {
    "domain": "https://acme.my.salesforce.com",
    "connect_mode": "api",
    "client_id": "example",
    "client_secret": "example",
    "oauth_refresh_token": "example",
}
SNOWFLAKE = {"account": "acme", "username": "polytomic", "password": "example", "dbname": "ANALYTICS"}
QUERY = {"query": "SELECT contact_id, email FROM salesforce_contacts"}
VALUES = {
    "text": "x",
    "digits": "007",
    "json_text": '{"a": 1}',
    "integer": 7,
    "decimal": 2.5,
    "yes": True,
    "no": False,
    "object": {"a": {"b": [1, None, "x"]}, "c": 1.5},
    "list": ["x", 1, True, {"a": [2]}],
}
"""Values of every type, some of which a careless client or server takes for another."""


@dataclass
class Report:
    """Prints a line for each check of a client."""

    client: str
    failures: list[str] = field(default_factory=list)

    def check(self, what: str, found: Any, expected: Any) -> None:
        is_right = found == expected
        line = what if is_right else f"{what}: expected {expected!r}, not {found!r}"
        sys.stdout.write(f"{'ok    ' if is_right else 'FAILED'} {self.client:<24} {line}\n")
        sys.stdout.flush()
        if not is_right:
            self.failures.append(what)

    def exit_code(self) -> int:
        return 1 if self.failures else 0


async def travel(report: Report, call: Call) -> None:
    """Send arguments of every shape, and check that they arrive as sent."""
    warehouse = await connection(report, call, "snowflake", SNOWFLAKE)
    salesforce = await connection(report, call, "salesforce", SALESFORCE)
    model = await call(
        "create_model", {"name": "Contacts", "connection_id": warehouse, "configuration": QUERY}
    )
    report.check("create_model: a free object arrives", model["configuration"], QUERY)
    await nested_objects(report, call, model["id"], salesforce)
    await lists_of_objects(report, call, salesforce)
    await free_arguments(report, call, warehouse)


async def connection(report: Report, call: Call, kind: str, configuration: dict[str, Any]) -> str:
    created = await call("create_connection", {"name": kind, "type": kind, "configuration": configuration})
    shown = created["configuration"]
    plain = {name: part for name, part in configuration.items() if shown.get(name) != "********"}
    report.check(f"create_connection: {kind}'s object arrives", shown, shown | plain)
    return created["id"]


async def nested_objects(report: Report, call: Call, model_id: str, connection_id: str) -> None:
    source = {"model_id": model_id, "field": "email"}
    targets = ("FirstName", "LastName", "Title", "Phone", "Monthly_Amount__c", "HasOptedOutOfEmail")
    targets += ("External_Id__c", "Description", "AccountId")
    sent = {
        "name": "Contacts to Salesforce",
        "mode": "updateOrCreate",
        "target": {"connection_id": connection_id, "object": "Contact"},
        "identity": {"source": source, "target": "Email", "function": "Equality"},
        "schedule": {"frequency": "daily", "hour": "7", "minute": "30"},
        "fields": [
            {"target": target, "override_value": value}
            for target, value in zip(targets, VALUES.values(), strict=True)
        ],
    }
    answer = await call("create_sync", {**sent, "dry_run": True})
    request = answer["request"]
    for name in ("target", "identity", "schedule"):
        report.check(f"create_sync: {name}, an object of objects, arrives", request[name], sent[name])
    arrived = [(part["target"], part["override_value"]) for part in request["fields"]]
    values = [(part["target"], part["override_value"]) for part in sent["fields"]]
    report.check("create_sync: override_value of every type arrives", arrived, values)


async def lists_of_objects(report: Report, call: Call, connection_id: str) -> None:
    where = {"connection_id": connection_id, "schema_id": "Contact"}
    definitions = {
        name: value if isinstance(value, str | list) else "number" for name, value in VALUES.items()
    }
    fields = [
        {
            "field_id": f"{name}__c",
            "label": name,
            "type": "string",
            "definition": kind,
            "example": VALUES[name],
        }
        for name, kind in definitions.items()
    ]
    await call("set_schema_fields", {**where, "fields": fields})
    shown = await call("get_schema", {**where, "query": "__c", "fields": ["type_spec"], "limit": 1000})
    arrived = {row["name"]: row["type_spec"] for row in shown["items"] if row["name"] in VALUES}
    report.check(
        "set_schema_fields: a list of objects arrives, a definition of either type", arrived, definitions
    )


async def free_arguments(report: Report, call: Call, connection_id: str) -> None:
    operation = "POST /api/models"
    sent = {"name": "Free", "connection_id": connection_id, "configuration": QUERY}
    sent |= {"additional_fields": [{"name": "x", "label": "X", "type": "string"}]}
    answer = await call("write_operation", {"operation": operation, "arguments": sent})
    created = answer["result"]["data"]
    added = [field["name"] for field in created["fields"] if field["user_added"]]
    report.check("write_operation: an object in a free object arrives", created["configuration"], QUERY)
    report.check("write_operation: a list in a free object arrives", added, ["x"])
