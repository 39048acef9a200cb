"""The pages of Polytomic's documentation: which walkthrough each became, or why it has none."""

from collections.abc import Mapping
from typing import Final

from polytomic_mcp.walkthroughs import load_walkthroughs

WALKED: Final[Mapping[str, str]] = {
    "Obtaining API keys": "check_api_key",
    "Quickstart": "quickstart",
    "Embedding authentication": "embed_connection_form",
    "Multitenancy": "provision_customer_organization",
    "Idempotent requests": "repeat_requests_safely",
    "Events": "receive_events",
    "2025-09-18 Migration Guide": "migrate_bulk_schedules",
    "Configuring your connections: Overview": "place_connector_settings",
    "CDC streaming from databases": "stream_database_changes",
    "Syncing to custom webhooks": "sync_snowflake_to_webhook",
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
    "Terraform: BigQuery to Salesforce": "sync_bigquery_to_salesforce",
    "Terraform: BigQuery to LinkedIn Ads": "sync_bigquery_to_linkedin_audience",
    "Terraform: the provider's smoke test": "terraform_smoke_test",
}

WITHOUT_CALLS: Final[Mapping[str, str]] = {
    "Introduction": "says what Polytomic is",
    "IP Whitelisting": "lists addresses to let through a firewall; no operation answers them",
    "LLMs.txt": "says where the documentation is as plain text",
    "MCP server": "sets up a hosted MCP server",
    "MCP server on-premises": "sets up an MCP server for an installation of one's own",
    "Native clients": "lists the SDKs",
    "Concepts": "explains bulk syncs and model syncs",
    "Versioning": "a header of every request: POLYTOMIC_API_VERSION",
    "Self-hosted option": "another address and key: POLYTOMIC_API_URL, POLYTOMIC_AUTH_MODE",
    "Code examples: Overview": "an index",
    "Terraform examples: Overview": "an index",
}
"""Pages without calls that lead to rows, and what they are instead."""


def test_every_walkthrough_belongs_to_a_page() -> None:
    assert sorted(WALKED.values()) == sorted(load_walkthroughs())


def test_a_page_is_walked_or_has_no_calls() -> None:
    assert not WALKED.keys() & WITHOUT_CALLS.keys()
    assert len(WALKED) + len(WITHOUT_CALLS) == 39
