"""A dry run that finds nothing is a request that the sandbox takes; one that is refused is refused there too.

``DRY_RUN_EXAMPLES=2000 pytest tests/tools/syncs/test_dry_run_property.py`` tries that many random bodies.
"""

import copy
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.conftest import KEY, Connect, Tools
from tests.tools.dry_runs import MANY, hold, places

CONNECTIONS: dict[str, dict[str, Any]] = {
    "snowflake": {"account": "acme-x", "username": "ada", "password": "p", "dbname": "ANALYTICS"},
    "postgresql": {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "p"},
    "gong": {"auth_method": "token", "access_key": "ak", "access_secret": "as"},
    "webhook": {"url": "https://hooks.example", "secret": "s"},
    "hubspot": {},
    "salesforce": {"domain": "https://acme.my.salesforce.com"},
}
MODELS = {
    "Contacts": ("snowflake", "SELECT contact_id, email, subscription_plan AS plan FROM salesforce_contacts"),
    "Users": ("postgresql", "SELECT user_id, email, last_seen_at FROM users"),
    "Orders": ("postgresql", "SELECT order_id, amount, ordered_at FROM orders"),
}
SCHEDULES: list[Any] = [
    {"frequency": "manual"},
    {"frequency": "Hourly", "minute": "15"},
    {"frequency": "daily", "hour": 5, "minute": 0},
    {"frequency": "weekly", "hour": "5", "minute": "0", "day_of_week": "monday"},
    {"frequency": "hourly"},
    {"frequency": "daily", "hour": "5", "minute": "0", "timezone": "Asia/Tokyo"},
    {"frequency": "daily", "hour": "5", "minute": "0", "timezone": "Europe/Berlin"},
    {"frequency": "daily", "hour": "25", "minute": "0"},
    {"frequency": "weekly", "hour": "5", "minute": "0", "day_of_week": "moonday"},
    {"frequency": "custom", "minute": "*/5", "hour": "1,2"},
    {"frequency": "custom", "day_of_month": "31", "month": "2"},
    {"frequency": "custom"},
    {"frequency": "runafter"},
    {"frequency": "runafter", "run_after": {"sync_ids": ["99999999-0000-0000-0000-000000000001"]}},
    {"frequency": "fortnightly"},
    {},
]
FUNCTIONS = [
    *(
        "Equality",
        "equality",
        "IsNull",
        "True",
        "OnOrAfter",
        "GreaterThan",
        "StringContains",
        "string_one_of",
    ),
    *("Between", "ArrayContains", "InTheLast", "RelativeOnOrBefore", "StringLike", "Resembles"),
]
VALUES: list[Any] = [
    *(
        "x",
        "2026-01-31",
        "2026-01-31T09:00:00Z",
        "yesterday",
        "7 days",
        5,
        1.5,
        True,
        None,
        "",
        [],
        ["a", "b"],
    ),
    *([1, 10], [1, "x"], {"a": None}, "[1, 2]", 2**60),
]
COMPARISONS: list[tuple[str, Any]] = [
    ("Equality", "x"),
    ("equality", 5),
    ("IsNull", None),
    ("OnOrAfter", "2026-01-31"),
    ("GreaterThan", 5),
    ("StringContains", "x"),
    ("string_one_of", ["a", "b"]),
    ("Between", [1, 10]),
    ("ArrayContains", "x"),
    ("InTheLast", "7 days"),
]
LOGIC = ["", "A", "A and B", "A or B", "1 and 2", "(A", "A and A", "NOT A", "a"]
BROKEN: list[Any] = [
    *(None, "", " ", "nothing", "99", 5, 1.5, True, [], ["nothing"], {}, {"conditions": 1}, "{}", "Email"),
]


class Company:
    """The tools, the API beside them, and what a sync can refer to."""

    def __init__(
        self,
        tools: Tools,
        http: httpx.AsyncClient,
        models: dict[str, list[str]],
        targets: list[tuple[str, dict[str, Any]]],
    ) -> None:
        self.tools, self.http, self.models, self.targets = tools, http, models, targets

    async def takes(self, body: dict[str, Any]) -> tuple[bool, str]:
        """Send a body to the API itself; what it creates is deleted."""
        raw = {"fields": [], "schedule": {"frequency": "manual"}} | body
        answer = await self.http.post("/api/syncs", json=raw)
        assert answer.status_code in (200, 400, 404, 422, 501), answer.text
        if answer.is_success:
            await self.http.delete(f"/api/syncs/{answer.json()['data']['id']}")
        return answer.is_success, answer.text


@dataclass
class Author:
    """Writes a sync that fits its target, more or less."""

    random: Random
    company: Company

    def one(self, values: Any) -> Any:
        return copy.deepcopy(self.random.choice(list(values)))

    def rarely(self) -> bool:
        return self.random.random() < 0.1

    def some(self, write: Callable[[], Any]) -> list[Any]:
        """Write up to two."""
        return [write() for _ in range(self.random.randint(0, 2))]

    def source(self) -> dict[str, Any]:
        model = self.base if not self.rarely() else self.one(self.company.models)
        return {"model_id": model, "field": self.one(self.company.models[model])}

    def body(self) -> dict[str, Any]:
        self.base = self.one(self.company.models)
        connection_id, answer = self.one(self.company.targets)
        fields = [item["id"] for item in answer["fields"]] or ["email"]
        able = [item["id"] for item in answer["fields"] if item["supports_identity"]] or fields
        required = [item["id"] for item in answer["fields"] if item["required"] and item["createable"]]
        self.fields = fields
        named = dict.fromkeys([*required, *self.some(lambda: self.one(fields))])
        body: dict[str, Any] = {
            "name": "S",
            "mode": self.one(mode["mode"] for mode in answer["modes"]),
            "target": {"connection_id": connection_id} | answer["where"],
            "fields": [self.mapping(name) for name in named],
        }
        if not self.rarely():
            body["identity"] = self.identity(able)
        if self.rarely():
            body["identities"] = {
                "mappings": self.some(lambda: self.identity(able)),
                "strategy": self.one(["priority", "and", "or"]),
            }
            body.pop("identity", None)
        return body | self.optional()

    def optional(self) -> dict[str, Any]:
        found: dict[str, Any] = {"schedule": self.one(SCHEDULES if self.rarely() else SCHEDULES[:4])}
        writers = {
            "active": lambda: self.one([True, False]),
            "model_filters": lambda: self.filters(lambda: {"source": self.source()}),
            "target_filters": lambda: self.filters(self.target_condition),
            "filters": lambda: self.some(self.old_condition),
            "filter_logic": lambda: self.one(LOGIC),
            "override_fields": lambda: [
                {"target": self.one(self.fields), "override_value": self.one(VALUES)}
            ],
            "overrides": lambda: [{"field": self.source(), "override": self.one(VALUES)} | self.comparison()],
            "sync_all_records": lambda: self.one([True, False]),
            "encryption_passphrase": lambda: "hush",
            "only_enrich_updates": lambda: self.one([True, False]),
        }
        return found | {name: write() for name, write in writers.items() if self.rarely()}

    def mapping(self, target: str) -> dict[str, Any]:
        mapping: dict[str, Any] = {"target": target, "source": self.source()}
        optional = {
            "new": True,
            "sync_mode": self.one(["create", "updateOrCreate", "often"]),
            "override_value": 1,
        }
        return mapping | {name: value for name, value in optional.items() if self.rarely()}

    def identity(self, able: list[str]) -> dict[str, Any]:
        functions = ["Equality", "equality", "OneOf", "DomainMatch", "Hashed"]
        function = self.one(functions) if self.rarely() else "Equality"
        return {"source": self.source(), "target": self.one(able), "function": function}

    def comparison(self) -> dict[str, Any]:
        function, value = self.one(COMPARISONS)
        if self.rarely():
            function, value = self.one(FUNCTIONS), self.one(VALUES)
        return {"function": function, "value": value}

    def filters(self, write: Any) -> dict[str, Any]:
        conditions = self.some(lambda: write() | self.comparison())
        if self.rarely():
            for condition in conditions:
                condition["label"] = self.one(["one", "two", "1", ""])
        return {"conditions": conditions, "logic": self.one(LOGIC) if self.rarely() else ""}

    def target_condition(self) -> dict[str, Any]:
        compared = {"value_source": self.source()} if self.rarely() else {}
        return {"field": self.one(self.fields)} | compared

    def old_condition(self) -> dict[str, Any]:
        if self.one([True, False]):
            return {"field": self.source()} | self.comparison()
        return {"field_id": self.one(self.fields), "field_type": "Target"} | self.comparison()


def broken(random: Random, body: dict[str, Any]) -> dict[str, Any]:
    """Break up to two places of some bodies."""
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        holder, key = random.choice(list(places(body)))
        if isinstance(holder, dict) and random.random() < 0.2:
            holder["nonsense"] = holder.pop(key)
        elif random.random() < 0.2:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(random.choice(BROKEN))
    return body


@pytest.fixture
async def firm(open_sandbox: Connect, sandbox: Any) -> AsyncIterator[Company]:
    """A company with two databases, applications to write to, and three models, two of them related."""
    headers = {"Authorization": f"Bearer {KEY}", "X-Polytomic-Version": "2025-09-18"}
    async with (
        open_sandbox() as tools,
        httpx.AsyncClient(transport=sandbox, base_url="http://sandbox", headers=headers) as http,
    ):

        async def made(path: str, **body: Any) -> Any:
            answer = await http.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()["data"]

        ids = {
            type_: (await made("/api/connections", name=type_, type=type_, configuration=configuration))["id"]
            for type_, configuration in CONNECTIONS.items()
        }
        models: dict[str, list[str]] = {}
        relations: list[Any] = []
        for name, (connection, query) in MODELS.items():
            model = await made(
                "/api/models",
                name=name,
                connection_id=ids[connection],
                configuration={"query": query},
                relations=relations if name == "Users" else [],
            )
            models[model["id"]] = [field["name"] for field in model["fields"]]
            relations = [{"from": "email", "to": {"model_id": model["id"], "field": "email"}}]
        yield Company(tools, http, models, [target async for target in targets(http, ids)])


async def targets(http: httpx.AsyncClient, ids: dict[str, str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield target objects of every connection, existing and new ones, as the API describes them."""
    for type_, id_ in ids.items():
        path = f"/api/connections/{id_}/modelsync"
        listed = await http.get(f"{path}/targetobjects")
        if not listed.is_success:
            continue
        for item in listed.json()["data"][:4]:
            answer = await http.get(f"{path}/target/fields", params={"target": item["id"]})
            yield id_, answer.json()["data"] | {"where": {"object": item["id"]}}
        create = {"name": "new one"} | ({"schema": "public"} if type_ == "postgresql" else {})
        answer = await http.get(
            f"{path}/target/fields", params={f"properties[{name}]": value for name, value in create.items()}
        )
        if answer.is_success:
            yield id_, answer.json()["data"] | {"where": {"create": create}}


@MANY
@given(seed=st.integers(0, 2**32))
async def test_a_dry_run_and_the_api_agree(seed: int, firm: Company) -> None:
    random = Random(seed)  # noqa: S311 - a body is not a secret
    body = broken(random, Author(random, firm).body())

    is_refused, answer = await firm.tools.try_("create_sync", copy.deepcopy(body) | {"dry_run": True})
    is_taken, reason = await firm.takes(body if is_refused else answer["request"])

    hold(body, answer, reason, is_refused=is_refused, is_taken=is_taken)
