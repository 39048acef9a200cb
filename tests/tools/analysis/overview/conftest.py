"""What the tests of the overview on the sandbox share."""

from typing import Any

from tests.tools.conftest import Tools

ACCOUNT = {"account": "acme-x", "username": "ada", "password": "hunter2", "dbname": "ANALYTICS"}


async def append_people(tools: Tools, **parts: Any) -> None:
    """Create a sync that appends the people of a warehouse to its users."""
    await tools("create_connection", name="Snowflake", type="snowflake", configuration=ACCOUNT)
    query = {"query": "SELECT email FROM customers"}
    await tools("create_model", name="People", connection_id="Snowflake", configuration=query)
    await tools(
        "create_sync",
        name="Users",
        mode="append",
        target={"connection_id": "Snowflake", "object": "public.users"},
        fields=[{"source": {"model_id": "People", "field": "email"}, "target": "email"}],
        **parts,
    )
