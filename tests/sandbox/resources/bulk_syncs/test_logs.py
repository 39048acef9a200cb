"""The logs of a bulk sync's runs, their archive, and their console."""

import io
import json
import zipfile
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.sandbox.resources.bulk_syncs.conftest import Stage


@pytest.mark.usefixtures("people")
async def test_the_logs_are_served_at_signed_urls(stage: Stage, sync: dict[str, Any]) -> None:
    execution = await stage.start(sync)

    logs = await stage.ask("GET", f"{sync['id']}/executions/{execution['id']}/logs")

    (url,) = logs["URLs"]
    opened = await stage.http.get(url, headers={"Authorization": ""})
    lines = [json.loads(line) for line in opened.text.splitlines()]
    assert logs["Expires"] == "2026-01-15T09:15:00Z"
    assert [(line["schema"], line["row"]["id"]) for line in lines] == [
        ("shop.people", id_) for id_ in ("0", "1", "2")
    ]


@pytest.mark.usefixtures("people")
async def test_an_export_returns_an_archive_of_the_logs(stage: Stage, sync: dict[str, Any]) -> None:
    execution = await stage.start(sync)

    answer = await stage.http.post(f"/api/bulk/syncs/{sync['id']}/executions/{execution['id']}/logs/export")
    job_id = answer.json()["job"]["job_id"]
    job = (await stage.http.get(f"/api/jobs/exportlogs/{job_id}")).json()["data"]
    opened = await stage.http.get(job["result"]["url"], headers={"Authorization": ""})
    refused = await stage.http.get(urlsplit(job["result"]["url"]).path)

    with zipfile.ZipFile(io.BytesIO(opened.content)) as archive:
        assert archive.namelist() == ["inserts.jsonl"]
        assert len(archive.read("inserts.jsonl").splitlines()) == 3
    assert refused.status_code == 403


@pytest.mark.usefixtures("people")
async def test_the_console_can_be_limited_to_one_schema(stage: Stage) -> None:
    stage.table("shop.more", "id")
    sync = await stage.sync()
    execution = await stage.start(sync)
    path = f"{sync['id']}/executions/{execution['id']}"

    whole = await stage.ask("GET", f"{path}/consolelog")
    one = await stage.ask("GET", f"{path}/schemas/shop.more/consolelog")

    assert [each["message"] for each in whole["entries"]] == [
        "Started in mode replicate",
        "shop.people: completed",
        "shop.more: completed",
        "Ended: completed",
    ]
    assert [each["message"] for each in one["entries"]] == ["shop.more: completed"]
