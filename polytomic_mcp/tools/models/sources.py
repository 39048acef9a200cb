"""What a model can read from a connection: a configuration is checked against what the API publishes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.catalogue.rules.choices import Choices
from polytomic_mcp.catalogue.rules.configuration_keys import valid_keys
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import RefusedError, UnexpectedAnswerError
from polytomic_mcp.tools.api_access.responses import data_of

_QUERY: Final = "query"
_OPTIONS: Final = ("include_deleted", "file_format", "model_from", "skip_lines", "subfolder")
"""Keys that the guides send, and that the API does not publish (Salesforce, file stores)."""

_PARTS: Final = ("collection", "database", "dataset", "schema", "table")
"""Keys that name parts of an object; the API publishes some only once the parts above are chosen."""

_QUOTES: Final = str.maketrans("", "", '"`[]')


@dataclass(slots=True)
class _Published:
    """What the API publishes of a source: the values of each key, and the keys of which one is required."""

    values: dict[str, Choices] = field(default_factory=dict[str, Choices])
    alternatives: list[str] = field(default_factory=list[str])


async def source_problems(api: Polytomic, connection_id: str, configuration: JsonObject) -> list[str]:
    """Return what is wrong with a model's configuration; nothing where the API publishes nothing.

    A number where a name is required becomes text, in place. A query is passed on: only the system can
    judge it.
    """
    for name, value in configuration.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in _OPTIONS:
            configuration[name] = str(value)
    published = await _published(api, connection_id, configuration)
    return list(_problems(configuration, published)) if published.values else []


async def _published(api: Polytomic, connection_id: str, configuration: JsonObject) -> _Published:
    """Read the keys of a source and, below what is chosen, those that the API publishes only then."""
    found, chosen = _Published(), dict[str, list[str]]()
    while True:
        source = await _read(api, connection_id, chosen)
        items = as_object(source.get("items"))
        for name, item in items.items():
            found.values.setdefault(name, Choices.of(as_object(item).get("items")))
        if not chosen:
            found.alternatives = [str(name) for name in as_list(source.get("requires_one_of"))]
        below = {
            name: [configuration[name]]
            for name in items.keys() & configuration.keys() - chosen.keys()
            if found.values[name].find(configuration[name])
        }
        if not below or configuration.keys() <= {*found.values, *_OPTIONS}:
            return found
        chosen |= below


async def _read(api: Polytomic, connection_id: str, chosen: dict[str, list[str]]) -> JsonObject:
    arguments: JsonObject = {"params": chosen} if chosen else {}
    try:
        return await data_of(api, "GET /api/connections/{id}/modelsync/source", id=connection_id, **arguments)
    except (RefusedError, UnexpectedAnswerError):
        return {}  # the model itself is then accepted or refused by the API


def _problems(configuration: JsonObject, published: _Published) -> Iterator[str]:
    given = [name for name, value in configuration.items() if str(value or "").strip()]
    is_incomplete = bool(published.alternatives) and not {*given} & {*published.alternatives}
    known = {*published.values, *published.alternatives, *_OPTIONS}
    if is_incomplete or _QUERY in published.values:
        known |= {*_PARTS}
    for name in configuration:
        if name not in known:
            yield f"configuration: Unknown field {quoted(name)}.{valid_keys(name, published.values)}"
    if is_incomplete:
        yield f"configuration: needs one of: {', '.join(published.alternatives)}."
    for name, choices in published.values.items():
        if name in given and (name == _QUERY or _QUERY not in given):  # a query takes precedence
            yield from _value_problems(configuration, name, choices)


def _value_problems(configuration: JsonObject, name: str, choices: Choices) -> Iterator[str]:
    value = configuration[name]
    if not isinstance(value, str):
        yield f"configuration.{name} must be of type string."
    elif found := choices.find(value):
        configuration[name] = found[0]
    elif choices.pairs and not _is_qualified(value, choices):
        yield f"configuration.{name}: {quoted(value)} does not exist.{choices.hint(value)}"


def _is_qualified(name: str, choices: Choices) -> bool:
    """Whether a name is listed, but with other databases or schemas in front of one or the other."""
    sent = _parts(name)
    listed = [_parts(str(value)) for value in choices.values]
    return any(sent[-len(each) :] == each or each[-len(sent) :] == sent for each in listed)


def _parts(name: str) -> list[str]:
    return name.translate(_QUOTES).casefold().split(".")
