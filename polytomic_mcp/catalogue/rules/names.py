"""Names of what a request creates."""

import unicodedata

from polytomic_mcp.common.spelling import quoted


def name_problem(what: str, name: str) -> str | None:
    """Return the reason why a new object of Polytomic cannot have the name, or None if it can."""
    return None if name.strip() else f"{what} needs a name."


def identifier_problem(what: str, name: str) -> str | None:
    """Return the reason why a new table, schema or field cannot have the name, or None if it can."""
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        return f"{what} cannot be named {quoted(name)}, which has a control character. Send another name."
    return name_problem(what, name)


def table_problem(what: str, name: str) -> str | None:
    """Return the reason why a new table cannot have the name, which may begin with a schema and a dot."""
    reason = identifier_problem(what, name)
    if reason or all(part.strip() for part in name.split(".")):
        return reason
    return f"{what} cannot be named {quoted(name)}, which has an empty part. Send another name."
