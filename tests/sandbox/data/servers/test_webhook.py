"""Requests to a webhook receiver, and their authentication."""

import base64
import json
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.servers import webhook
from polytomic_mcp.sandbox.data.tables.table import Column
from polytomic_mcp.sandbox.workspace.workspace import Workspace
from tests.conftest import Receiver

RECORD = {"record": {"hash": "0123456789abcdef0123", "fields": {" First Name": "Ada", "E-mail": None}}}
SENT = {"hash": "0123456789abcdef", "fields": {"first_name": "Ada", "e_mail": None}}

Put = Callable[[str, dict[str, Any]], str]
Post = Callable[..., None]


@pytest.fixture
def post(
    workspace: Workspace, connection: Put, web_receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Post:
    """Send one record as a run does, without pauses between retries."""
    # The pauses between retries would only slow the tests.
    monkeypatch.setattr(webhook, "RETRY_SECONDS", (0, 0))

    def sent(**configuration: Any) -> None:
        key = connection("webhook", {"url": web_receiver.url, **configuration})
        workspace.tables.insert(workspace.tables.list(key)[0], [RECORD])

    return sent


def test_a_record_is_sent_with_the_sync_that_sends_it(
    workspace: Workspace, post: Post, web_receiver: Receiver
) -> None:
    for id_ in ("idle", "busy"):
        workspace.store.put("sync", id_, {"id": id_, "name": id_.upper(), "target": {"connection_id": "c"}})
    workspace.store.put("execution", "e", {"id": "e", "_sync_id": "busy", "status": "running"})
    post()

    (body,) = web_receiver.bodies
    assert body == {
        "event": "sync.records",
        "object": {"id": "busy", "name": "BUSY", "records": [SENT], "metadata": {}},
    }


BASIC = {"auth_method": "basic", "basic": {"username": "ada", "password": "pw"}}
QUERY = {"auth_method": "query", "query": [{"name": "key", "value": "k&"}]}
OAUTH = {"client_id": "us", "client_secret": "pw", "scopes": ["a", "b"]}


@pytest.mark.parametrize(
    ("configuration", "path", "header", "value"),
    [
        ({"secret": "shared"}, "/hook", "Authorization", "Bearer shared"),
        (BASIC, "/hook", "Authorization", "Basic YWRhOnB3"),
        ({"auth_method": "header", "header": {"name": "X-Key", "value": "k"}}, "/hook", "X-Key", "k"),
        (QUERY, "/hook?key=k%26", "X-More", None),
        ({"headers": [{"name": "X-More", "value": "1"}, {}]}, "/hook", "X-More", "1"),
    ],
)  # fmt: skip
def test_each_authentication_method_is_sent(
    post: Post,
    web_receiver: Receiver,
    configuration: dict[str, Any],
    path: str,
    header: str,
    value: str | None,
) -> None:
    post(**configuration)

    ((came, headers, _),) = web_receiver.came
    assert (came, headers.get(header)) == (path, value)


@pytest.mark.parametrize("style", [1, 2])
def test_an_access_token_is_requested_with_the_clients_credentials(
    post: Post, web_receiver: Receiver, style: int
) -> None:
    extra = [{"name": "audience", "value": "us"}]
    oauth = {**OAUTH, "token_endpoint": web_receiver.url, "auth_style": style, "extra_form_data": extra}
    post(auth_method="oauth_client_credentials", oauth=oauth)

    (_, asking, form), (_, sending, _) = web_receiver.came
    given = {"grant_type": "client_credentials", "audience": "us", "scope": "a b"}
    if style == 1:
        given |= {"client_id": "us", "client_secret": "pw"}
    assert dict(httpx.QueryParams(form.decode())) == given
    assert asking.get("Authorization") == (
        f"Basic {base64.b64encode(b'us:pw').decode()}" if style == 2 else None
    )
    assert sending["Authorization"] == "Bearer issued"


def test_a_token_that_cannot_be_obtained_fails_the_run(post: Post, web_receiver: Receiver) -> None:
    web_receiver.statuses = [401]

    with pytest.raises(RefusalError, match="did not return one"):
        post(auth_method="oauth_client_credentials", oauth={"token_endpoint": web_receiver.url})
    with pytest.raises(RefusalError, match="is not allowed"):
        post(auth_method="oauth_client_credentials", oauth={"token_endpoint": "https://elsewhere.com/"})
    with pytest.raises(RefusalError, match="has no token_endpoint"):
        post(auth_method="oauth_client_credentials")


@pytest.mark.parametrize(
    ("statuses", "attempts"), [([500, 429], 3), ([503, 502, 500], 3), ([400], 1), ([302], 1)]
)
def test_only_server_errors_and_rate_limits_are_retried(
    post: Post, web_receiver: Receiver, statuses: list[int], attempts: int
) -> None:
    web_receiver.statuses = [*statuses]
    if len(statuses) == attempts:
        with pytest.raises(RefusalError, match=f"returned {statuses[-1]}: "):
            post()
    else:
        post()

    assert len(web_receiver.came) == attempts


def test_a_receiver_that_is_unreachable_or_not_allowed_fails_the_run(
    workspace: Workspace, connection: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "RETRY_SECONDS", (0, 0))
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
    key = connection("webhook", {"url": url})
    (table,) = workspace.tables.list(key)

    with pytest.raises(RefusalError, match="could not be reached"):
        workspace.tables.insert(table, [RECORD])
    connection("webhook", {"url": "https://elsewhere.com"})
    with pytest.raises(
        RefusalError, match=r"elsewhere\.com is not allowed. Start the sandbox with --allow-host"
    ):
        workspace.tables.insert(table, [RECORD])


def test_a_secret_that_is_not_a_valid_header_is_not_in_the_message(post: Post) -> None:
    with pytest.raises(RefusalError, match="headers are not valid") as refused:
        post(secret="two\nlines")
    assert "lines" not in refused.value.message


def test_nothing_is_sent_by_a_transaction_that_is_rolled_back(
    workspace: Workspace, post: Post, web_receiver: Receiver
) -> None:
    with pytest.raises(KeyError), workspace.store.transaction():  # noqa: PT012 - the block is the transaction
        post()
        raise KeyError

    assert web_receiver.came == []


def test_a_receiver_has_one_object_without_rows(workspace: Workspace, connection: Put) -> None:
    key = connection("webhook", {"url": "http://127.0.0.1:1"})
    table = workspace.tables.get(key, "http")
    assert table is not None
    column = Column("a", "string", "VARCHAR")
    workspace.tables.create(table)
    workspace.tables.update(table, {1: RECORD})
    workspace.tables.delete(table, [1])
    workspace.tables.clear(table)
    workspace.tables.drop(table)
    workspace.tables.release(key)

    assert workspace.tables.get(key, "other") is None
    assert workspace.tables.add_columns(table, [column]) == table
    assert (
        [*workspace.tables.rows(table)],
        [*workspace.tables.read(table)],
        workspace.tables.pick(table, [1]),
    ) == (
        [],
        [],
        {},
    )
    assert (workspace.tables.count(table), workspace.tables.version(table)) == (0, 0)
    assert (workspace.tables.can_find(table, column), workspace.tables.find(table, column, ["a"])) == (
        False,
        {},
    )


async def test_a_secret_is_generated_as_a_token_and_returned_masked(
    http: httpx.AsyncClient, web_receiver: Receiver, sandbox: Any
) -> None:
    body = {"name": "W", "type": "webhook", "configuration": {"url": web_receiver.url}}
    made = (await http.post("/api/connections", json=body)).json()["data"]
    secret = sandbox.state.workspace.store.get("connection", made["id"])["configuration"]["secret"]

    assert (made["status"], made["configuration"]["secret"]) == ("healthy", "********")
    header, claims, _ = secret.split(".")
    assert json.loads(base64.urlsafe_b64decode(f"{header}=="))["alg"] == "HS256"
    assert json.loads(base64.urlsafe_b64decode(f"{claims}=="))["aud"] == "webhook"
    assert web_receiver.came == []

    await http.put(f"/api/connections/{made['id']}", json=body | {"name": "Renamed"})
    kept = sandbox.state.workspace.store.get("connection", made["id"])
    assert (kept["name"], kept["configuration"]["secret"]) == ("Renamed", secret)
