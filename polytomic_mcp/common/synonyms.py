"""Synonyms: what other products call a choice of the API, and words that sound like a choice but are none.

The meanings are judgements of ours; the API's documentation names its choices without synonyms.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

_SEPARATORS: Final = str.maketrans("", "", " -_")


def letters(name: str) -> str:
    """Return a name without what a spelling of it may change: case, spaces, hyphens and underscores."""
    return name.translate(_SEPARATORS).casefold()


@dataclass(frozen=True)
class Vocabulary:
    """The words for one set of choices, each list of them separated by commas.

    It applies where all choices that one of the ``marks`` names are valid. ``same`` has words with exactly
    the meaning of a choice, ``like`` words whose meaning is near. ``other`` has words of the field that no
    choice means: for these, a choice that is merely spelled alike is a wrong guess.
    """

    marks: tuple[str, ...]
    same: Mapping[str, str] = field(default_factory=dict[str, str])
    like: Mapping[str, str] = field(default_factory=dict[str, str])
    other: str = ""

    def applies(self, known: set[str]) -> bool:
        """Whether names, as ``letters`` writes them, are this set of choices."""
        return any({letters(name) for name in mark.split()} <= known for mark in self.marks)

    @cached_property
    def exact(self) -> Mapping[str, list[str]]:
        """The choices that each word means exactly."""
        return _by_word(self.same)

    @cached_property
    def near(self) -> Mapping[str, list[str]]:
        """The choices whose meaning is near that of each word."""
        return _by_word(self.like)

    @cached_property
    def words(self) -> frozenset[str]:
        """All words, and the choices themselves."""
        choices = map(letters, [*self.same, *self.like])
        return frozenset([*self.exact, *self.near, *_split(self.other), *choices])


def _by_word(words: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for choice, listed in words.items():
        for word in _split(listed):
            found.setdefault(word, []).append(choice)
    return found


def _split(listed: str) -> Iterator[str]:
    return (letters(word) for word in listed.split(", ") if word)


_VIEWING: Final = "view, viewer, read, reader, read only, readonly, guest, observer, auditor, ro"
_CHANGING: Final = (
    "edit, editor, write, writer, read write, rw, contributor, developer, analyst, collaborator"
)
_RULING: Final = "owner, superuser, super admin, root, manager, moderator, all, any, full, full access, *"

_VOCABULARIES: Final = (
    Vocabulary(  # modes of syncs and of their field mappings
        marks=("create", "update", "updateOrCreate", "replace", "remove"),
        same={
            "updateOrCreate": "upsert, merge, insert or update, update or insert, create or update",
            "create": "insert, insert only, create only, create new, insert new",
            "update": "update only, update existing",
            "append": "append only",
            "remove": "delete, delete only, remove only",
        },
        like={
            "updateOrCreate": "sync, save, put",
            "create": "append, append only, add, add new, new, write once",
            "update": "modify, patch, change, edit",
            "replace": "mirror, full refresh, full reload, reload, overwrite, truncate, truncate and load, "
            "truncate and insert, drop and load, full, refresh, swap",
            "remove": "purge, erase, unlink, drop",
        },
        other="read, replicate, snapshot, incremental, cdc, archive, ignore, skip, none, soft delete",
    ),
    Vocabulary(  # modes of bulk syncs
        marks=("replicate",),
        same={"replicate": "replication", "append": "append only"},
        like={
            "replicate": "mirror, upsert, merge, incremental, cdc, change data capture, sync",
            "snapshot": "full refresh, full, full reload, reload, overwrite, truncate, replace",
            "append": "insert, insert only, add, history",
        },
        other="create, update, delete, remove, read",
    ),
    Vocabulary(
        marks=("hourly daily",),
        same={
            "manual": "manually, on demand, by hand",
            "continuous": "continuously",
            "hourly": "every hour, each hour, hour, once an hour, every 60 minutes, 1 hour, 1h",
            "daily": "every day, each day, day, once a day, nightly, every night, every 24 hours, 1 day, 24h",
            "weekly": "every week, each week, week, once a week, every 7 days",
            "custom": "cron, crontab, cron expression, cron line",
            "runafter": "run after sync, run after another sync, after another sync",
            "dbtcloud": "dbt, dbt job, after dbt",
        },
        like={
            "manual": "never, none, off, once, one time, disabled",
            "continuous": "realtime, live, streaming, stream, always, constantly, every 5 minutes, asap",
            "runafter": "after, dependent, triggered, trigger, chained, on success",
            "custom": "monthly, every month, weekdays, weekday, every weekday, workdays, weekends, "
            "quarterly, yearly, annually, biweekly, fortnightly, bihourly, bimonthly, semiweekly, "
            "twice a day, twice daily, twice a week, twice an hour, every minute, minutely, interval",
        },
    ),
    Vocabulary(  # functions of filters
        marks=("Equality IsNull",),
        same={
            "Equality": "=, ==, ===, eq, equal, equals, equal to, is equal to, exact, exactly",
            "Inequality": "!=, <>, ne, neq, not equal, not equals, not equal to, is not equal to",
            "IsNull": "null, missing, not exists, does not exist, is missing, is unset",
            "IsNotNull": "not null, exists, is set, present, has value, is present",
            "True": "is true",
            "False": "is false",
            "GreaterThan": ">, gt, greater, more than, is greater than, above",
            "GreaterThanEqual": ">=, gte, ge, greater or equal, greater than or equal, "
            "greater than or equal to, at least",
            "LessThan": "<, lt, less, fewer than, is less than, below",
            "LessThanEqual": "<=, lte, le, less or equal, less than or equal, less than or equal to, at most",
            "OnOrAfter": "since, on or later, from",
            "OnOrBefore": "until, on or earlier",
            "StringContains": "contains, includes text, contains text, has text",
            "StringDoesNotContain": "not contains, does not contain, doesn't contain, excludes text",
            "StringStartsWith": "starts with, begins with, startswith, has prefix, prefix",
            "StringDoesNotStartWith": "does not start with, not starts with, does not begin with",
            "StringEndsWith": "ends with, endswith, has suffix, suffix",
            "StringDoesNotEndWith": "does not end with, not ends with",
            "StringLike": "like",
            "StringNotLike": "not like",
            "StringOneOf": "in, is in, in list, one of, any of, is one of, is any of",
            "StringNotOneOf": "not in, nin, is not in, none of, not one of, is none of, is not one of",
            "Between": "in range, is between",
            "ArrayContains": "array has, array includes",
            "ArrayDoesNotContain": "array excludes",
            "InTheLast": "within the last, within last, last, in last, past, in the past, newer than",
        },
        like={
            "Equality": "is",
            "Inequality": "is not",
            "OnOrAfter": "after, later than",
            "OnOrBefore": "before, earlier than",
            "StringLike": "ilike, similar to",
            "IsNull": "empty, is empty, blank, is blank",
            "IsNotNull": "not empty, is not empty, not blank, is not blank",
            "StringContains": "has, includes, search",
            "ArrayContains": "has, includes",
        },
        other="regex, regexp, matches, not between, fuzzy, changed, and, or, not",
    ),
    Vocabulary(  # functions of identities
        marks=("Equality ISubstring",),
        same={
            "Equality": "=, ==, eq, equal, equals, exact, exact match, is, match",
            "ISubstring": "substring, case insensitive substring",
            "OneOf": "in, any of, is one of",
            "DomainMatch": "domain, same domain, email domain",
            "HostnameMatch": "hostname, same hostname, host",
        },
        like={"ISubstring": "contains, like, includes"},
        other="fuzzy, regex, starts with, ends with, not equal, !=",
    ),
    Vocabulary(  # roles
        marks=("Admin Member",),
        same={"Admin": "administrator", "Member": "user"},
        other=f"{_VIEWING}, {_CHANGING}, {_RULING}",
    ),
    Vocabulary(  # actions of policies
        marks=("apply_policy",),
        same={"create": "add, insert", "delete": "remove, destroy, drop", "apply_policy": "apply"},
        other=f"{_VIEWING}, {_CHANGING}, {_RULING}, update, list, get, run, execute, manage",
    ),
    Vocabulary(  # how much a credential or a server may do
        marks=("read-only", "read-write", "full-access"),
        like={"read-only": _VIEWING, "read_only": _VIEWING},
        other=f"{_CHANGING}, {_RULING}, user, admin, none",
    ),
    Vocabulary(  # types of connections
        marks=("salesforce snowflake", "salesforce postgresql"),
        same={
            "awsathena": "athena",
            "awsopensearch": "opensearch",
            "azureblob": "azure blob storage, azure storage",
            "azuresql": "azure sql database",
            "bigquery": "bq, gbq, google bigquery, google big query",
            "customerio": "customer.io",
            "fbaudience": "facebook audiences, facebook custom audiences, meta audiences",
            "gcs": "google cloud storage, google storage",
            "gong": "gong engage",
            "googleads": "google ads, adwords",
            "googleanalytics": "google analytics, ga4",
            "gsheets": "google sheets, google sheet, google spreadsheet, google spreadsheets",
            "linkedinads": "linkedin, linkedin audiences, linkedin marketing",
            "mongodb": "mongo, mongo atlas",
            "msads": "microsoft ads, bing ads",
            "msdynamics": "dynamics, dynamics 365, microsoft dynamics, ms dynamics 365",
            "mssql": "sql server, microsoft sql server, ms sql server",
            "netsuite": "oracle netsuite",
            "postgresql": "postgres, pg, psql, postgre",
            "quickbooks": "qbo, quickbooks online",
            "redditads": "reddit",
            "redshift": "amazon redshift, aws redshift",
            "s3": "aws s3, amazon s3, s3 bucket",
            "salesforce": "sfdc, salesforce crm, sales cloud",
            "synapse": "azure synapse, azure synapse analytics",
            "twilio_sendgrid": "sendgrid",
        },
        like={
            "fbaudience": "facebook, meta, facebook ads, meta ads",
            "gsheets": "sheets, spreadsheet",
            "mysql": "mariadb",
            "webhook": "http, http endpoint, endpoint",
            "zendesk_chat": "zendesk",
            "zendesk_support": "zendesk",
        },
    ),
    Vocabulary(  # types of fields
        marks=("string number datetime",),
        same={
            "string": "text, varchar, str, char",
            "number": "integer, int, float, double, decimal, numeric, bigint",
            "boolean": "bool",
            "datetime": "timestamp, timestamptz, timestamp with time zone",
            "array": "list",
            "binary": "bytes, blob",
        },
        like={"datetime": "date, time", "object": "json, jsonb, dict, map, struct, record, variant"},
    ),
    Vocabulary(  # parts of a schedule
        marks=("frequency day_of_week",),
        same={
            "timezone": "tz",
            "day_of_week": "weekday, dow",
            "day_of_month": "dom",
            "minute": "min",
        },
        like={"frequency": "interval, every, cadence, period", "day_of_week": "day, days"},
    ),
)


def exact(text: str, known: Iterable[str]) -> str | None:
    """Return the one valid name that a text means exactly in the words of another product."""
    found = _found(text, known, "exact")
    return found[0] if len(found) == 1 else None


def alike(text: str, known: Iterable[str]) -> list[str]:
    """Return the valid names whose meaning is that of a text, or near it."""
    names = list(known)
    return _found(text, names, "exact") or _found(text, names, "near")


def is_word(text: str, known: Iterable[str]) -> bool:
    """Whether a text is a known word for choices like these, and so not a typo."""
    return any(letters(text) in each.words for each in _vocabularies(known))


def _found(text: str, known: Iterable[str], part: str) -> list[str]:
    names = list(known)
    meant = {
        letters(choice)
        for each in _vocabularies(names)
        for choice in getattr(each, part).get(letters(text), ())
    }
    return [name for name in names if letters(name) in meant]


def _vocabularies(known: Iterable[str]) -> list[Vocabulary]:
    names = set(map(letters, known))
    return [each for each in _VOCABULARIES if each.applies(names)]
