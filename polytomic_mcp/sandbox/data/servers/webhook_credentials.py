"""How a webhook connection shows who sends: the ways of its ``auth_method``."""

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
from polytomic_mcp.sandbox.data.servers.reach import Reach

_IN_HEADER: Final = 2
"""The ``auth_style`` that sends the client's credentials as basic authentication (golang.org/x/oauth2's)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Where to post to, and the headers that say who does."""

    url: httpx.URL
    headers: dict[str, str]


def new_secret(connection_id: str) -> str:
    """Mint the secret of a receiver: a JSON Web Token that never changes, sent as the bearer token."""
    header = _part({"alg": "HS256", "typ": "JWT"})
    claims = _part({"aud": "webhook", "jti": connection_id, "iss": "polytomic-sandbox"})
    signature = hmac.new(secrets.token_bytes(), f"{header}.{claims}".encode(), hashlib.sha256).digest()
    return f"{header}.{claims}.{_encoded(signature)}"


def sign_in(client: httpx.Client, configuration: Mapping[str, Any], reach: Reach) -> Signed:
    """Return what a request to the receiver needs; ``RefusalError`` where a token cannot be had."""
    url, headers = httpx.URL(configuration["url"]), _named(configuration.get("headers"))
    match configuration.get("auth_method"):
        case "basic":
            given = as_object(configuration.get("basic"))
            headers["Authorization"] = _basic(given.get("username"), given.get("password"))
        case "header":
            headers |= _named([configuration.get("header")])
        case "query":
            url = url.copy_merge_params(_named(configuration.get("query")))
        case "oauth_client_credentials":
            headers["Authorization"] = (
                f"Bearer {_token(client, as_object(configuration.get('oauth')), reach)}"
            )
        case _:
            if secret := configuration.get("secret"):
                headers["Authorization"] = f"Bearer {secret}"
    return Signed(url, headers)


def _token(client: httpx.Client, oauth: Mapping[str, Any], reach: Reach) -> str:
    endpoint = str(oauth.get("token_endpoint") or "")
    if not reach.is_allowed(endpoint):
        raise _refusal(f"{endpoint or 'no token_endpoint'} is not allowed")
    form = {"grant_type": "client_credentials", **_named(oauth.get("extra_form_data"))}
    if oauth.get("scopes"):
        form["scope"] = " ".join(map(str, as_list(oauth["scopes"])))
    headers: dict[str, str] = {}
    if oauth.get("auth_style") == _IN_HEADER:
        headers["Authorization"] = _basic(oauth.get("client_id"), oauth.get("client_secret"))
    else:
        form |= {key: str(oauth.get(key) or "") for key in ("client_id", "client_secret")}
    try:
        answer = client.post(endpoint, data=form, headers=headers).raise_for_status()
        return str(as_object(answer.json())["access_token"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise _refusal(f"{endpoint} gave none ({type(error).__name__})") from error


def _refusal(reason: str) -> RefusalError:
    return RefusalError(422, f"The webhook's access token: {reason}", key="webhook_failed")


def _named(pairs: Any) -> dict[str, str]:
    return {
        str(each.get("name")): str(each.get("value") or "") for each in map(as_object, as_list(pairs)) if each
    }


def _basic(user: Any, password: Any) -> str:
    pair = ":".join(str(each or "") for each in (user, password))
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _part(claims: Mapping[str, str]) -> str:
    return _encoded(json.dumps(claims, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
