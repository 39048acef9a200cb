"""Guides of model syncs."""

from typing import Any

import anyio
import pytest

from tests.stories.literal_guides.conftest import (
    GCS,
    MONGODB,
    MYSQL,
    NETSUITE,
    PATIENCE,
    POSTGRESQL,
    SALESFORCE,
    SNOWFLAKE,
    Guide,
    source,
)

FILE = {"key": "high_paying_users.csv"}
FILES = [FILE, {"model_from": "single_file", "file_format": "csv", **FILE}]


def equality(model: str, field: str, target: str) -> dict[str, Any]:
    return source(model, field, target, function="Equality")


async def test_a_snowflake_query_goes_to_salesforce_on_a_daily_schedule(guide: Guide) -> None:
    warehouse = await guide.connect("snowflake", SNOWFLAKE)
    salesforce = await guide.connect("salesforce", SALESFORCE)
    model = await guide.model(warehouse, {"query": "SELECT email, last_name FROM customers"})

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[source(model, "email", "Email"), source(model, "last_name", "LastName")],
        identity=equality(model, "email", "Email"),
        schedule={"frequency": "daily", "hour": "05", "minute": "00"},
        target={"connection_id": salesforce, "object": "Contact"},
    )

    assert ended["counts"]["update"] > 0


async def test_a_mongodb_collection_goes_to_salesforce(guide: Guide) -> None:
    mongodb = await guide.connect("mongodb", MONGODB)
    salesforce = await guide.connect("salesforce", SALESFORCE)
    path = f"/api/connections/{mongodb}/modelsync/source"
    (database, *_) = (await guide.data("GET", path))["items"]["database"]["items"]
    collections = (await guide.data("GET", path, database=database))["items"]["collection"]["items"]
    model = await guide.model(mongodb, {"database": database, "collection": "users"})

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[source(model, "email", "Email"), source(model, "last_name", "LastName")],
        identity=equality(model, "email", "Email"),
        target={"connection_id": salesforce, "object": "Contact"},
    )

    assert "users" in collections
    assert ended["counts"]["update"] > 0


async def test_snowflake_users_go_to_a_salesloft_cadence(guide: Guide) -> None:
    warehouse = await guide.connect("snowflake", SNOWFLAKE)
    salesloft = await guide.connect("salesloft", {"auth_method": "oauth"})
    model = await guide.model(warehouse, {"query": "SELECT person_id FROM salesloft_people"})
    targets = await guide.data("GET", f"/api/connections/{salesloft}/modelsync/targetobjects")
    cadence = next(each["id"] for each in targets if each["id"].isdigit())
    path = f"/api/connections/{salesloft}/modelsync/target/fields"
    fields = (await guide.data("GET", path, target=cadence))["fields"]
    (key,) = [each["id"] for each in fields if each["required"]]

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[],
        identity=equality(model, "person_id", key),
        target={"connection_id": salesloft, "object": cadence},
    )

    assert ended["counts"]["insert"] > 0


async def test_postgres_airtable_and_stripe_are_joined_into_hubspot(guide: Guide) -> None:
    postgres = await guide.connect("postgresql", POSTGRESQL)
    airtable = await guide.connect("airtable", {})
    stripe = await guide.connect("stripe", {"api_key": "secret"})
    hubspot = await guide.connect("hubspot", {})
    users = await guide.model(postgres, {"table": "public.users"}, name="A")
    base = {"base": "app2ElQeMFcBMx0yp", "table": "tblcjcgYGRPBGVGT3"}
    notes = await guide.model(
        airtable, base, name="B", relations=[{"from": "Email", "to": {"model_id": users, "field": "email"}}]
    )
    customers = await guide.model(
        stripe,
        {"table": "customers"},
        name="C",
        relations=[{"from": "email", "to": {"model_id": users, "field": "email"}}],
    )

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[
            source(users, "email", "email"),
            source(notes, "Last name", "lastname"),
            source(customers, "name", "company"),
        ],
        identity=equality(users, "email", "email"),
        target={"connection_id": hubspot, "object": "contacts"},
    )

    assert ended["counts"]["update"] + ended["counts"]["insert"] > 0


async def test_a_mysql_table_goes_to_a_table_of_snowflake(guide: Guide) -> None:
    mysql = await guide.connect("mysql", MYSQL)
    warehouse = await guide.connect("snowflake", SNOWFLAKE)
    path = f"/api/connections/{mysql}/modelsync/source"
    listed = await guide.data("GET", path)
    drilled = await guide.data("GET", path, table="company.customers")
    model = await guide.model(mysql, {"table": "company.customers"})

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[source(model, "email", "email"), source(model, "plan", "plan")],
        identity=equality(model, "email", "email"),
        target={"connection_id": warehouse, "create": {"name": "customers_of_mysql"}},
    )

    assert list(listed["items"]) == ["query", "table", "tracking_columns", "view"]
    assert listed["items"]["table"]["items"] == ["company.accounts", "company.customers"]
    assert "plan" in drilled["items"]["tracking_columns"]["items"]
    assert ended["counts"]["insert"] == len(guide.rows("mysql", "company.customers"))


@pytest.mark.parametrize("object_", ["companies", "Contact"])
async def test_salesforce_contacts_go_to_netsuite(guide: Guide, object_: str) -> None:
    salesforce = await guide.ready(await guide.connect("salesforce", SALESFORCE))
    netsuite = await guide.ready(await guide.connect("netsuite", NETSUITE))
    path = f"/api/connections/{salesforce}/modelsync/source"
    drilled = await guide.data("GET", path, **{"params[stream_id]": object_})
    model = await guide.model(salesforce, {"table": "Contact"})

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[
            source(model, "Email", "email"),
            source(model, "FirstName", "firstname"),
            source(model, "LastName", "lastname"),
        ],
        identity=equality(model, "Email", "email"),
        filters=[{"field": {"model_id": model, "field": "LastName"}, "function": "IsNotNull"}],
        target={"connection_id": netsuite, "object": "contact"},
    )

    assert drilled["items"]["tracking_columns"]["items"]
    assert ended["counts"]["insert"] > 0
    assert ended["counts"]["error"] == 0


async def test_the_objects_of_netsuite_are_read_by_stream(guide: Guide) -> None:
    netsuite = await guide.connect("netsuite", NETSUITE)
    path = f"/api/connections/{netsuite}/modelsync/source"

    drilled = await guide.data("GET", path, **{"params[stream_id]": "companies"})

    assert "companyname" in drilled["items"]["tracking_columns"]["items"]


@pytest.mark.parametrize("configuration", FILES)
async def test_a_file_of_google_goes_to_salesforce(guide: Guide, configuration: dict[str, Any]) -> None:
    salesforce = await guide.ready(await guide.connect("salesforce", SALESFORCE))
    gcs = await guide.ready(await guide.connect("gcs", GCS))
    model = await guide.model(gcs, configuration)

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[
            source(model, "first_name", "FirstName"),
            source(model, "last_name", "LastName"),
            source(model, "email", "Email"),
        ],
        identity=equality(model, "email", "Email"),
        target={"connection_id": salesforce, "object": "Contact"},
    )

    assert ended["counts"]["update"] == len(guide.rows("gcs", FILE["key"]))


@pytest.mark.parametrize("configuration", FILES)
async def test_a_file_of_google_goes_to_a_webhook(guide: Guide, configuration: dict[str, Any]) -> None:
    webhook = await guide.connect("webhook", {"url": "https://hooks.acme.example/polytomic"})
    gcs = await guide.ready(await guide.connect("gcs", GCS))
    model = await guide.model(gcs, configuration)

    ended = await guide.sync(
        mode="updateOrCreate",
        fields=[source(model, name, "record") for name in ("email", "first_name", "last_name")],
        target={"connection_id": webhook, "object": "http"},
    )

    assert ended["status"] == "completed"
    assert len(guide.rows("webhook", "http")) == len(guide.rows("gcs", FILE["key"]))


async def test_soql_is_answered_by_polling(guide: Guide) -> None:
    salesforce = await guide.connect("salesforce", SALESFORCE)

    asked = {"query": "SELECT Id, Name FROM Account"}
    started = await guide.data("POST", f"/api/connections/{salesforce}/query", asked)
    with anyio.fail_after(PATIENCE):
        while True:
            ended = await guide.data("GET", f"/api/queries/{started['id']}")
            if ended["status"] in ("done", "failed", "unknown"):
                break
            await anyio.sleep(0.02)

    assert ended["status"] == "done"
    assert ended["count"] == len(guide.rows("salesforce", "Account"))


@pytest.mark.parametrize("include_deleted", [True, False])
async def test_deleted_records_are_a_setting_of_salesforce_models(
    guide: Guide, *, include_deleted: bool
) -> None:
    salesforce = await guide.connect("salesforce", SALESFORCE)
    model = await guide.model(salesforce, {"table": "Contact", "include_deleted": include_deleted})

    fields = [field["name"] for field in (await guide.data("GET", f"/api/models/{model}"))["fields"]]

    assert ("IsDeleted" in fields) is include_deleted


class TestLinkedIn:
    """The guide that fills audiences of LinkedIn Ads."""

    ACCOUNT = "1234567::urn:li:organization:987654"

    async def test_the_answer_to_the_connection_has_an_address_for_consent(self, guide: Guide) -> None:
        body = {"name": "Ads Test", "type": "linkedinads", "configuration": {}}

        made = await guide.data("POST", "/api/connections", body)

        assert made["name"] == "Ads Test"
        assert made["organization_id"]
        assert made["auth_url"]

    @pytest.mark.parametrize("account", [ACCOUNT, "urn:li:sponsoredAccount:516848833"])
    async def test_accounts_are_chosen_as_printed(self, guide: Guide, account: str) -> None:
        linkedin = await guide.connect("linkedinads", {})
        await guide.data("GET", f"/api/connections/{linkedin}/parameter_values")
        chosen = {"accounts": [{"value": account, "label": "Account"}]}

        changed = await guide.data(
            "PUT", f"/api/connections/{linkedin}", {"name": "Ads Test", "configuration": chosen}
        )

        assert changed["configuration"]["accounts"] == chosen["accounts"]

    async def test_an_audience_is_created_and_filled(self, guide: Guide) -> None:
        warehouse = await guide.connect("snowflake", SNOWFLAKE)
        linkedin = await guide.connect("linkedinads", {})
        model = await guide.model(warehouse, {"query": "SELECT email FROM customers"})

        ended = await guide.sync(
            mode="updateOrCreate",
            fields=[source(model, "email", "email")],
            identity=equality(model, "email", "email"),
            target={
                "connection_id": linkedin,
                "create": {"account": self.ACCOUNT, "name": "New audience", "type": "user_audience"},
            },
        )

        assert ended["counts"]["insert"] > 0


class TestTerraform:
    """The examples of the Terraform provider, as the API receives them."""

    async def test_a_new_table_of_bigquery(self, guide: Guide) -> None:
        bigquery = await guide.connect("bigquery", {"service_account": "{}", "location": "us"})
        model = await guide.model(bigquery, {"query": "SELECT first_name, last_name FROM customers"})
        body = {
            "name": "Terraform BigQuery my_new_table sync",
            "mode": "updateOrCreate",
            "schedule": {"frequency": "manual"},
            "fields": [source(model, "last_name", "last_name", newField=True)],
            "identity": equality(model, "first_name", "first_name"),
            "target": {
                "connection_id": bigquery,
                "object": "__pt_new_target",
                "search_values": {"dataset": "awesome", "table": "new_table"},
                "new_name": "awesome.table",
            },
        }

        made = await guide.data("POST", "/api/syncs", body)
        again = await guide.data("PUT", f"/api/syncs/{made['id']}", body)
        ended = await guide.run(f"/api/syncs/{made['id']}")

        assert made["target"]["object"] == again["target"]["object"] == "awesome.table"
        assert ended["counts"]["insert"] > 0
        assert guide.rows("bigquery", "awesome.table")

    async def test_a_new_table_without_a_name_is_called_like_its_parts(self, guide: Guide) -> None:
        bigquery = await guide.connect("bigquery", {"service_account": "{}", "location": "us"})
        model = await guide.model(bigquery, {"query": "SELECT email, last_name FROM customers"})

        ended = await guide.sync(
            mode="updateOrCreate",
            fields=[source(model, "last_name", "last_name")],
            identity=equality(model, "email", "email"),
            target={
                "connection_id": bigquery,
                "object": "__pt_new_target",
                "search_values": {"dataset": "awesome", "table": "new_table"},
            },
        )

        assert len(guide.rows("bigquery", "awesome.new_table")) == ended["counts"]["insert"] > 0

    async def test_a_new_table_needs_a_connection_that_exists(self, guide: Guide) -> None:
        nowhere = "11111111-2222-4333-8444-555555555555"
        target = {"connection_id": nowhere, "object": "__pt_new_target", "new_name": "a.b"}

        refused = await guide.send(
            "POST",
            "/api/syncs",
            {
                "name": "S",
                "mode": "create",
                "schedule": {"frequency": "manual"},
                "fields": [],
                "target": target,
            },
        )

        assert refused.status_code == 422
        assert nowhere in refused.json()["message"]

    async def test_the_smoke_test(self, guide: Guide) -> None:
        postgres = await guide.connect("postgresql", POSTGRESQL)
        hubspot = await guide.connect("hubspot", {})
        model = await guide.model(
            postgres,
            {"query": "SELECT * FROM users"},
            fields=["email", "name", "user_id"],
            identifier="user_id",
        )

        ended = await guide.sync(
            active=False,
            mode="updateOrCreate",
            fields=[source(model, "name", "firstname")],
            identity=equality(model, "email", "email"),
            target={
                "connection_id": hubspot,
                "object": "contacts",
                "configuration": {"ignore_additional_emails": True},
                "search_values": {"targetObject": "contacts"},
            },
            sync_all_records=False,
        )

        assert ended["counts"]["update"] > 0


async def test_the_older_spelling_of_the_redirect_is_taken(guide: Guide) -> None:
    asked = {"name": "User connection", "type": "salesforce", "redirectURL": "https://acme.example/back"}

    answer = await guide.data("POST", "/api/connections/connect", asked)
    both = asked | {"redirect_url": "https://acme.example/other"}
    refused = await guide.send("POST", "/api/connections/connect/", both)

    assert (await guide.http.get(answer["redirect_url"])).is_success
    assert refused.status_code == 400


async def test_the_smoke_test_of_terraform_updates_contacts_of_hubspot(guide: Guide) -> None:
    postgresql = await guide.connect("postgresql", POSTGRESQL)
    hubspot = await guide.connect("hubspot", {})
    model = await guide.model(
        postgresql,
        {"query": "SELECT * FROM users"},
        fields=["email", "first_name", "last_name", "id"],
        identifier="id",
    )

    ended = await guide.sync(
        mode="updateOrCreate",
        active=False,
        sync_all_records=False,
        fields=[source(model, "first_name", "firstname"), source(model, "last_name", "lastname")],
        identity=equality(model, "email", "email"),
        target={
            "connection_id": hubspot,
            "object": "contacts",
            "configuration": {"ignore_additional_emails": True},
            "search_values": {"targetObject": "contacts"},
        },
    )

    assert ended["counts"]["insert"] + ended["counts"]["update"] > 0


async def test_a_bucket_takes_the_records_of_the_terraform_example_in_a_file(guide: Guide) -> None:
    postgres = await guide.connect("postgresql", POSTGRESQL)
    bucket = {
        "auth_mode": "access_key_and_secret",
        "aws_access_key_id": "id",
        "aws_secret_access_key": "secret",
        "s3_bucket_region": "us-east-1",
        "s3_bucket_name": "s3://bucket/path",
    }
    s3 = await guide.connect("s3", bucket)
    users = await guide.model(postgres, {"table": "public.users"}, name="Users")
    to_record = [source(users, "email", "record"), source(users, "name", "record")]
    target = {"connection_id": s3, "object": "test", "configuration": {"format": "csv"}}

    first = await guide.sync(mode="replace", fields=to_record, target=target)
    second = await guide.sync(mode="replace", fields=to_record, target=target)

    assert first["counts"]["insert"] == second["counts"]["insert"] > 0
    path = f"/api/connections/{s3}/modelsync/target/fields"
    fields = (await guide.data("GET", path, target="test"))["fields"]
    assert [each["id"] for each in fields] == ["record"]


async def test_a_file_that_is_only_a_source_is_not_replaced(guide: Guide) -> None:
    postgres = await guide.connect("postgresql", POSTGRESQL)
    gcs = await guide.connect("gcs", {"service_account": "{}", "bucket": "gcs://bucket/path"})
    users = await guide.model(postgres, {"table": "public.users"}, name="Users")
    body = {
        "name": "Over a source",
        "mode": "replace",
        "schedule": {"frequency": "manual"},
        "fields": [source(users, "email", "record")],
        "target": {"connection_id": gcs, "object": "high_paying_users.csv"},
    }

    refused = await guide.http.post("/api/syncs", json=body)

    assert refused.status_code == 422
    assert "no target object 'high_paying_users.csv'" in refused.json()["message"]
