"""Synonyms: a word of another product is what it means here, and a word with its own meaning is no typo."""

import pytest

from polytomic_mcp.catalogue.rules.filter_functions import FUNCTIONS
from polytomic_mcp.catalogue.rules.frequencies import BULK_FREQUENCIES, FREQUENCIES
from polytomic_mcp.catalogue.rules.identity_functions import FUNCTIONS as IDENTITY_FUNCTIONS
from polytomic_mcp.catalogue.rules.modes import BULK_MODES, FIELD_MODES, SYNC_MODES
from polytomic_mcp.common.spelling import meant, near, nearest, unknown

ROLES = ["Admin", "Member"]
ACTIONS = ["create", "delete", "apply_policy"]
TYPES = [
    "salesforce",
    "snowflake",
    "postgresql",
    "bigquery",
    "gsheets",
    "s3",
    "mssql",
    "mongodb",
    "zendesk_chat",
]
FIELD_TYPES = ["unknown", "string", "number", "boolean", "datetime", "array", "object", "binary"]


@pytest.mark.parametrize(
    ("word", "known", "meaning"),
    [
        ("upsert", SYNC_MODES, "updateOrCreate"),
        ("UPSERT", FIELD_MODES, "updateOrCreate"),
        ("insert_or_update", SYNC_MODES, "updateOrCreate"),
        ("merge", ["updateOrCreate"], "updateOrCreate"),
        ("insert", SYNC_MODES, "create"),
        ("delete", SYNC_MODES, "remove"),
        ("append only", BULK_MODES, "append"),
        ("every hour", FREQUENCIES, "hourly"),
        ("nightly", BULK_FREQUENCIES, "daily"),
        ("cron", FREQUENCIES, "custom"),
        ("=", FUNCTIONS, "Equality"),
        ("==", IDENTITY_FUNCTIONS, "Equality"),
        ("!=", FUNCTIONS, "Inequality"),
        ("contains", FUNCTIONS, "StringContains"),
        ("in", FUNCTIONS, "StringOneOf"),
        ("not in", FUNCTIONS, "StringNotOneOf"),
        (">", FUNCTIONS, "GreaterThan"),
        ("null", FUNCTIONS, "IsNull"),
        ("not null", FUNCTIONS, "IsNotNull"),
        ("administrator", ROLES, "Admin"),
        ("remove", ACTIONS, "delete"),
        ("sfdc", TYPES, "salesforce"),
        ("Postgres", TYPES, "postgresql"),
        ("bq", TYPES, "bigquery"),
        ("Google Sheets", TYPES, "gsheets"),
        ("SQL Server", TYPES, "mssql"),
        ("varchar", FIELD_TYPES, "string"),
    ],
)
def test_a_word_with_one_meaning_is_taken_and_a_refusal_names_it_first(
    word: str, known: list[str], meaning: str
) -> None:
    assert meant(word, known) == meaning
    assert unknown("x", word, known).endswith(
        nearest(word, known)
        + " Valid values: "
        + ", ".join([meaning, *(name for name in known if name != meaning)][:12])
        + (f", and {len(known) - 12} more." if len(known) > 12 else ".")
    )


def test_a_refusal_says_what_a_word_is_here() -> None:
    assert unknown("mode", "upsert", ["create", "updateOrCreate"]) == (
        "Unknown mode 'upsert'. 'upsert' is updateOrCreate here. Valid values: updateOrCreate, create."
    )


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("mirror", SYNC_MODES, " 'mirror' is closest to replace."),
        ("full_refresh", SYNC_MODES, " 'full_refresh' is closest to replace."),
        ("full refresh", BULK_MODES, " 'full refresh' is closest to snapshot."),
        ("truncate", SYNC_MODES, " 'truncate' is closest to replace."),
        ("append", ["create", "update"], " 'append' is closest to create."),
        ("every 15 minutes", FREQUENCIES, ""),
        ("weekdays", FREQUENCIES, " 'weekdays' is closest to custom."),
        ("has", FUNCTIONS, " 'has' is closest to StringContains or ArrayContains."),
        ("contains", IDENTITY_FUNCTIONS, " 'contains' is closest to ISubstring."),
        ("date", FIELD_TYPES, " 'date' is closest to datetime."),
        ("viewer", ["read-only", "full-access"], " 'viewer' is closest to read-only."),
    ],
)
def test_a_word_whose_meaning_is_only_near_is_named_and_not_taken(
    word: str, known: list[str], hint: str
) -> None:
    assert meant(word, known) is None
    assert nearest(word, known) == hint


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("Viewer", ROLES),
        ("viewer", [*ROLES, "Reviewer"]),
        ("editor", [*ROLES, "Auditor"]),
        ("owner", ROLES),
        ("read", ["readwrite", "read_write"]),
        ("write", ["read-write", "full-access"]),
        ("admin", ["full-access", "read-only"]),
        ("read", ACTIONS),
        ("update", ACTIONS),
        ("insert", ["inactive", "active"]),
        ("insert", ["update", "updateOrCreate"]),
        ("update", ["create", "updateOrCreate"]),
        ("replicate", ["replace", "create"]),
        ("active", ["inactive"]),
        ("disabled", ["enabled"]),
        ("include", ["exclude"]),
        ("import", ["export"]),
        ("delete", ["update", "create"]),
        ("incremental", ["nonincremental"]),
        ("regex", FUNCTIONS),
    ],
)
def test_a_word_without_a_counterpart_leads_to_no_guess(word: str, known: list[str]) -> None:
    assert meant(word, known) is None
    assert near(word, known) == []
    assert nearest(word, known) == ""


@pytest.mark.parametrize(
    ("wrong", "known", "right"),
    [
        ("IS_NOT_NULL", FUNCTIONS, "IsNotNull"),
        ("udpate", SYNC_MODES, "update"),
        ("updateOrCreat", SYNC_MODES, "updateOrCreate"),
        ("Equalty", FUNCTIONS, "Equality"),
        ("dialy", FREQUENCIES, "daily"),
        ("Memebr", ROLES, "Member"),
        ("Amdin", ROLES, "Admin"),
        ("snowflaek", TYPES, "snowflake"),
        ("contact", ["Account", "engage_contact"], "engage_contact"),
        ("salesforce prod", ["Snowflake", "Production Salesforce"], "Production Salesforce"),
        ("cusotmers", ["public.customers", "public.orders"], "public.customers"),
        ("incremental", ["nonincrementalFields", "incrementalFields"], "incrementalFields"),
    ],
)
def test_a_real_typo_is_recognized(wrong: str, known: list[str], right: str) -> None:
    assert near(wrong, known)[0] == right
    assert nearest(wrong, known) == f" Did you mean {right!r}?"


def test_words_apply_only_where_their_choices_are_valid() -> None:
    assert nearest("upsert", ["public.upserts", "public.users"]) == " Did you mean 'public.upserts'?"
    assert meant("user", ["Member", "Campaign"]) is None
