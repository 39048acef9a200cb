"""Any input gets a clear answer: never an internal error, never a secret."""

import gzip
import json
from typing import Any
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from polytomic_mcp.sandbox.data.systems.connection_types import load_connection_types

HEADERS = {"Authorization": "Bearer sandbox-key", "X-Polytomic-Version": "2025-09-18"}
SECRET = "hunter2-hunter2"

TYPES = load_connection_types()
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def connections(draw: st.DrawFn) -> dict[str, Any]:
    """Bodies near to what the API takes: a real type, real fields, values of any kind."""
    type_ = TYPES[draw(st.sampled_from(sorted(TYPES)))]
    names = st.sampled_from([*type_.fields, "password"]) | st.text()
    values = JSON | st.just(SECRET) | st.just("********")
    return {
        "name": draw(st.text()),
        "type": type_.id,
        "configuration": draw(st.dictionaries(names, values, max_size=8)),
        **draw(
            st.dictionaries(
                st.sampled_from(["redirect_url", "policies", "validate", "zzz"]), JSON, max_size=2
            )
        ),
    }


relaxed = settings(
    max_examples=settings().max_examples * 3 // 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(body=connections())
def test_any_connection_is_created_or_refused_clearly(sandbox: Starlette, body: dict[str, Any]) -> None:
    answer = TestClient(sandbox).post("/api/connections", json=body, headers=HEADERS)

    assert answer.status_code in {200, 400, 422}
    assert answer.status_code == 200 or SECRET not in answer.text


@relaxed
@given(body=st.binary() | JSON.map(lambda value: json.dumps(value).encode()), path=st.text(max_size=20))
def test_any_bytes_at_any_path_get_a_clear_answer(sandbox: Starlette, body: bytes, path: str) -> None:
    client = TestClient(sandbox)

    created = client.post("/api/connections", content=body, headers=HEADERS)
    fetched = client.get("/api/connections/" + quote(path, safe="", errors="replace"), headers=HEADERS)

    assert created.status_code in {400, 422}
    assert fetched.status_code in {200, 404}


async def test_a_compressed_body_is_refused(http: httpx.AsyncClient) -> None:
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

    refused = await http.post("/api/connections", content=gzip.compress(b"{}"), headers=headers)

    assert refused.status_code == 415
    assert refused.json()["key"] == "unsupported_encoding"
