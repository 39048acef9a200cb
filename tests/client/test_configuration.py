"""The configuration of a client: its address, key and version."""

import base64
from typing import Any

import pytest

from polytomic_mcp.client import Polytomic
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import Secret, Settings


@pytest.mark.parametrize(
    ("base_url", "reached"),
    [
        ("polytomic.example.com", "https://polytomic.example.com/api/me"),
        (" https://polytomic.example.com// ", "https://polytomic.example.com/api/me"),
        ("http://localhost:8000/tools/polytomic/", "http://localhost:8000/tools/polytomic/api/me"),
        ("https://Polytomic.Example.com:443", "https://polytomic.example.com/api/me"),
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
