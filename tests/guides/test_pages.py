"""The pages of Polytomic's documentation: the guide that covers each, or the reason why none does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from polytomic_mcp.guides import load_guides

PAGES: Final[Mapping[str, str | None]] = {
    "Introduction": None,
    "IP Whitelisting": "allow_polytomic_addresses",
    "Obtaining API keys": "check_api_key",
    "LLMs.txt": None,
    "MCP server": "set_up_this_server",
    "MCP server on-premises": "set_up_this_server",
    "Quickstart": "quickstart",
    "Native clients": None,
    "Concepts": None,
    "Embedding authentication": "embed_connection_form",
    "Multitenancy": "provision_customer_organization",
    "Versioning": "set_up_this_server",
    "Idempotent requests": "repeat_requests_safely",
    "Events": "receive_events",
    "Self-hosted option": "set_up_this_server",
    "2025-09-18 Migration Guide": "migrate_bulk_schedules",
    "Configuring your connections: Overview": "place_connector_settings",
    "CDC streaming from databases": "stream_database_changes",
    "Syncing to custom webhooks": "sync_snowflake_to_webhook",
    "Code examples: Overview": None,
    "Bulk sync from HubSpot to PostgreSQL": "bulk_sync_hubspot_to_postgresql",
    "Bulk sync from Salesforce to S3": "bulk_sync_salesforce_to_s3",
    "Bulk sync from Salesforce to Snowflake": "bulk_sync_salesforce_to_snowflake",
    "Snowflake query to Salesforce": "sync_snowflake_to_salesforce",
    "MongoDB to Salesforce": "sync_mongodb_to_salesforce",
    "Snowflake to a Salesloft cadence": "add_snowflake_contacts_to_salesloft_cadence",
    "Snowflake to a Gong Engage flow": "add_snowflake_contacts_to_gong_engage_flow",
    "Joined PostgreSQL, Airtable and Stripe to HubSpot": "join_postgresql_airtable_stripe_into_hubspot",
    "MySQL to Snowflake": "sync_mysql_to_snowflake",
    "Salesforce to NetSuite": "sync_salesforce_to_netsuite",
    "SOQL": "query_salesforce_with_soql",
    "Snowflake to LinkedIn Ads audiences": "sync_snowflake_to_linkedin_audience",
    "Cloud Storage to Salesforce": "sync_gcs_to_salesforce",
    "Cloud Storage to webhooks": "sync_gcs_to_webhook",
    "Transactional calls with LinkedIn Ads audiences": "call_system_directly",
    "Terraform examples: Overview": None,
    "Terraform: BigQuery to Salesforce": "sync_bigquery_to_salesforce",
    "Terraform: BigQuery to LinkedIn Ads": "sync_bigquery_to_linkedin_audience",
    "Terraform: the provider's smoke test": "terraform_smoke_test",
}

QUESTIONS: Final = {"find_what_fails", "what_ran_last_night", "why_did_this_sync_fail"}
"""Guides that answer a question which no page of the documentation covers."""


@pytest.mark.parametrize("page", PAGES)
def test_each_page_of_the_documentation_has_a_guide_or_a_reason_why_not(page: str) -> None:
    record = (Path(__file__).parents[2] / "docs/decisions/0009-guides-as-prompts.md").read_text("utf-8")

    guide = PAGES[page]

    assert guide in load_guides() if guide else f"| {page} |" in record


def test_each_guide_covers_a_page_of_the_documentation_or_a_question() -> None:
    assert {*load_guides()} == {name for name in PAGES.values() if name} | QUESTIONS
