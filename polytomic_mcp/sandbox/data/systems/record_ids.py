"""The keys that applications give to new records, each in the application's own form."""

import string
import uuid
from typing import Any, Final, Literal

from polytomic_mcp.sandbox.data.tables.table import Column

KeyForm = Literal["salesforce", "digits", "airtable", "hexadecimal"]
"""The form of the keys that a kind of objects assigns, as ``system.json`` names it."""

_PREFIXES: Final = {
    "Account": "001",
    "Campaign": "701",
    "CampaignMember": "00v",
    "Contact": "003",
    "Lead": "00Q",
    "Opportunity": "006",
    "Task": "00T",
    "User": "005",
}
"""The key prefixes of Salesforce's standard objects (its documentation)."""

_CUSTOM: Final = "a00"
"""The prefix of a custom object; a guess: Salesforce gives each its own, from a00 on."""

_INSTANCE: Final = "Sb0"
"""The characters after the prefix: the sandbox's instance."""

_LETTERS: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits
_CHECKS: Final = string.ascii_uppercase + "012345"
_CHUNK: Final = 5
_RANDOM: Final = 9
_RECORD: Final = 14
_OBJECT_ID: Final = 24
_NUMBER: Final = 10**15


def new_key(form: KeyForm | None, name: str, column: Column) -> Any:
    """Return a new key for a record of the object ``name``; a UUID if its application has no form."""
    fresh = uuid.uuid4()
    if column.type == "number":
        return fresh.int % _NUMBER
    match form:
        case "salesforce":
            return checked(_PREFIXES.get(name, _CUSTOM) + _INSTANCE + _random(fresh.int, _RANDOM))
        case "digits":
            return str(fresh.int % _NUMBER)
        case "airtable":
            return f"rec{_random(fresh.int, _RECORD)}"
        case "hexadecimal":
            return fresh.hex[:_OBJECT_ID]
        case _:
            return str(fresh)


def checked(id_: str) -> str:
    """Return the 18 characters of a Salesforce id of 15: the last three say which letters are capitals."""
    chunks = (id_[start : start + _CHUNK] for start in range(0, len(id_), _CHUNK))
    return id_ + "".join(
        _CHECKS[sum(each.isupper() << at for at, each in enumerate(chunk))] for chunk in chunks
    )


def _random(number: int, length: int) -> str:
    """Return characters that a large random number selects."""
    return "".join(_LETTERS[number // len(_LETTERS) ** at % len(_LETTERS)] for at in range(length))
