"""Plain words find the intended operation, and no query is an error."""

import re
import sqlite3
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytomic_mcp.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.search import Index, load_index, with_id

PARAPHRASES: dict[str, list[str]] = tomllib.loads(
    Path(__file__).with_name("paraphrases.toml").read_text("utf-8")
)
TASKS: dict[str, dict[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("tasks.toml").read_text("utf-8")
)
RARE = 8
"""A word of fewer operations' summaries and paths is a rare one."""


@pytest.fixture(scope="session")
def index() -> Index:
    return load_index()


@pytest.fixture(scope="session")
def rare_words(catalogue: Catalogue) -> Iterator[sqlite3.Connection]:
    """Summaries and paths, searchable by stem."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE texts USING fts5(id, summary, tokenize='porter unicode61')")
    database.executemany("INSERT INTO texts VALUES (?, ?)", [(o.id, o.summary) for o in catalogue.values()])
    yield database
    database.close()


def first_five(index: Index, query: str) -> list[str]:
    return [operation.id for operation in index.search(query)[:5]]


def test_every_operation_has_two_paraphrases_of_its_own(catalogue: Catalogue) -> None:
    assert PARAPHRASES.keys() == set(catalogue)
    assert all(len(set(phrases)) == len(phrases) >= 2 for phrases in PARAPHRASES.values())
    assert all(2 <= len(phrase.split()) <= 14 for phrases in PARAPHRASES.values() for phrase in phrases)


def test_no_paraphrase_shares_a_rare_word_with_its_operation(rare_words: sqlite3.Connection) -> None:
    shared = [
        (id_, phrase, word)
        for id_, phrases in PARAPHRASES.items()
        for phrase in phrases
        for word in re.findall(r"[^\W_]+", phrase.casefold())
        for found in [{row[0] for row in rare_words.execute("SELECT id FROM texts(?)", (f'"{word}"',))}]
        if id_ in found and len(found) < RARE
    ]

    assert shared == []


def test_every_paraphrase_finds_its_operation_within_the_first_five(index: Index) -> None:
    missed = [
        (id_, phrase, first_five(index, phrase))
        for id_, phrases in PARAPHRASES.items()
        for phrase in phrases
        if id_ not in first_five(index, phrase)
    ]

    assert missed == []


@pytest.mark.parametrize(("kind", "first", "third"), [("tuned", 0.85, 0.95), ("untuned", 0.7, 0.9)])
def test_a_task_finds_its_operation_first(kind: str, first: float, third: float, index: Index) -> None:
    tasks = [(id_, task) for id_, tasks in TASKS[kind].items() for task in tasks]
    found = [(id_, first_five(index, task)) for id_, task in tasks]

    assert sum(five[:1] == [id_] for id_, five in found) >= first * len(found)
    assert sum(id_ in five[:3] for id_, five in found) >= third * len(found)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("hubspot contacts to postgres nightly copy", "POST /api/bulk/syncs"),
        ("Stripe invoices into Snowflake", "POST /api/bulk/syncs"),
        ("snowflake to hubspot", "POST /api/syncs"),
        ("send users to salesforce", "POST /api/syncs"),
        ("pause the copy of stripe to bigquery", "POST /api/bulk/syncs/{id}/activate"),
        ("delete hubspot", "DELETE /api/connections/{id}"),
        ("history of our copy into postgres", "GET /api/bulk/syncs/{id}/executions"),
        ("tell me which webhooks there are", "GET /api/webhooks"),
    ],
)
def test_where_data_moves_to_says_which_kind_of_sync_is_meant(query: str, first: str, index: Index) -> None:
    assert index.search(query)[0].id == first


def test_an_id_finds_its_operation_first(catalogue: Catalogue, index: Index) -> None:
    assert [id_ for id_ in catalogue if index.search(id_)[0].id != id_] == []


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("get /api/syncs", "GET /api/syncs"),
        ("/temporary-credentials", "POST /api/temporary-credentials"),
        ("GET /api/connections/0b1c8f3a-1111-2222-3333-444455556666", "GET /api/connections/{id}"),
        ("DELETE /api/connections/17?force=true", "DELETE /api/connections/{id}"),
        ("what is POST /api/syncs/{sync}/cancel for", "POST /api/syncs/{id}/cancel"),
    ],
)
def test_a_url_or_a_part_of_it_finds_its_operation(query: str, first: str, index: Index) -> None:
    assert index.search(query)[0].id == first


def test_part_of_a_path_finds_every_operation_that_contains_it(index: Index) -> None:
    found = index.search("/executions")[:6]

    assert all(operation.path.endswith("/executions") for operation in found[:4])
    assert all("/executions" in operation.path for operation in found)


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("delete conection", "DELETE /api/connections/{id}"),
        ("lsit webhoks", "GET /api/webhooks"),
        ("temporery credentails", "POST /api/temporary-credentials"),
    ],
)
def test_a_typo_is_tolerated(query: str, meant: str, index: Index) -> None:
    assert meant in first_five(index, query)


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        ("turn the webhook back on", "turn on the webhook"),
        ("they switched our hubspot pipeline off", "they switch off our hubspot pipeline"),
    ],
)
def test_a_verb_may_be_separated_from_its_particle(apart: str, together: str, index: Index) -> None:
    assert first_five(index, apart) == first_five(index, together) != []


@pytest.mark.parametrize(
    "question", ["which webhooks have been created", "please show the webhooks that were created"]
)
def test_a_question_finds_an_operation_that_reads(question: str, index: Index) -> None:
    assert index.search(question)[0].effect == "read"


def test_an_imperative_finds_an_operation_that_does_it(index: Index) -> None:
    assert index.search("could you please create a webhook")[0].id == "POST /api/webhooks"


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("purge a webhook", "DELETE /api/webhooks/{id}"),
        ("initiate a model sync", "POST /api/syncs/{id}/executions"),
    ],
)
def test_an_everyday_word_means_the_word_of_the_catalogue(query: str, meant: str, index: Index) -> None:
    assert meant in first_five(index, query)


@pytest.mark.parametrize("query", ["", " ", "🦀", "the", "qxzv", "\x00", '"', "*(", "-", "^:", "\ud800"])
def test_a_query_of_stop_words_finds_nothing(query: str, index: Index) -> None:
    assert index.search(query) == []


@settings(deadline=None, max_examples=settings().max_examples * 3 // 2)
@given(
    st.text()
    | st.lists(
        st.sampled_from(["sync", "AND", "NOT", "NEAR/2", '"', "*", "(", ")", "^", "{id}", "/", ":"])
    ).map(" ".join)
)
def test_no_query_is_an_error(query: str) -> None:
    found = load_index().search(query)

    assert len(found) == len(set(found)) <= 198


def test_only_the_beginning_of_a_very_long_query_is_searched(index: Index) -> None:
    assert index.search("webhook " + "x" * 100_000) == index.search("webhook")


def test_the_same_query_finds_the_same_on_any_thread(index: Index) -> None:
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(first_five(index, "halt my pipeline"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [first_five(index, "halt my pipeline")] * 4


def test_a_catalogue_without_synonyms_can_be_searched(catalogue: Catalogue) -> None:
    index = Index(Catalogue({"GET /api/me": catalogue["GET /api/me"]}, {}))

    assert first_five(index, "whose API key is this") == ["GET /api/me"]


@pytest.mark.parametrize(
    "written",
    [
        "GET /api/bulk/syncs/{id}",
        "get api/bulk/syncs/{bulk_sync_id}/",
        "GET /api/bulk/syncs/:id",
        "GET /api/bulk/syncs/<id>?page=2",
        "GET https://app.polytomic.com/api/bulk/syncs/$ID",
        "`GET /api/bulk/syncs/[id]`",
        "GET: /api/bulk/syncs/3e93cad3-ca2c-4572-a466-3bcba644e742.",
    ],
)
def test_an_id_is_that_of_its_operation_however_it_is_written(written: str) -> None:
    found = with_id(load_catalogue(), written)

    assert found is not None
    assert found.id == "GET /api/bulk/syncs/{id}"


def test_an_address_without_a_method_is_searched_for_by_its_path() -> None:
    found = load_index().search("https://app.polytomic.com/api/bulk/syncs/:id/executions/")

    assert found[0].path == "/api/bulk/syncs/{id}/executions"


@pytest.mark.parametrize(
    "words", ["copy tables", "GET /api/nothing", "list /api/bulk/syncs", "/api/bulk/syncs"]
)
def test_what_is_no_whole_id_is_searched_for(words: str) -> None:
    assert with_id(load_catalogue(), words) is None
