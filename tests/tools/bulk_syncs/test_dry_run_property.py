"""A dry run that finds nothing shows a request that the sandbox takes; what it refuses, the sandbox does too.

To try more bodies, all random: ``DRY_RUN_EXAMPLES=2000 scripts/test`` with the path of this file.
"""

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polytomic_mcp.settings import TOOLSETS
from polytomic_mcp.tools.bulk_syncs.requests import (
    AdditionalSchedule,
    BulkSchedule,
    BulkSyncRequest,
    FieldChoice,
    SchemaChoice,
)
from polytomic_mcp.tools.framework.reading import branches
from polytomic_mcp.tools.framework.requests import Part
from tests.tools.conftest import KEY, Connect, Tools
from tests.tools.dry_runs import MANY, hold, places

POSTGRESQL = {"hostname": "db", "port": 5432, "database": "app", "username": "ada", "password": "p"}
S3 = {
    "auth_mode": "access_key_and_secret",
    "aws_access_key_id": "k",
    "aws_secret_access_key": "s",
    "s3_bucket_region": "us-east-1",
    "s3_bucket_name": "s3://acme",
}
CONNECTIONS = {"postgresql": POSTGRESQL, "stripe": {"api_key": "sk"}, "s3": S3}

FIELDS = {
    "postgresql": {
        "public.orders": ("order_id", "contact_id", "amount", "ordered_at"),
        "public.users": ("user_id", "email", "preferences", "last_seen_at"),
    },
    "stripe": {"customers": ("id", "email", "balance"), "Invoices": ("id", "number", "amount_due")},
    "s3": {"people/people.csv": ("contact_id", "email", "plan"), "orders/2026.jsonl": ("amount", "status")},
}
FITTING: dict[str, Any] = {
    "name": ["Copy"],
    "source_connection_id": ["postgresql", "postgresql", "stripe", "s3"],
    "destination_connection_id": ["postgresql", "s3"],
    "destination_configuration": [{"schema": "copy"}],
    "source_configuration": [{}, {"replication_slot": "slot"}],
    "mode": ["replicate", "snapshot", "Append"],
    "automatically_add_new_objects": ["all", "none", "OnlyIncremental"],
    "automatically_add_new_fields": ["none", "onlyNonIncremental"],
    "normalize_names": ["enabled", "disabled", "LEGACY"],
    "data_cutoff_timestamp": ["2026-01-31T09:00:00Z", "2026-01-31", ""],
    "concurrency_limit": [1, 1000, 0, "7"],
    "resync_concurrency_limit": [1, 20],
    "policies": [[]],
    "user_output_name": ["out", "a b", ""],
    "partition_key": [""],
    "tracking_field": [""],
    "frequency": ["manual", "continuous", "hourly", "Daily", "weekly", "custom", "builder"],
    "minute": ["5", 30],
    "hour": ["05", "23"],
    "day_of_week": ["monday", "3"],
    "day_of_month": ["1", "*"],
    "month": ["*", "6"],
    "timezone": ["Asia/Tokyo", "+05:30", "UTC"],
    "selective_mode": ["none", "incrementalFields", "NonIncrementalFields"],
    "resync_mode": ["normal", "refetch", "REBUILD"],
    "type": ["fields"],
    "function": ["Equality", "isNotNull", "OnOrAfter", "Between", "StringOneOf"],
    "value": ["2026-01-31", 5, ["a", "b"], [1, 10], "x", None],
}
BROKEN = st.sampled_from(
    [
        *(None, "", "nothing", "99", -1, 2000, 1.5, True, [], ["nothing"], {}, {"schemas": 1}, "yesterday"),
        *(
            "public.users",
            "order_id",
            "copy",
            "Between",
            "a b",
            "out",
            "{}",
            {"schema": "public"},
            "a\x07b",
            " ",
        ),
    ]
)
RARELY = st.integers(0, 4).map(lambda number: number == 0)
PASSED_OVER = {"schedule", "schedules", "multi", "organization_id", "policies", "id"}


@dataclass
class Author:
    """Writes the parts of a body as their models say, with names that fit where they stand."""

    draw: Any
    source: str = ""
    schema: str = ""

    def request(self) -> dict[str, Any]:
        self.source = self.draw(st.sampled_from(FITTING["source_connection_id"]))
        body = self.part(BulkSyncRequest) | {"source_connection_id": self.source}
        if body["destination_connection_id"] == "s3":
            body["destination_configuration"] = self.draw(st.sampled_from([{}, {"format": "csv"}]))
        elif "destination_configuration" not in body:
            body["destination_configuration"] = {"schema": self.draw(st.sampled_from(["copy", "public"]))}
        if self.draw(RARELY):
            newer = ("default_schedule", "additional_schedules")
            body = {name: part for name, part in body.items() if name not in newer} | self.older_schedules()
        return body

    def older_schedules(self) -> dict[str, Any]:
        listed = [self.part(AdditionalSchedule) for _ in range(self.draw(st.integers(0, 2)))]
        modes = st.sampled_from(FITTING["selective_mode"])
        wrapped = [{"item": self.draw(modes), "schedule": self.part(BulkSchedule)} for _ in listed]
        several = {"frequency": "multi", "multi": {"type": "fields", "schedules": wrapped}}
        forms = [{"schedules": listed}, {"schedules": wrapped}, {"schedule": several}]
        return self.draw(st.sampled_from([*forms, {"schedule": self.part(BulkSchedule)}]))

    def part(self, model: type[Part]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if model in (SchemaChoice, FieldChoice):
            known = FIELDS[self.source] if model is SchemaChoice else FIELDS[self.source][self.schema]
            body["id"] = self.draw(st.sampled_from(sorted(known)))
            self.schema = body["id"] if model is SchemaChoice else self.schema
        for name, field in model.model_fields.items():
            is_needed = field.is_required() or name in (
                "frequency",
                "minute",
                "hour",
                "day_of_week",
                "field_id",
            )
            if name not in body and name not in PASSED_OVER and (is_needed or self.draw(RARELY)):
                body[name] = self.value(model, name, field.annotation)
        return body

    def value(self, model: type[Part], name: str, annotation: Any) -> Any:
        (type_, *_) = branches(annotation)
        if get_origin(type_) is list:
            item = next(branches(get_args(type_)[0]))
            if name == "schemas" and model is not BulkSyncRequest:
                return [self.draw(st.sampled_from(sorted(FIELDS[self.source])))]
            if not isinstance(item, type) or not issubclass(item, Part):
                return []
            many = range(self.draw(st.integers(0, 2)))
            return [self.part(item) for _ in many]
        if isinstance(type_, type) and issubclass(type_, Part):
            return self.part(type_)
        if name == "field_id" or (name in ("partition_key", "tracking_field") and self.draw(st.booleans())):
            return self.draw(st.sampled_from(FIELDS[self.source][self.schema]))
        return self.draw(st.booleans() if type_ is bool else st.sampled_from(FITTING[name]))


@st.composite
def bodies(draw: Any) -> dict[str, Any]:
    """Write a body; break up to two places of most."""
    body = copy.deepcopy(Author(draw).request())
    for _ in range(draw(st.integers(0, 2))):
        found = list(places(body))
        holder, key = found[draw(st.integers(0, len(found) - 1))]
        if isinstance(holder, dict) and draw(RARELY):
            holder["nonsense"] = holder.pop(key)
        elif draw(RARELY):
            del holder[key]
        else:
            holder[key] = copy.deepcopy(draw(BROKEN))
    return body


@dataclass
class Company:
    """The tools, the API beside them, and the ids of connections by their names."""

    tools: Tools
    http: httpx.AsyncClient
    ids: dict[str, str]

    async def takes(self, body: dict[str, Any]) -> tuple[bool, str]:
        """Send a body to the API itself; what it creates is deleted."""
        ends = {name: body[name] for name in body if name.endswith("_connection_id")}
        raw = body | {name: self.ids.get(str(end), end) for name, end in ends.items()}
        answer = await self.http.post("/api/bulk/syncs", json=raw)
        assert answer.status_code in (200, 400, 422, 501), answer.text
        if answer.is_success:
            await self.http.delete(f"/api/bulk/syncs/{answer.json()['data']['id']}")
        return answer.is_success, answer.text


@pytest.fixture
async def firm(open_sandbox: Connect, sandbox: Any) -> AsyncIterator[Company]:
    """A company with a database, a payment service and a bucket, whose schemas have been read."""
    headers = {"Authorization": f"Bearer {KEY}", "X-Polytomic-Version": "2025-09-18"}
    async with (
        open_sandbox(toolsets=TOOLSETS) as tools,
        httpx.AsyncClient(transport=sandbox, base_url="http://sandbox", headers=headers) as http,
    ):
        ids: dict[str, str] = {}
        for type_, configuration in CONNECTIONS.items():
            made = {"name": type_, "type": type_, "configuration": configuration}
            ids[type_] = (await http.post("/api/connections", json=made)).json()["data"]["id"]
            await http.get(f"/api/connections/{ids[type_]}/schemas/status")
            assert (await http.get(f"/api/connections/{ids[type_]}/bulksync/source")).status_code == 200
        yield Company(tools, http, ids)


@MANY
@given(body=bodies())
async def test_a_dry_run_and_the_api_agree(body: dict[str, Any], firm: Company) -> None:
    is_refused, answer = await firm.tools.try_("create_bulk_sync", body | {"dry_run": True})
    sent = body if is_refused else answer["requests"]["POST /api/bulk/syncs"]

    is_taken, reason = await firm.takes(sent)

    hold(body, answer, reason, is_refused=is_refused, is_taken=is_taken)
