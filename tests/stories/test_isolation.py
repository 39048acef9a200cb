"""Two sandboxes in one process are independent."""

import pytest

from polytomic_mcp import Polytomic, UnauthorizedError, create_sandbox
from polytomic_mcp.cli.shared.web import listening

pytestmark = pytest.mark.slow

SNOWFLAKE = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}


async def test_two_sandboxes_share_no_keys_connections_or_rows() -> None:
    with listening(create_sandbox(key="one")) as one, listening(create_sandbox(key="two")) as two:
        async with Polytomic("one", base_url=one.url) as first, Polytomic("two", base_url=two.url) as second:
            await first.call("POST /api/connections", name="Here", type="snowflake", configuration=SNOWFLAKE)
            here = await first.call("GET /api/connections")
            there = await second.call("GET /api/connections")
        async with Polytomic("one", base_url=two.url) as stranger:
            with pytest.raises(UnauthorizedError):
                await stranger.call("GET /api/me")

    assert [connection["name"] for connection in here["data"]] == ["Here"]
    assert there["data"] == []
