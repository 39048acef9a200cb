"""The configuration of a client: its address, key and version."""

import base64
from typing import Any

import httpx
import pytest

from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import ConfigurationError, PolytomicError
from polytomic_mcp.settings import Secret, Settings


@pytest.mark.parametrize(
    ("base_url", "reached"),
    [
        ("polytomic.example.com", "https://polytomic.example.com/api/me"),
        (" https://polytomic.example.com// ", "https://polytomic.example.com/api/me"),
        ("http://localhost:8000/tools/polytomic/", "http://localhost:8000/tools/polytomic/api/me"),
        ("https://Polytomic.Example.com:443", "https://polytomic.example.com/api/me"),
        ("https://polytomic.example.com/api", "https://polytomic.example.com/api/me"),
        ("polytomic.example.com/prefix/api/", "https://polytomic.example.com/prefix/api/me"),
        ("https://polytomic.example.com/apis", "https://polytomic.example.com/apis/api/me"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/api/me"),
        ("localhost:8000/api", "http://localhost:8000/api/me"),
    ],
)
async def test_the_base_url_is_joined_with_the_path(script: Any, base_url: str, reached: str) -> None:
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
        "host:port",
        "https://${HOST}",
    ],
)
async def test_an_invalid_base_url_is_explained_by_each_call(script: Any, base_url: str) -> None:
    api, network = script(base_url=base_url)

    with pytest.raises(ConfigurationError, match="base_url must be") as caught:
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
async def test_each_kind_of_key_is_presented_in_its_own_way(
    script: Any, auth_mode: str, organization_id: str | None, authorization: str
) -> None:
    api, network = script(auth_mode=auth_mode, organization_id=organization_id)

    await api.call("GET /api/me")

    assert network.request.headers["Authorization"] == authorization


@pytest.mark.parametrize("organization_id", [None, "a:b", "a b"])
async def test_a_deployment_key_needs_its_organization(script: Any, organization_id: str | None) -> None:
    api, _ = script(auth_mode="deployment", organization_id=organization_id)

    with pytest.raises(ConfigurationError, match="Set organization_id"):
        await api.call("GET /api/me")


@pytest.mark.parametrize("api_key", [None, ""])
async def test_a_client_without_a_key_says_what_to_set(script: Any, api_key: str | None) -> None:
    api, network = script(api_key=api_key)

    with pytest.raises(ConfigurationError, match=r"Set api_key, or start with --sandbox"):
        await api.call("GET /api/me")

    assert network.requests == []


@pytest.mark.parametrize("api_key", ["two words", "broken\nline", "ключ"])
async def test_a_key_that_is_invalid_in_a_header_is_refused_and_not_shown(script: Any, api_key: str) -> None:
    api, _ = script(api_key=api_key)

    with pytest.raises(ConfigurationError, match="Copy it again") as caught:
        await api.call("GET /api/me")

    assert api_key not in str(caught.value)


async def test_a_version_that_is_not_a_date_is_refused(script: Any) -> None:
    api, _ = script(api_version="latest\r\nX-Evil: 1")

    with pytest.raises(ConfigurationError, match="api_version must be a date"):
        await api.call("GET /api/me")


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


@pytest.mark.parametrize("operation", ["GET /api/syncs/{id}", "POST /api/syncs"])
async def test_the_configuration_is_checked_before_the_arguments(script: Any, operation: str) -> None:
    api, _ = script(api_key=None)

    with pytest.raises(ConfigurationError):
        await api.call(operation)


@pytest.mark.parametrize(
    ("base_url", "right"),
    [
        ("https://polytomic.example.com/mcp", "https://polytomic.example.com"),
        ("polytomic.example.com/api/mcp/", "https://polytomic.example.com"),
        ("http://127.0.0.1:8080/p/mcp", "http://127.0.0.1:8080/p"),
    ],
)
async def test_the_address_of_an_mcp_server_is_refused_with_that_of_the_api(
    script: Any, base_url: str, right: str
) -> None:
    api, _ = script(base_url=base_url)

    with pytest.raises(ConfigurationError, match="base_url ends in /mcp") as caught:
        await api.call("GET /api/me")

    assert str(caught.value).endswith(f"like {right}")


@pytest.mark.parametrize(
    ("unset", "options", "said"),
    [
        (
            "POLYTOMIC_API_KEY",
            {},
            "No API key is set. POLYTOMIC_API_KEY is '${X}': the host did not substitute it. Set POLYTOMIC",
        ),
        (
            "POLYTOMIC_ORGANIZATION_ID",
            {"api_key": "key-number-1", "auth_mode": "deployment"},
            "to the organization's id. POLYTOMIC_ORGANIZATION_ID is '${X}': the host did not substitute it.",
        ),
        (
            "POLYTOMIC_API_URL",
            {"api_key": "key-number-1"},
            "and that the key belongs to POLYTOMIC_API_URL. POLYTOMIC_API_URL is '${X}': the host did not",
        ),
        (
            "POLYTOMIC_AUTH_MODE",
            {"api_key": "key-number-1"},
            "belongs to POLYTOMIC_API_URL. POLYTOMIC_AUTH_MODE is '${X}': the host did not substitute it.",
        ),
    ],
)
async def test_an_error_says_which_placeholder_it_comes_from(
    script: Any, unset: str, options: Any, said: str
) -> None:
    _, network = script(httpx.Response(401))
    settings = Settings(unset={unset: "${X}"}, **options)

    async with Polytomic.from_settings(settings, transport=network) as api:
        with pytest.raises(PolytomicError) as caught:
            await api.call("GET /api/me")

    assert said in str(caught.value)
