"""The masks that stand for stored secrets in a configuration, and what it means to send them back.

An update replaces the whole configuration. What the API does with a mask that it receives is unknown. The API
masks only whole fields: a model is not shown what it answers inside of them, such as the value of a header.
"""

from collections.abc import Iterator
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.results import MASK, Change, NextStep, Refusal

_CHOICES: Final = """\
update_connection: Nothing was changed. Polytomic takes a configuration only as a whole, and shows only \
the mask of {names}. Choices:
1. Send {names} again in configuration, with this change.
2. Set keep_masked to send the mask back: Polytomic might store it, and the secret would be lost."""


_SECRET_PARTS: Final = ("client_secret", "password")
_PAIR: Final = frozenset({"name", "value"})
"""The keys of a header, and of a parameter in a query; one value of several may be a key."""


def concealed(connection: JsonObject) -> JsonObject:
    """Return a connection without the secrets that are inside of the fields of its configuration."""
    if "configuration" not in connection:
        return connection
    fields = as_object(connection["configuration"])
    return connection | {"configuration": {name: _concealed(value) for name, value in fields.items()}}


def masked_fields(configuration: JsonObject) -> list[str]:
    """Return the paths of the masks in a configuration, such as ``ssh.private_key``, sorted."""
    return sorted(path for path, value in _leaves(configuration) if value == MASK)


def with_changes(stored: JsonObject, changed: JsonObject) -> JsonObject:
    """Return a configuration with the changes applied; what they omit is unchanged, at every depth."""
    return stored | {
        name: with_changes(as_object(stored[name]), as_object(value))
        if isinstance(value, dict) and isinstance(stored.get(name), dict)
        else value
        for name, value in changed.items()
    }


def secrets_sent(sent: JsonObject, after: JsonObject) -> dict[str, Change]:
    """Return the secrets that were sent as changed; the API shows only their mask, before and after."""
    stored = dict(_leaves(after))
    return {
        f"configuration.{path}": Change(before=MASK, after=MASK)
        for path, value in _leaves(sent)
        if stored.get(path) == MASK != value
    }


def refusal(masked: list[str], arguments: JsonObject) -> Refusal:
    """Return the refusal to send masks back, with the choices; ``arguments`` are those of the call.

    A configuration that was sent may hold a secret, so no call is suggested that repeats it.
    """
    names = ", ".join(masked)
    again = NextStep(
        tool="update_connection",
        arguments=arguments | {"keep_masked": True},
        reason=f"the same call; if Polytomic stores the mask, {names} must be sent again",
    )
    steps = [] if "configuration" in arguments else [again]
    return Refusal(_CHOICES.format(names=names), *steps)


def _concealed(value: Any) -> Any:
    if isinstance(value, list):
        return [_concealed(part) for part in as_list(value)]
    if not isinstance(value, dict):
        return value
    parts = as_object(value)
    secret = {*_SECRET_PARTS, *(("value",) if parts.keys() == _PAIR else ())}
    return {name: MASK if name in secret and part else _concealed(part) for name, part in parts.items()}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value that is neither an object nor a list, with its path."""
    if isinstance(value, dict):
        for name, part in as_object(value).items():
            yield from _leaves(part, f"{path}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for at, part in enumerate(as_list(value)):
            yield from _leaves(part, f"{path}[{at}]")
    else:
        yield path, value
