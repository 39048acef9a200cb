"""Context documents: published in versions, drafted, and promoted while their base is current."""

from typing import Any

import httpx
import pytest


@pytest.fixture
async def context(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await http.post(f"{path}/contexts", json={"title": "Words", "content": "one"})
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_each_update_publishes_an_immutable_version(
    http: httpx.AsyncClient, path: str, context: dict[str, Any]
) -> None:
    place = f"{path}/contexts/{context['id']}"
    body = {"title": "Words", "content": "two", "change_note": "more"}
    updated = (await http.put(place, json=body)).json()["data"]

    first, second = (await http.get(f"{place}/versions")).json()["data"]
    old = (await http.get(f"{place}/versions/{first['id']}")).json()["data"]

    assert (context["version"], updated["version"], updated["content"]) == (1, 2, "two")
    assert (second["id"], second["change_note"], "content" in second) == (
        updated["revision_id"], "more", False,
    )  # fmt: skip
    assert old["content"] == "one"
    assert (await http.get(place)).json()["data"] == updated
    (listed,) = (await http.get(f"{path}/contexts")).json()["data"]
    assert (listed["version"], "content" in listed) == (2, False)


async def test_a_draft_is_promoted_while_its_base_is_current(
    http: httpx.AsyncClient, path: str, context: dict[str, Any]
) -> None:
    place = f"{path}/contexts/{context['id']}"
    draft = (await http.put(f"{place}/draft", json={"title": "T", "content": "new"})).json()["data"]
    replaced = (await http.put(f"{place}/draft", json={"title": "T", "content": "newer"})).json()["data"]

    promoted = (await http.post(f"{place}/draft/promote")).json()["data"]

    assert (draft["base_revision_id"], replaced["id"]) == (context["revision_id"], draft["id"])
    assert (promoted["version"], promoted["content"]) == (2, "newer")
    assert (await http.get(f"{place}/draft")).status_code == 404


async def test_promoting_a_draft_with_an_outdated_base_is_a_conflict(
    http: httpx.AsyncClient, path: str, context: dict[str, Any]
) -> None:
    place = f"{path}/contexts/{context['id']}"
    await http.put(f"{place}/draft", json={"title": "T", "content": "new"})
    await http.put(place, json={"title": "T", "content": "direct"})

    refused = await http.post(f"{place}/draft/promote")

    assert (refused.status_code, refused.json()["key"]) == (409, "base_moved")
    assert (await http.get(f"{place}/draft")).json()["data"]["content"] == "new"
    assert (await http.delete(f"{place}/draft")).json() == {"data": {"id": context["id"]}}
    assert (await http.get(place)).status_code == 200


async def test_a_first_draft_is_unpublished_until_promoted(http: httpx.AsyncClient, path: str) -> None:
    body = {"title": "T", "content": "c"}
    draft = (await http.post(f"{path}/contexts/drafts", json=body)).json()["data"]
    place = f"{path}/contexts/{draft['context_id']}"

    (listed,) = (await http.get(f"{path}/contexts/drafts")).json()["data"]
    hidden = await http.get(place)
    promoted = await http.post(f"{place}/draft/promote")

    assert (draft["base_revision_id"], "content" in listed) == (None, False)
    assert (hidden.status_code, promoted.json()["data"]["version"]) == (404, 1)
    assert (await http.get(place)).json()["data"]["content"] == "c"


async def test_deleting_the_draft_of_an_unpublished_document_deletes_the_document(
    http: httpx.AsyncClient, path: str
) -> None:
    draft = await http.post(f"{path}/contexts/drafts", json={"title": "T", "content": "c"})
    place = f"{path}/contexts/{draft.json()['data']['context_id']}/draft"

    await http.delete(place)

    assert (await http.put(place, json={"title": "T", "content": "c"})).status_code == 404


async def test_deleting_a_document_deletes_its_history(
    http: httpx.AsyncClient, path: str, context: dict[str, Any]
) -> None:
    place = f"{path}/contexts/{context['id']}"

    deleted = await http.delete(place)

    assert deleted.json() == {"data": {"id": context["id"]}}
    assert (await http.get(f"{place}/versions")).status_code == 404


async def test_documents_and_versions_of_another_parent_are_not_found(
    http: httpx.AsyncClient, path: str, context: dict[str, Any]
) -> None:
    created = await http.post("/api/harbors", json={"name": "Other", "backing_mode": "managed"})
    other = f"/api/harbors/{created.json()['data']['harbor']['id']}/contexts"
    second = (await http.post(f"{path}/contexts", json={"title": "2", "content": "2"})).json()["data"]
    place = f"{path}/contexts/{context['id']}/versions/{second['revision_id']}"

    assert (await http.get(f"{other}/{context['id']}")).status_code == 404
    assert (await http.get(place)).status_code == 404


@pytest.mark.parametrize("more", [{"title": "t" * 201}, {"content": "c" * 20_001}])
async def test_texts_that_are_too_long_are_refused(
    http: httpx.AsyncClient, path: str, more: dict[str, str]
) -> None:
    body = {"title": "t", "content": "c"} | more

    assert (await http.post(f"{path}/contexts", json=body)).status_code == 422
