"""The client's one door: what leaves for a call, and what comes back."""

import base64
import subprocess
import sys
from typing import Any

import anyio
import httpx
import pytest

from polytomic_mcp.catalogue import load_catalogue
from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import (
    AccessDeniedError,
    ArgumentError,
    ConfigurationError,
    UnexpectedAnswerError,
    UnknownArgumentError,
    UnknownOperationError,
)
from polytomic_mcp.settings import Secret, Settings

pytestmark = pytest.mark.anyio

HARBOR_QUERY = "POST /api/harbors/{harbor_id}/query"
LOG_FILE = "GET /api/syncs/{sync_id}/executions/{id}/{type}/{filename}"
LOG_FILE_ARGUMENTS = {"sync_id": "s", "id": "e", "type": "errors", "filename": "1.json"}
QUERY = "POST /api/connections/{connection_id}/query"


async def test_a_call_places_its_arguments_and_returns_the_whole_body(script: Any) -> None:
    api, network = script(httpx.Response(200, json={"data": {"id": "1"}}))

    body = await api.call(
        "POST /api/connections", name="Łódź", type="snowflake", configuration={"account": None}
    )

    assert body == {"data": {"id": "1"}}
    assert str(network.request.url) == "https://app.polytomic.com/api/connections"
    assert network.body == {"name": "Łódź", "type": "snowflake", "configuration": {"account": None}}
    assert network.request.headers["Content-Type"] == "application/json"


async def test_every_call_names_its_version_and_its_key(script: Any, key: str) -> None:
    api, network = script(api_version="2024-02-08")

    await api.call("GET /api/me")

    assert network.request.headers["X-Polytomic-Version"] == "2024-02-08"
    assert network.request.headers["Authorization"] == f"Bearer {key}"
    assert "Idempotency-Key" not in network.request.headers
    assert "Content-Type" not in network.request.headers


async def test_a_query_is_written_into_the_url(script: Any) -> None:
    api, network = script()

    await api.call("GET /api/models/{id}", **{"id": "a/../b?c=d", "async": True})

    assert network.request.url.raw_path == b"/api/models/a%2F..%2Fb%3Fc%3Dd?async=true"


@pytest.mark.parametrize(
    ("base_url", "reached"),
    [
        ("polytomic.example.com", "https://polytomic.example.com/api/me"),
        (" https://polytomic.example.com// ", "https://polytomic.example.com/api/me"),
        ("http://localhost:8000/tools/polytomic/", "http://localhost:8000/tools/polytomic/api/me"),
        ("https://Polytomic.Example.com:443", "https://polytomic.example.com/api/me"),
    ],
)
async def test_the_base_url_is_joined_as_it_is_meant(script: Any, base_url: str, reached: str) -> None:
    api, network = script(base_url=base_url)

    await api.call("GET /api/me")

    assert str(network.request.url) == reached


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "ftp://host",
        "https://",
        "https://me:secret@host",
        "https://host?x",
        "https://host#x",
        "https://host:port",
    ],
)
async def test_a_base_url_that_cannot_work_is_explained_by_each_call(script: Any, base_url: str) -> None:
    api, network = script(base_url=base_url)

    with pytest.raises(ConfigurationError, match="POLYTOMIC_API_URL must be") as caught:
        await api.call("GET /api/me")

    assert "secret" not in str(caught.value)
    assert network.requests == []


@pytest.mark.parametrize(
    ("auth_mode", "organization_id", "authorization"),
    [
        ("user", "org-1", "Bearer a-very-secret-key"),
        ("partner", None, "Bearer a-very-secret-key"),
        ("partner", "org-1", f"Basic {base64.b64encode(b'org-1:a-very-secret-key').decode()}"),
        ("deployment", "org-1", f"Basic {base64.b64encode(b'org-1:a-very-secret-key').decode()}"),
    ],
)
async def test_a_key_is_presented_as_its_kind_asks(
    script: Any, auth_mode: str, organization_id: str | None, authorization: str
) -> None:
    api, network = script(auth_mode=auth_mode, organization_id=organization_id)

    await api.call("GET /api/me")

    assert network.request.headers["Authorization"] == authorization


@pytest.mark.parametrize("organization_id", [None, "a:b", "a b"])
async def test_a_deployment_key_needs_its_organization(script: Any, organization_id: str | None) -> None:
    api, _ = script(auth_mode="deployment", organization_id=organization_id)

    with pytest.raises(ConfigurationError, match="set POLYTOMIC_ORGANIZATION_ID"):
        await api.call("GET /api/me")


@pytest.mark.parametrize("api_key", [None, ""])
async def test_a_client_without_a_key_says_what_to_set(script: Any, api_key: str | None) -> None:
    api, network = script(api_key=api_key)

    with pytest.raises(ConfigurationError, match=r"set POLYTOMIC_API_KEY, or start with --sandbox"):
        await api.call("GET /api/me")

    assert network.requests == []


@pytest.mark.parametrize("api_key", ["two words", "broken\nline", "ключ"])
async def test_a_key_that_no_header_can_carry_is_refused_unseen(script: Any, api_key: str) -> None:
    api, _ = script(api_key=api_key)

    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        await api.call("GET /api/me")

    assert api_key not in str(caught.value)


async def test_a_version_that_is_no_date_is_refused(script: Any) -> None:
    api, _ = script(api_version="latest\r\nX-Evil: 1")

    with pytest.raises(ConfigurationError, match="POLYTOMIC_API_VERSION must be a date"):
        await api.call("GET /api/me")


async def test_an_operation_that_does_not_exist_is_refused_with_the_nearest(script: Any) -> None:
    api, _ = script()

    with pytest.raises(UnknownOperationError, match="GET /api/syncs"):
        await api.call("GET /api/sync")


async def test_an_argument_too_long_for_a_url_is_refused_before_it_is_sent(script: Any) -> None:
    api, network = script()

    with pytest.raises(ArgumentError, match=r"GET /api/syncs/\{id\}: .* fits no URL"):
        await api.call("GET /api/syncs/{id}", id="x" * 70_000)

    assert network.requests == []


@pytest.mark.parametrize("content", [b"", b" \n"])
async def test_an_empty_answer_is_none(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(204, content=content))

    assert await api.call("DELETE /api/syncs/{id}", id="1") is None


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_a_success_that_is_not_json_is_not_taken_for_the_api(script: Any, content: bytes) -> None:
    api, _ = script(httpx.Response(200, content=content))

    with pytest.raises(
        UnexpectedAnswerError, match="does not look like the Polytomic API: check POLYTOMIC_API_URL"
    ):
        await api.call("GET /api/me")


async def test_a_compression_that_is_broken_is_explained(script: Any) -> None:
    api, _ = script(
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"not gzip"))
    )

    with pytest.raises(UnexpectedAnswerError, match="compression is broken"):
        await api.call("GET /api/me")


async def test_an_answer_over_the_bound_is_refused(script: Any) -> None:
    api, _ = script(httpx.Response(200, json={"data": "x" * 2000}), largest_answer=1000)

    with pytest.raises(UnexpectedAnswerError, match="more than 1,000 bytes"):
        await api.call("GET /api/me")


def _operations(*, reading: bool) -> list[str]:
    return [name for name, operation in load_catalogue().items() if (operation.effect == "read") is reading]


async def test_read_only_refuses_every_operation_that_may_change_something(script: Any) -> None:
    api, network = script(access_mode="read-only")
    refused: list[str] = []

    for operation in _operations(reading=False):
        with pytest.raises(AccessDeniedError, match="POLYTOMIC_ACCESS_MODE is read-only") as caught:
            await api.call(operation)
        refused += [operation for _ in [0] if operation in str(caught.value)]

    assert refused == _operations(reading=False)
    assert network.requests == []


async def test_read_only_allows_reading_even_by_post(script: Any) -> None:
    api, network = script(access_mode="read-only")

    await api.call("POST /api/connections/test", type="snowflake", configuration={})

    assert network.request.method == "POST"


async def test_a_header_the_operation_takes_is_sent_under_its_own_name(script: Any) -> None:
    api, network = script()

    await api.call("GET /api/queries/{id}", id="q", headers={"x-polytomic-harbor-session": "s-1"})

    assert (b"X-Polytomic-Harbor-Session", b"s-1") in network.request.headers.raw


async def test_a_key_of_the_callers_own_is_sent(script: Any) -> None:
    api, network = script()

    await api.call("POST /api/syncs/{id}/executions", id="s", headers={"Idempotency-Key": "run-of-monday"})

    assert network.keys == ["run-of-monday"]


@pytest.mark.parametrize(
    ("headers", "error", "says"),
    [
        (
            {"Authorization": "Bearer other"},
            UnknownArgumentError,
            "takes no header 'Authorization'. It takes Idemp",
        ),
        ({"Idempotency-Key": "short"}, ArgumentError, "Idempotency-Key must be 8 to 255"),
        ({"Idempotency-Key": "line\r\nbreak: 1"}, ArgumentError, "must be printable ASCII"),
    ],
)
async def test_a_header_that_does_not_fit_is_refused(
    script: Any, headers: dict[str, str], error: type[Exception], says: str
) -> None:
    api, network = script()

    with pytest.raises(error, match=says):
        await api.call("POST /api/syncs/{id}/activate", id="s", active=True, headers=headers)

    assert network.requests == []


async def test_an_operation_without_headers_says_so(script: Any) -> None:
    api, _ = script()

    with pytest.raises(UnknownArgumentError, match="It takes none"):
        await api.call("GET /api/me", headers={"X-Other": "1"})


def test_no_operation_has_an_argument_that_the_call_keeps_for_itself() -> None:
    names = {parameter.name for operation in load_catalogue().values() for parameter in operation.parameters}

    assert "headers" not in names


async def test_a_short_query_goes_out_both_ways(script: Any) -> None:
    api, network = script()

    await api.call(QUERY, connection_id="c", query="SELECT 1")

    assert network.request.url.params["query"] == "SELECT 1"
    assert network.body == {"query": "SELECT 1"}


async def test_a_long_query_goes_out_in_the_body_only(script: Any) -> None:
    api, network = script()
    sql = "SELECT '" + "é" * 1024 + "'"

    await api.call(QUERY, connection_id="c", query=sql)

    assert network.request.url.query == b""
    assert network.body == {"query": sql}


async def test_a_query_on_a_harbor_carries_a_fresh_activity_id(script: Any) -> None:
    api, network = script()

    await api.call(HARBOR_QUERY, harbor_id="h", query="SELECT 1")
    await api.call(HARBOR_QUERY, harbor_id="h", query="SELECT 1")

    assert len({request.headers["X-Polytomic-Activity-Request-ID"] for request in network.requests}) == 2


async def test_a_log_file_comes_as_text(script: Any) -> None:
    api, _ = script(httpx.Response(200, content='{"a": "é"}\n{"a": 2}\n'.encode()))

    assert await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS) == '{"a": "é"}\n{"a": 2}\n'


async def test_a_log_file_that_is_no_text_comes_as_bytes(script: Any) -> None:
    api, _ = script(httpx.Response(200, content=b"PAR1\xff"))

    assert await api.call(LOG_FILE, **LOG_FILE_ARGUMENTS) == b"PAR1\xff"


async def test_settings_describe_a_client(script: Any) -> None:
    _, network = script()
    settings = Settings(
        api_key=Secret("partner-key-1"),
        api_url="https://p.example.com",
        auth_mode="partner",
        organization_id="o",
    )

    async with Polytomic.from_settings(settings, transport=network) as api:
        await api.call("GET /api/me")

    assert network.request.url.host == "p.example.com"
    assert network.request.headers["Authorization"].startswith("Basic ")


async def test_a_closed_client_opens_again(script: Any) -> None:
    api, network = script()

    async with api:
        await api.call("GET /api/me")
    await api.call("GET /api/me")
    await api.aclose()
    await api.aclose()

    assert len(network.requests) == 2


async def test_calls_run_at_the_same_time() -> None:
    everyone_is_in = anyio.Event()
    inside: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        inside.append(request.url.path)
        if len(inside) == 20:
            everyone_is_in.set()
        await everyone_is_in.wait()
        return httpx.Response(200, json={})

    with anyio.fail_after(10):
        async with (
            Polytomic("key", transport=httpx.MockTransport(answer)) as api,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(20):
                tasks.start_soon(api.call, "GET /api/me")

    assert len(inside) == 20


@pytest.mark.parametrize("operation", ["GET /api/syncs/{id}", "POST /api/syncs"])
async def test_what_is_missing_in_the_configuration_is_told_before_what_is_missing_in_the_call(
    script: Any, operation: str
) -> None:
    api, _ = script(api_key=None)

    with pytest.raises(ConfigurationError):
        await api.call(operation)


def test_making_a_client_loads_neither_the_catalogue_nor_certificates() -> None:
    code = """if True:
        import ssl
        from polytomic_mcp.catalogue import load_catalogue
        from polytomic_mcp.client import Polytomic
        ssl.SSLContext.__new__ = None
        Polytomic("key")
        print(load_catalogue.cache_info().currsize)
    """

    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - a constant

    assert done.stdout == "0\n"
