"""The operations that depart from the API's conventions: queries and log files."""

from typing import Any

import httpx

HARBOR_QUERY = "POST /api/harbors/{harbor_id}/query"
LOG_FILE = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"
LOG_FILE_ARGUMENTS = {"sync_id": "s", "id": "e", "type": "errors", "filename": "1.json"}
QUERY = "POST /api/connections/{connection_id}/query"


async def test_a_short_query_is_sent_in_the_url_and_the_body(script: Any) -> None:
    api, network = script()

    await api.call(QUERY, connection_id="c", query="SELECT 1")

    assert network.request.url.params["query"] == "SELECT 1"
    assert network.body == {"query": "SELECT 1"}


async def test_a_long_query_is_sent_in_the_body_only(script: Any) -> None:
    api, network = script()
    sql = "SELECT '" + "é" * 1024 + "'"

    await api.call(QUERY, connection_id="c", query=sql)

    assert network.request.url.query == b""
    assert network.body == {"query": sql}


async def test_a_query_on_a_harbor_has_a_new_activity_id(script: Any) -> None:
    api, network = script()

    await api.call(HARBOR_QUERY, harbor_id="h", query="SELECT 1")
    await api.call(HARBOR_QUERY, harbor_id="h", query="SELECT 1")

    assert len({request.headers["X-Polytomic-Activity-Request-ID"] for request in network.requests}) == 2


async def test_a_log_file_is_returned_as_text(script: Any) -> None:
    api, _ = script(httpx.Response(200, content='{"a": "é"}\n{"a": 2}\n'.encode()))

    assert await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS) == '{"a": "é"}\n{"a": 2}\n'


async def test_a_log_file_that_is_not_text_is_returned_as_bytes(script: Any) -> None:
    api, _ = script(httpx.Response(200, content=b"PAR1\xff"))

    assert await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS) == b"PAR1\xff"
