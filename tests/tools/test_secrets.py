"""Secrets: what is given to a tool as one stands in no result, no refusal and no log."""

import logging
from typing import Any

import pytest

from tests.tools.conftest import Connect

SECRET = "hunter2-correct-horse"
SNOWFLAKE = {"account": "acme-x", "username": "ada", "password": SECRET, "dbname": "ANALYTICS"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_password_never_comes_back(
    mode: str, open_sandbox: Connect, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="polytomic_mcp")
    caplog.set_level(logging.DEBUG, logger="mcp")
    caplog.set_level(logging.DEBUG, logger="httpx")
    wrong: list[dict[str, Any]] = [
        {"name": "W", "type": "snowflake", "configuration": SNOWFLAKE},  # the name is taken by now
        {"name": "X", "type": "nonsense", "configuration": SNOWFLAKE},
        {"name": "X", "type": "snowflake", "configuration": {"pasword": SECRET}},
        {"name": "X", "type": "snowflake", "configuration": SNOWFLAKE | {"port": {"x": SECRET}}},
        {"name": "X", "type": "snowflake", "configuration": SECRET},
        {"name": "X", "type": "snowflake", "configuration": [SECRET], "password": SECRET},
        {"name": [SECRET], "type": {"x": SECRET}, "configuration": SNOWFLAKE},
    ]

    async with open_sandbox(mode=mode) as tools:
        answers = [
            await tools("create_connection", name="W", type="snowflake", configuration=SNOWFLAKE),
            await tools("get_connection", connection_id="W"),
            await tools("list_connections"),
            await tools("test_connection", connection_id="W", configuration={"password": SECRET}),
            await tools("update_connection", connection_id="W", configuration={"password": SECRET}),
            *[(await tools.try_("create_connection", arguments))[1] for arguments in wrong],
        ]
    logged = [f"{record.getMessage()} {record.exc_info}" for record in caplog.records]

    assert SECRET not in str(answers)
    assert SECRET not in str(logged)
    assert SECRET not in "".join(capfd.readouterr())
