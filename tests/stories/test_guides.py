"""Every guide, run with the MCP tools; it must end with the rows that follow from the sample files."""

import csv
import hashlib
import hmac
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any

import anyio
import pytest
from mcp import Client

from polytomic_mcp import Settings, build_server, create_sandbox
from polytomic_mcp.cli.demo.runner import Outcome, Runner
from polytomic_mcp.cli.demo.screen import Screen
from polytomic_mcp.cli.shared.web import listening
from polytomic_mcp.guides import load_guides
from polytomic_mcp.settings import TOOLSETS, Secret
from polytomic_mcp.tools.api_access.caller import Caller

pytestmark = pytest.mark.slow

Row = dict[str, Any]

SEED = files("polytomic_mcp.sandbox.data.sample_company") / "systems"
NEWEST = "2025-09-18"
OLDEST = "2024-02-08"
DEMOS = {name: guide for name, guide in load_guides().items() if not guide.no_demo}


@dataclass(frozen=True)
class Result:
    """A guide that has run: its outcome, the answers of its steps, and the sandbox's workspace."""

    outcome: Outcome
    answers: Row
    workspace: Any

    @property
    def counts(self) -> Row:
        return (self.outcome.execution or {}).get("counts", {})

    def shown(self, table: str) -> list[Row]:
        """The rows of a table that the demo ends with."""
        return self.outcome.rows[table]

    def rows(self, system: str, name: str) -> list[Row]:
        """All rows of an object of a system, as they are now."""
        table = self.workspace.tables.get(system, name)
        return [row for _, row in self.workspace.tables.read(table)]


Check = Callable[[Result], None]
CHECKS: dict[str, Check] = {}


def guide(check: Check) -> Check:
    """Register a check under the name of its guide."""
    CHECKS[check.__name__] = check
    return check


def seed(system: str, name: str) -> list[Row]:
    """The rows of an object as the sample company's file has them."""
    content = json.loads((SEED / system / "objects" / f"{name}.json").read_text(encoding="utf-8"))
    columns = [column["name"] for column in content["columns"]]
    return [dict(zip(columns, row, strict=True)) for row in content["rows"]]


def bucket_file(system: str, name: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO((SEED / system / "files" / name).read_text(encoding="utf-8"))))


def column(rows: Iterable[Row], name: str) -> list[Any]:
    return [row[name] for row in rows]


def by(rows: Iterable[Row], name: str) -> dict[Any, Row]:
    return {row[name]: row for row in rows}


def chosen(rows: Iterable[Row], *names: str) -> list[Row]:
    return [{name: row[name] for name in names} for row in rows]


def customers() -> list[Row]:
    return seed("warehouse", "public.customers")


def paying() -> set[str]:
    """The addresses of those who pay, without those in capitals, which repeat another row's."""
    return {row["email"] for row in customers() if row["monthly_amount"] > 0 and row["email"].islower()}


@guide
def add_snowflake_contacts_to_gong_engage_flow(result: Result) -> None:
    gold = [
        row for row in seed("warehouse", "public.salesforce_contacts") if row["subscription_plan"] == "gold"
    ]
    known = set(column(seed("salesforce", "Contact"), "Id"))
    wanted = {row["contact_id"] for row in gold} & known
    before = set(column(seed("gong", "my-gong-engage-flow"), "Id"))
    dirt = [row["contact_id"] for row in gold if row["contact_id"] not in known]

    assert set(column(result.rows("gong", "my-gong-engage-flow"), "Id")) == before | wanted
    assert set(column(result.shown("arrived"), "Id")) == wanted - before
    assert Counter(row.get("contact_id") for row in result.shown("refused")) == Counter(dirt)
    assert None in dirt
    assert result.counts["total"] == len(gold)


@guide
def add_snowflake_contacts_to_salesloft_cadence(result: Result) -> None:
    reachable = {
        row["person_id"] for row in seed("warehouse", "public.salesloft_people") if row["is_reachable"]
    }
    known = set(column(seed("salesloft", "people"), "id"))

    assert set(column(result.rows("salesloft", "48377"), "person_id")) == reachable & known
    assert set(column(result.shown("refused"), "person_id")) == reachable - known == {999999}
    assert len(result.shown("cadence")) == 10


@guide
def bulk_sync_hubspot_to_postgresql(result: Result) -> None:
    people, companies = seed("hubspot", "contacts"), by(seed("hubspot", "companies"), "id")
    joined = Counter(companies[row["associatedcompanyid"]]["name"] for row in people)

    for name, copy, columns in (
        ("contacts", "contact", ("id", "email")),
        ("companies", "company", ("id", "name")),
        ("deals", "deal", ("id", "amount")),
    ):
        copies = result.rows("postgresql", f"hubspot.{copy}")
        assert by(chosen(copies, *columns), "id") == by(chosen(seed("hubspot", name), *columns), "id")
        assert len(copies) == len(seed("hubspot", name))
    assert {row["company"]: row["people"] for row in result.shown("joined")} == joined


@guide
def bulk_sync_salesforce_to_s3(result: Result) -> None:
    for name in ("Account", "Opportunity"):
        copies = result.rows("s3", f"salesforce/{name.lower()}.csv")
        assert set(column(copies, "id")) == set(column(seed("salesforce", name), "Id"))
        assert len(copies) == len(seed("salesforce", name))
    amounts = {row["Id"]: row["Amount"] for row in seed("salesforce", "Opportunity")}
    assert {row["id"]: float(row["amount"]) for row in result.shown("file")} == amounts


@guide
def bulk_sync_salesforce_to_snowflake(result: Result) -> None:
    contacts, accounts = seed("salesforce", "Contact"), by(seed("salesforce", "Account"), "Id")

    copies = result.rows("snowflake", "salesforce.contact")
    assert {row["id"]: row["email"] for row in copies} == {row["Id"]: row["Email"] for row in contacts}
    assert {row["account"]: row["contacts"] for row in result.shown("joined")} == Counter(
        accounts[row["AccountId"]]["Name"] for row in contacts
    )


@guide
def call_system_directly(result: Result) -> None:
    before = set(column(seed("linkedinads", "20453117"), "email"))
    gold = {row["email"] for row in customers() if row["plan"] == "gold" and row["email"].islower()}

    assert set(column(result.shown("before"), "email")) == before
    assert set(column(result.rows("linkedinads", "20453117"), "email")) == before | gold
    assert json.loads(result.answers["after"]["result"]["data"]["body"])["total"] == len(before | gold)


@guide
def check_api_key(result: Result) -> None:
    (me,) = result.shown("me")

    assert me == {"email": "dev@tideline.example", "organization": "Tideline Freight", "role": "user"}
    assert {row["plan"]: row["customers"] for row in result.shown("plans")} == Counter(
        column(customers(), "plan")
    )


@guide
def embed_connection_form(result: Result) -> None:
    accounts = chosen(seed("salesforce", "Account"), "Name", "Industry", "NumberOfEmployees")

    assert result.shown("accounts") == sorted(accounts, key=lambda row: row["Name"])
    assert result.answers["visits"][0]["query"]["connection_id"] == result.answers["connection"]["id"]


@guide
def find_what_fails(result: Result) -> None:
    causes = column(result.shown("found"), "cause")

    assert len({*causes}) == len(causes) == 6
    assert set(column(result.shown("runs"), "status")) == {"completed"}
    assert set(column(result.shown("runs"), "refused")) == {0}
    assert set(column(result.shown("overview"), "state")) == {"ok"}


@guide
def join_postgresql_airtable_stripe_into_hubspot(result: Result) -> None:
    users = column(seed("warehouse", "public.users"), "email")
    people = by(seed("airtable", "app2ElQeMFcBMx0yp.tblcjcgYGRPBGVGT3"), "Email")
    payers = by(seed("stripe", "customers"), "email")
    before = column(seed("hubspot", "contacts"), "email")

    contacts = by(result.rows("hubspot", "contacts"), "email")
    assert contacts.keys() == {*before, *users}
    for email in users:
        assert contacts[email]["firstname"] == people[email]["First name"]
        assert contacts[email]["lastname"] == people[email]["Last name"]
        assert contacts[email]["jobtitle"] == payers[email]["id"]
    assert set(column(result.shown("arrived"), "email")) == {*users} - {*before}


@guide
def migrate_bulk_schedules(result: Result) -> None:
    copies = {name: seed("salesforce", name) for name in ("Account", "Opportunity")}
    hourly, nightly = result.shown("schedules")

    assert (hourly["frequency"], nightly["frequency"], nightly["hour"]) == ("hourly", "daily", "05")
    assert len({row["due"] for row in result.shown("runs")}) == 24
    assert set(column(result.shown("runs"), "status")) == {"completed"}
    assert {each["schedule_id"] for each in result.answers["day"]["started"]} == {
        result.answers["look"]["default_schedule"]["id"],
        result.answers["look"]["additional_schedules"][0]["id"],
    }
    for name, rows in copies.items():
        assert set(column(result.rows("snowflake", f"nightly.{name.lower()}"), "id")) == set(
            column(rows, "Id")
        )
    assert {row["copy"]: row["row_count"] for row in result.shown("counts")} == {
        "account": 8,
        "opportunity": 10,
    }


@guide
def place_connector_settings(result: Result) -> None:
    users = seed("warehouse", "public.users")
    sync = result.workspace.store.list("sync")[0]

    assert sync["target"]["configuration"] == {"ignore_additional_emails": True}
    copies = result.rows("s3", "postgres/public_users.json")
    assert chosen(copies, "user_id", "email", "is_admin") == chosen(users, "user_id", "email", "is_admin")
    assert set(column(users, "email")) <= set(column(result.rows("hubspot", "contacts"), "email"))


@guide
def provision_customer_organization(result: Result) -> None:
    people = seed("warehouse", "public.salesforce_contacts")
    known = set(column(seed("salesforce", "Contact"), "Id"))
    own = {
        row["contact_id"] for row in people if (row["email"] or "").endswith("@juniper-oak.example")
    } & known

    assert set(column(result.rows("gong", "c1f0a9de-52b7-4b0e-9d53-7a6e2f8b4410"), "Id")) == own
    assert set(column(result.shown("first"), "name")) == {"Snowflake", "Gong"}
    assert set(column(result.shown("second"), "name")) == {"PostgreSQL"}


@guide
def query_salesforce_with_soql(result: Result) -> None:
    enterprise = [row for row in seed("salesforce", "Contact") if row["Plan__c"] == "enterprise"]

    assert result.shown("accounts") == chosen(seed("salesforce", "Account"), "Id", "Name")
    assert column(result.shown("contacts"), "Email") == sorted(column(enterprise, "Email"))


@guide
def quickstart(result: Result) -> None:
    expected = chosen(seed("hubspot", "contacts"), "id", "email", "firstname", "lastname")
    copies = chosen(result.rows("postgresql", "quickstart.contact"), "id", "email", "firstname", "lastname")

    assert by(copies, "id") == by(expected, "id")
    assert result.shown("contacts") == sorted(expected, key=lambda row: row["id"])[:10]


@guide
def receive_events(result: Result) -> None:
    people = seed("warehouse", "public.salesforce_contacts")
    known = set(column(seed("salesforce", "Contact"), "Id"))
    wanted = {row["contact_id"] for row in people if row["subscription_plan"] == "pro"} & known

    assert set(column(result.rows("gong", "c1f0a9de-52b7-4b0e-9d53-7a6e2f8b4410"), "Id")) == wanted
    types = column(result.shown("received"), "type")
    assert types[0] == "sync.running"
    assert types[1].startswith("sync.completed")
    assert set(types) == set(column(result.shown("events"), "type"))
    assert set(column(result.shown("deliveries"), "success")) == {True}
    assert all(is_signed(request) for request in result.answers["requests"])


def is_signed(request: Row) -> bool:
    """Whether a delivery is signed with the secret that the guide chose, over the body as it was sent."""
    body = json.dumps(request["body"], separators=(",", ":"), ensure_ascii=False).encode()
    loose = json.dumps(request["body"], ensure_ascii=False).encode()
    given = request["headers"]["polytomic-signature"]
    secret = b"a-secret-of-the-sandbox"
    return any(hmac.new(secret, each, hashlib.sha256).hexdigest() in given for each in (body, loose))


@guide
def repeat_requests_safely(result: Result) -> None:
    assert result.answers["first"] == result.answers["second"]
    assert [model["name"] for model in result.workspace.store.list("model")] == ["Made once"]
    assert {row["plan"]: row["customers"] for row in result.shown("rows")} == Counter(
        column(customers(), "plan")
    )


@guide
def stream_database_changes(result: Result) -> None:
    users = {row["user_id"]: row["name"] for row in seed("warehouse", "public.users")}

    assert column(result.shown("copied"), "record_count") == [len(users)]
    assert column(result.shown("changed"), "record_count") == [1]
    copies = {row["user_id"]: row["name"] for row in result.rows("snowflake", "streamed.public_users")}
    assert copies == users | {1000: "Kofi Eriksen-Brandt"}


@guide
def sync_bigquery_to_linkedin_audience(result: Result) -> None:
    large = {row["domain"] for row in seed("warehouse", "public.accounts") if row["employees"] >= 100}
    before = set(column(seed("linkedinads", "20453245"), "domain"))

    assert set(column(result.rows("linkedinads", "20453245"), "domain")) == before | large
    assert result.counts["insert"] == len(large - before)
    assert result.counts["total"] == len(large)


@guide
def sync_bigquery_to_salesforce(result: Result) -> None:
    campaigns: dict[str, set[str | None]] = {}
    for visit in seed("bigquery", "marketing.web_visits"):
        if visit["email"] and not visit["is_bot"]:
            campaigns.setdefault(visit["email"], set()).add((visit["utm"] or {}).get("campaign"))

    contacts = result.rows("salesforce", "Contact")
    assert result.counts == {"update": len(campaigns), "total": len(campaigns)} | dict.fromkeys(
        result.counts.keys() - {"update", "total"}, 0
    )
    assert all(row["Description"] in campaigns.get(row["Email"], {None}) for row in contacts)
    assert any(column(contacts, "Description"))


@guide
def sync_gcs_to_salesforce(result: Result) -> None:
    amounts = {
        row["email"]: float(row["monthly_amount"]) for row in bucket_file("gcs", "high_paying_users.csv")
    }

    contacts = by(result.rows("salesforce", "Contact"), "Email")
    assert {email: contacts[email]["Monthly_Amount__c"] for email in amounts} == amounts
    assert result.counts["total"] == len(amounts)
    assert len(contacts) == len(seed("salesforce", "Contact"))


@guide
def sync_gcs_to_webhook(result: Result) -> None:
    expected = chosen(bucket_file("gcs", "high_paying_users.csv"), "email", "first_name", "last_name")

    assert result.shown("records") == expected
    assert {request["headers"]["x-api-key"] for request in result.answers["requests"]} == {"sandbox"}
    assert result.counts["total"] == len(expected)


@guide
def sync_mongodb_to_salesforce(result: Result) -> None:
    documents = {row["email"]: row["_id"] for row in seed("mongodb", "app.users")}

    contacts = result.rows("salesforce", "Contact")
    assert {row["Email"]: row["Description"] for row in contacts} == documents
    assert len(contacts) == len(seed("salesforce", "Contact"))


@guide
def sync_mysql_to_snowflake(result: Result) -> None:
    people = seed("mysql", "company.customers")
    before = by(seed("warehouse", "public.users"), "email")

    users = by(result.rows("snowflake", "public.users"), "email")
    assert users.keys() == before.keys() | set(column(people, "email"))
    assert {row["email"]: row["first_name"] for row in people}.items() <= {
        email: row["name"] for email, row in users.items()
    }.items()
    columns = ("id", "email", "plan", "monthly_amount")
    assert by(chosen(result.rows("snowflake", "public.mysql_customers"), *columns), "id") == by(
        chosen(people, *columns), "id"
    )
    assert {row["plan"]: row["customers"] for row in result.shown("plans")} == Counter(column(people, "plan"))


@guide
def sync_salesforce_to_netsuite(result: Result) -> None:
    wanted = {row["Email"]: row["Id"] for row in seed("salesforce", "Contact") if row["LastName"]}
    before = by(seed("netsuite", "contact"), "email")

    contacts = by(result.rows("netsuite", "contact"), "email")
    assert {email: contacts[email]["externalid"] for email in wanted} == wanted
    assert set(column(result.shown("arrived"), "email")) == wanted.keys() - before.keys()
    for email, row in contacts.items():
        assert row["subsidiary"] == (before[email]["subsidiary"] if email in before else None)


@guide
def sync_snowflake_to_linkedin_audience(result: Result) -> None:
    before = set(column(seed("linkedinads", "20453117"), "email"))
    account = "1234567::urn:li:organization:987654"
    chosen_accounts = result.answers["values"]["result"]["data"]["accounts"]["values"]

    assert set(column(result.rows("linkedinads", "20453117"), "email")) == before | paying()
    made = result.answers["made"]["items"][0]["id"]
    assert set(column(result.rows("linkedinads", made), "email")) == paying()
    assert account in column(chosen_accounts, "value")
    offered = result.answers["targets"]["target_creation"]["properties"][0]["values"]
    assert column(offered, "value") == column(chosen_accounts, "value")


@guide
def sync_snowflake_to_salesforce(result: Result) -> None:
    wanted = [row for row in customers() if row["plan"] != "gold"]
    dirt = [row for row in wanted if row["plan"] == "platinum"]

    contacts = {row["Email"].casefold(): row for row in result.rows("salesforce", "Contact")}
    for row in wanted:
        if row not in dirt:
            contact = contacts[row["email"].casefold()]
            assert (contact["Plan__c"], contact["Monthly_Amount__c"]) == (row["plan"], row["monthly_amount"])
    assert column(result.shown("refused"), "email") == column(dirt, "email")
    assert result.counts["total"] == len(wanted)
    assert result.counts["error"] == len(dirt) == 1


@guide
def sync_snowflake_to_webhook(result: Result) -> None:
    enterprise = [row for row in customers() if row["plan"] == "enterprise"]

    assert result.shown("records") == chosen(enterprise, "email", "first_name", "last_name")


@guide
def terraform_smoke_test(result: Result) -> None:
    users = {row["email"]: row["name"] for row in seed("warehouse", "public.users")}

    contacts = result.rows("hubspot", "contacts")
    assert {row["email"]: row["jobtitle"] for row in contacts if row["email"] in users} == users
    copies = result.rows("postgresql", "hubspot_tf.contact")
    assert sorted(column(copies, "id")) == sorted(column(contacts, "id"))
    shown = {row["email"]: row["jobtitle"] for row in result.shown("contacts")}
    assert len(shown) == 10
    assert shown.items() <= users.items()


@guide
def what_ran_last_night(result: Result) -> None:
    states = {row["name"]: row["state"] for row in result.shown("overview")}

    assert states == {"Nightly copy": "ok", "Paying customers to Salesforce": "row_errors"}
    assert len(result.answers["night"]["started"]) == 2
    assert "Plan__c" in column(result.shown("causes"), "cause")[0]
    assert len(result.rows("postgresql", "nightly.contact")) == len(seed("hubspot", "contacts"))


@guide
def why_did_this_sync_fail(result: Result) -> None:
    wanted = [row for row in customers() if row["plan"] != "gold"]
    dirt = [row for row in wanted if row["plan"] == "platinum"]

    contacts = by(result.rows("salesforce", "Contact"), "Email")
    assert column(result.shown("refused"), "email") == column(dirt, "email")
    assert column(result.shown("runs"), "refused") == [len(dirt), 0]
    assert column(result.shown("runs"), "total") == [len(wanted), len(dirt)]
    assert {contacts[row["email"]]["Plan__c"] for row in dirt} == {"enterprise"}
    assert "Plan__c" in column(result.shown("causes"), "cause")[0]


async def short_sleep(_seconds: float) -> None:
    """Wait for work under way, but not for long: it ends within milliseconds."""
    await anyio.sleep(0.01)


async def run_guide(name: str, version: str = NEWEST) -> Result:
    """Run a guide in memory, on a sandbox of its own."""
    app = create_sandbox(key="story", past=DEMOS[name].needs_past)
    with listening(app) as sandbox, anyio.fail_after(60):
        settings = Settings(
            api_key=Secret("story"), api_url=sandbox.url, api_version=version, toolsets=TOOLSETS
        )
        async with Client(build_server(settings, caller=partial(Caller, sleep=short_sleep))) as client:
            runner = Runner(client, Screen(io.StringIO()), settings)
            outcome = await runner.run(DEMOS[name])
        result = Result(outcome, runner.answers, app.state.workspace)
        CHECKS[name](result)
    return result


@pytest.mark.parametrize("name", DEMOS)
async def test_a_guide_ends_with_the_rows_that_must_be_there(name: str) -> None:
    result = await run_guide(name)

    parts = {name: count for name, count in result.counts.items() if name != "total"}
    assert sum(parts.values()) == result.counts.get("total", 0)
    assert all(rows for rows in result.outcome.rows.values())


@pytest.mark.parametrize(
    "name",
    [
        "add_snowflake_contacts_to_gong_engage_flow",
        "bulk_sync_hubspot_to_postgresql",
        "sync_mysql_to_snowflake",
        "provision_customer_organization",
    ],
)
async def test_a_guide_ends_with_the_same_rows_in_the_older_version(name: str) -> None:
    result = await run_guide(name, OLDEST)

    assert all(rows for rows in result.outcome.rows.values())


@pytest.mark.parametrize(
    ("name", "table", "count"),
    [
        ("sync_gcs_to_webhook", "records", 15),
        ("bulk_sync_salesforce_to_snowflake", "joined", 8),
        ("provision_customer_organization", "second", 1),
        ("embed_connection_form", "accounts", 8),
    ],
)
def test_a_guide_is_done_by_the_command_over_stdio(
    start: Callable[..., Any], name: str, table: str, count: int
) -> None:
    demo = start("demo", name, "--json")
    out, err = demo.communicate(timeout=60)

    document = json.loads(out)
    assert (demo.returncode, err) == (0, "")
    assert len(document[table]) == count
    assert '"sandbox_' not in out


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("way", ["memory", "stdio", "http"])
async def test_contacts_get_into_the_flow_by_every_way_a_host_connects(
    connect: Callable[..., Any], settings: Settings, way: str, mode: str
) -> None:
    with anyio.fail_after(60):
        async with connect(way, mode) as client:
            runner = Runner(client, Screen(io.StringIO()), settings)
            outcome = await runner.run(DEMOS["add_snowflake_contacts_to_gong_engage_flow"])

    counts = (outcome.execution or {})["counts"]
    assert counts["total"] == counts["insert"] + counts["update"] + counts["error"]
    assert len(outcome.rows["arrived"]) == counts["insert"] == 20
    assert len(outcome.rows["refused"]) == counts["error"] == 3


def test_every_guide_has_a_check_of_its_own() -> None:
    assert CHECKS.keys() == DEMOS.keys()
