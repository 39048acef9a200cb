"""A real PostgreSQL, used through the tools: read by a model, written by a sync and by a bulk sync."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from polytomic_mcp.cli.demo.consent import consent
from polytomic_mcp.settings import TOOLSETS

pytestmark = pytest.mark.slow

Speaking = Callable[..., AbstractAsyncContextManager[Any]]

PATIENCE = 90
PEOPLE = """
CREATE TABLE people (id int PRIMARY KEY, email text, plan text, spent numeric(20,2), seen timestamptz,
  tags jsonb);
INSERT INTO people
SELECT n, 'p' || n || '@acme.example', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'free' END, n * 1.25,
  timestamptz '2026-01-01 00:00+02' + n * interval '1 hour', jsonb_build_object('n', n)
FROM generate_series(1, 2500) n;
CREATE VIEW pros AS SELECT * FROM people WHERE plan = 'pro';
CREATE TABLE accounts (
  account_id bigserial PRIMARY KEY, mail text NOT NULL UNIQUE, balance numeric(20,2),
  last_seen timestamptz, details jsonb, note text DEFAULT 'made by us'
);
INSERT INTO accounts (mail, balance, note) VALUES
  ('p3@acme.example', 0, 'kept'), ('other@acme.example', 5, 'kept');
"""
QUERY = {"query": "SELECT email, spent, seen, tags FROM people WHERE plan = 'pro' ORDER BY id"}


def field(name: str, target: str) -> dict[str, Any]:
    return {"source": {"model_id": "Pros", "field": name}, "target": target}


SYNC: dict[str, Any] = {
    "name": "Pros into accounts",
    "mode": "updateOrCreate",
    "identity": {**field("email", "mail"), "function": "Equality"},
    "fields": [field("spent", "balance"), field("seen", "last_seen"), field("tags", "details")],
    "target": {"connection_id": "Shop", "object": "public.accounts"},
}


async def test_a_sync_copies_rows_between_tables_and_the_counts_match_the_servers(
    speaking: Speaking, postgresql: Any
) -> None:
    postgresql(PEOPLE)
    configuration = postgresql.configuration
    with anyio.fail_after(PATIENCE):
        async with speaking("memory", "auto", toolsets=TOOLSETS) as speak:
            await speak("create_connection", name="Shop", type="postgresql", configuration=configuration)
            await speak("create_model", name="Pros", connection_id="Shop", configuration=QUERY)
            view = {"view": "public.pros"}
            await speak("create_model", name="View", connection_id="Shop", configuration=view)
            seen = await speak("preview_model", model_id="View")
            asked = await speak("run_query", connection_id="Shop", query="SELECT count(*) AS n FROM pros")
            await speak("create_sync", **SYNC)
            first = await speak("start_sync", sync_id=SYNC["name"], wait_seconds=60)
            again = await speak("start_sync", sync_id=SYNC["name"], wait_seconds=60)

    assert asked["rows"] == [[833]]
    assert seen["rows"]
    assert (first["status"], again["status"]) == ("completed", "completed"), (first, again)
    counts = first["counts"]
    assert (counts["total"], counts["update"], counts["insert"], counts["error"]) == (833, 1, 832, 0)
    assert again["counts"]["total"] == 0
    assert postgresql("SELECT count(*) FROM accounts") == [(834,)]
    differing = """
        SELECT count(*) FROM pros JOIN accounts ON mail = email
        WHERE (balance, last_seen, details) IS DISTINCT FROM (spent, seen, tags)
    """
    assert postgresql(differing) == [(0,)]
    kept = "SELECT note, count(*) FROM accounts GROUP BY 1 ORDER BY 1"
    assert postgresql(kept) == [("kept", 2), ("made by us", 832)]


async def test_only_the_row_that_the_server_refuses_fails(speaking: Speaking, postgresql: Any) -> None:
    postgresql(PEOPLE)
    postgresql("ALTER TABLE accounts ADD CONSTRAINT no_such_balance CHECK (balance <> 1248.75)")
    with anyio.fail_after(PATIENCE):
        async with speaking("memory", "auto", toolsets=TOOLSETS) as speak:
            made = {"name": "Shop", "type": "postgresql", "configuration": postgresql.configuration}
            await speak("create_connection", **made)
            await speak("create_model", name="Pros", connection_id="Shop", configuration=QUERY)
            await speak("create_sync", **SYNC)
            run = await speak("start_sync", sync_id=SYNC["name"], wait_seconds=60)

    counts = run["counts"]
    assert (counts["total"], counts["update"], counts["insert"], counts["error"]) == (833, 1, 831, 1)
    assert "no_such_balance" in str(run["errors"])
    assert postgresql("SELECT count(*) FROM accounts") == [(833,)]


async def test_a_bulk_sync_creates_and_fills_tables_and_updates_them_from_their_source(
    speaking: Speaking, postgresql: Any
) -> None:
    ends = {"source_connection_id": "CRM", "destination_connection_id": "Lake"}
    place = {"destination_configuration": {"schema": "hubspot"}, "schemas": ["Contact"]}
    with anyio.fail_after(PATIENCE):
        async with speaking("memory", "auto", toolsets=TOOLSETS) as speak:
            asked = await speak("create_connection", name="CRM", type="hubspot", configuration={})
            await consent(asked["auth_url"])
            made = {"name": "Lake", "type": "postgresql", "configuration": postgresql.configuration}
            await speak("create_connection", **made)
            await speak("create_bulk_sync", name="Copy", **ends, **place, mode="replicate")
            first = await speak("start_bulk_sync", bulk_sync_id="Copy", wait_seconds=60)
            copied = postgresql("SELECT count(*) FROM hubspot.contact")
            again = await speak("start_bulk_sync", bulk_sync_id="Copy", wait_seconds=60)
            postgresql("DELETE FROM hubspot.contact WHERE ctid IN (SELECT ctid FROM hubspot.contact LIMIT 2)")
            mended = await speak("start_bulk_sync", bulk_sync_id="Copy", wait_seconds=60)

    assert (first["status"], again["status"], mended["status"]) == ("completed",) * 3, (first, again, mended)
    assert copied == [(first["record_count"],)]
    assert first["record_count"] > 2
    assert (again["record_count"], mended["record_count"]) == (0, 2)
    assert postgresql("SELECT count(*) FROM hubspot.contact") == copied


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"port": 1}, {"database": "nope"}])
async def test_a_server_that_does_not_answer_or_refuses_fails_the_connection_test(
    speaking: Speaking, postgresql: Any, wrong: dict[str, Any]
) -> None:
    configuration = postgresql.configuration | wrong
    async with speaking("memory", "auto") as speak:
        made = await speak("create_connection", name="Off", type="postgresql", configuration=configuration)

    assert made["status"] == "unhealthy"
    assert "could not be reached" in made["status_error"]
