"""The guides that copy whole schemas, from HubSpot to PostgreSQL and from Salesforce to Snowflake and S3."""

import pytest

from tests.sandbox.resources.bulk_syncs.conftest import Stage


@pytest.mark.parametrize(
    ("source", "to", "configuration", "schema", "output"),
    [
        ("hubspot", "postgresql", {"schema": "hubspot"}, "Contact", "hubspot.contact"),
        ("salesforce", "snowflake", {"schema": "salesforce"}, "Account", "salesforce.account"),
        ("salesforce", "s3", {"format": "csv"}, "Contact", "contact.csv"),
    ],
)
async def test_a_guide_copies_every_row_of_its_source(
    stage: Stage, source: str, to: str, configuration: dict[str, str], schema: str, output: str
) -> None:
    sync = await stage.sync(source=source, to=to, destination_configuration=configuration, mode="replicate")

    execution = await stage.start(sync)

    rows = stage.rows(schema, system=source)
    assert execution["status"] == "completed", execution
    assert next(e for e in execution["schemas"] if e["schema"] == schema)["record_count"] == len(rows)
    assert stage.rows(output, system=to) == [{k.lower(): v for k, v in row.items()} for row in rows]
