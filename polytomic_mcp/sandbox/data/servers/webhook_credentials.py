"""The authentication of webhook requests, by the connection's ``auth_method``."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from polytomic_mcp.common.json_values import as_list, as_object
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers.servers import Servers

_IN_HEADER: Final = 2
"""The ``auth_style`` of basic authentication for the client's credentials, as in golang.org/x/oauth2."""


@dataclass(frozen=True, slots=True)
class RequestTarget:
    """The URL of a request and the headers that authenticate it."""

    url: httpx.URL
    headers: dict[str, str]


def new_secret(connection_id: str) -> str:
    """Return a new secret for a receiver: a JSON Web Token that is sent as the bearer token."""
    header = _token_part({"alg": "HS256", "typ": "JWT"})
    claims = _token_part({"aud": "webhook", "jti": connection_id, "iss": "polytomic-sandbox"})
    signature = hmac.new(secrets.token_bytes(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
    return f"{header}.{claims}.{_base64url(signature)}"


def authenticate(client: httpx.Client, configuration: Mapping[str, Any], servers: Servers) -> RequestTarget:
    """Return the URL and headers of requests to a receiver.

    Raises:
        RefusalError: 422, the receiver's access token could not be obtained.
    """
    url, headers = httpx.URL(configuration["url"]), _by_name(configuration.get("headers"))
    match configuration.get("auth_method"):
        case "basic":
            basic = as_object(configuration.get("basic"))
            headers["Authorization"] = _basic(basic.get("username"), basic.get("password"))
        case "header":
            headers |= _by_name([configuration.get("header")])
        case "query":
            url = url.copy_merge_params(_by_name(configuration.get("query")))
        case "oauth_client_credentials":
            headers["Authorization"] = (
                f"Bearer {_token(client, as_object(configuration.get('oauth')), servers)}"
            )
        case _:
            if secret := configuration.get("secret"):
                headers["Authorization"] = f"Bearer {secret}"
    return RequestTarget(url, headers)


def _token(client: httpx.Client, oauth: Mapping[str, Any], servers: Servers) -> str:
    endpoint = str(oauth.get("token_endpoint") or "")
    if not servers.is_allowed(endpoint):
        raise _refusal(
            f"the host of {endpoint} is not allowed" if endpoint else "the connection has no token_endpoint"
        )
    form = {"grant_type": "client_credentials", **_by_name(oauth.get("extra_form_data"))}
    if oauth.get("scopes"):
        form["scope"] = " ".join(map(str, as_list(oauth["scopes"])))
    headers: dict[str, str] = {}
    if oauth.get("auth_style") == _IN_HEADER:
        headers["Authorization"] = _basic(oauth.get("client_id"), oauth.get("client_secret"))
    else:
        form |= {key: str(oauth.get(key) or "") for key in ("client_id", "client_secret")}
    try:
        response = client.post(endpoint, data=form, headers=headers).raise_for_status()
        return str(as_object(response.json())["access_token"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise _refusal(f"{endpoint} did not return one ({type(error).__name__})") from error


def _refusal(reason: str) -> RefusalError:
    return RefusalError(
        422, f"The webhook's access token could not be obtained: {reason}", key="webhook_failed"
    )


def _by_name(pairs: Any) -> dict[str, str]:
    return {
        str(each.get("name")): str(each.get("value") or "") for each in map(as_object, as_list(pairs)) if each
    }


def _basic(user: Any, password: Any) -> str:
    pair = ":".join(str(each or "") for each in (user, password))
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _token_part(claims: Mapping[str, str]) -> str:
    return _base64url(json.dumps(claims, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
