"""A real MySQL, used through the tools: a sync between two tables, and a bulk sync from one."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
import pytest

from polytomic_mcp.settings import TOOLSETS

pytestmark = pytest.mark.slow

Speaking = Callable[..., AbstractAsyncContextManager[Any]]

CREATE = """
CREATE TABLE people (id int AUTO_INCREMENT PRIMARY KEY, email varchar(80), spent decimal(30,20),
  seen datetime(6))
"""
INSERT = """
INSERT INTO people (email, spent, seen) VALUES
  ('a@acme.example', 12345678.12345678901234567890, '2026-01-02 03:04:05.6'), ('b@acme.example', NULL, NULL)
"""


def field(name: str, target: str) -> dict[str, Any]:
    return {"source": {"model_id": "People", "field": name}, "target": target}


async def test_syncs_copy_rows_of_one_table_to_another_and_to_a_warehouse(
    speaking: Speaking, mysql: Any
) -> None:
    mysql(CREATE)
    mysql(INSERT)
    mysql("CREATE TABLE known (mail varchar(80) PRIMARY KEY, total decimal(30,20), at datetime(6))")
    mysql("INSERT INTO known VALUES ('a@acme.example', 1, NULL)")
    database = mysql.configuration["dbname"]
    warehouse = {"account": "acme", "username": "ada", "password": "pw", "dbname": "ANALYTICS"}
    sync: dict[str, Any] = {
        "name": "Known people",
        "mode": "updateOrCreate",
        "identity": {**field("email", "mail"), "function": "Equality"},
        "fields": [field("spent", "total"), field("seen", "at")],
        "target": {"connection_id": "Shop", "object": f"{database}.known"},
    }
    ends = {"source_connection_id": "Shop", "destination_connection_id": "Warehouse"}
    place = {"destination_configuration": {"schema": "shop"}, "schemas": [f"{database}.people"]}
    with anyio.fail_after(90):
        async with speaking("memory", "auto", toolsets=TOOLSETS) as speak:
            await speak("create_connection", name="Shop", type="mysql", configuration=mysql.configuration)
            await speak("create_connection", name="Warehouse", type="snowflake", configuration=warehouse)
            table = {"table": f"{database}.people"}
            await speak("create_model", name="People", connection_id="Shop", configuration=table)
            await speak("create_sync", **sync)
            run = await speak("start_sync", sync_id="Known people", wait_seconds=60)
            asked = await speak("run_query", connection_id="Shop", query="SELECT count(*) AS n FROM `known`")
            await speak("create_bulk_sync", name="Copy", **ends, **place, mode="replicate")
            copied = await speak("start_bulk_sync", bulk_sync_id="Copy", wait_seconds=60)

    assert (run["status"], run["counts"]["update"], run["counts"]["insert"]) == ("completed", 1, 1)
    assert asked["rows"] == [[2]]
    assert (copied["status"], copied["record_count"]) == ("completed", 2)
    differing = """
        SELECT count(*) FROM people JOIN known ON mail = email WHERE NOT (spent <=> total AND seen <=> at)
    """
    assert mysql(differing) == [(0,)]
