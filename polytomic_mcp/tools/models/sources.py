"""What a model can read from a connection: a configuration is checked against what the API publishes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.catalogue.rules.choices import Choices
from polytomic_mcp.catalogue.rules.configuration_keys import valid_keys
from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object, is_number
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.errors import RefusedError, UnexpectedAnswerError
from polytomic_mcp.tools.api_access.responses import data_of
from polytomic_mcp.tools.framework.requests import Draft

_QUERY: Final = "query"
_OPTIONS: Final = ("include_deleted", "file_format", "model_from", "skip_lines", "subfolder")
"""Keys that the guides send, and that the API does not publish (Salesforce, file stores)."""

_PARTS: Final = ("collection", "database", "dataset", "schema", "table")
"""Keys that name parts of an object; the API publishes some only once the parts above are chosen."""

_QUOTES: Final = str.maketrans("", "", '"`[]')


@dataclass(slots=True)
class _Published:
    """What the API publishes of a source: the values of each key, and of which keys one is required.

    Of a name with several parts (``database``, ``collection``), each part is a level of ``required``.
    """

    values: dict[str, Choices] = field(default_factory=dict[str, Choices])
    required: list[list[str]] = field(default_factory=list[list[str]])

    def add(self, source: JsonObject) -> None:
        """Add the keys of a level."""
        for name, item in as_object(source.get("items")).items():
            self.values.setdefault(name, Choices.of(as_object(item).get("items")))
        if names := [str(name) for name in as_list(source.get("requires_one_of"))]:
            self.required.append(names)


async def source_problems(api: Polytomic, connection_id: str, configuration: JsonObject) -> list[str]:
    """Return what is wrong with a model's configuration; nothing where the API publishes nothing.

    A number where a name is required becomes text, in place, and a label its value. A query is passed on:
    only the system can judge it.
    """
    for name, value in configuration.items():
        if is_number(value) and name not in _OPTIONS:
            configuration[name] = str(value)
    published = await _published(api, connection_id, configuration)
    return list(_problems(configuration, published)) if published.values else []


async def check_source(
    api: Polytomic, tool: str, connection_id: str, configuration: JsonObject | None
) -> None:
    """Refuse a configuration, if there is one, that the connection's source does not offer.

    Raises:
        Refusal: The text lists what is wrong.
    """
    if configuration is not None:
        draft = Draft({}, await source_problems(api, connection_id, configuration))
        draft.refuse_if_wrong(tool)


async def _published(api: Polytomic, connection_id: str, configuration: JsonObject) -> _Published:
    """Read the keys of a source and, below what is chosen, those that the API publishes only then."""
    found, chosen = _Published(), dict[str, list[str]]()
    while True:
        found.add(await _read(api, connection_id, chosen))
        below = {
            name: [configuration[name]]
            for name in found.values.keys() & configuration.keys() - chosen.keys()
            if found.values[name].find(configuration[name])
        }
        has_parts = not chosen and [len(names) for names in found.required] == [1]
        if not below or not (has_parts or configuration.keys() - {*found.values, *_OPTIONS}):
            return found
        chosen |= below


async def _read(api: Polytomic, connection_id: str, chosen: dict[str, list[str]]) -> JsonObject:
    arguments: JsonObject = {"params": chosen} if chosen else {}
    try:
        return await data_of(api, "GET /api/connections/{id}/modelsync/source", id=connection_id, **arguments)
    except (RefusedError, UnexpectedAnswerError):
        return {}  # the API itself judges the model then


def _problems(configuration: JsonObject, published: _Published) -> Iterator[str]:
    given = [name for name, value in configuration.items() if str(value or "").strip()]
    missing = [names for names in published.required if not {*names} & {*given}]
    wrong = [
        problem
        for name, choices in published.values.items()
        if name in given and (name == _QUERY or _QUERY not in given)  # a query takes precedence
        for problem in _value_problems(configuration, name, choices)
    ]
    may_have_parts = missing or wrong or _QUERY in published.values
    known = {*published.values, *_OPTIONS, *(_PARTS if may_have_parts else ())}
    for name in configuration:
        if name not in known:
            yield f"configuration: Unknown field {quoted(name)}.{valid_keys(name, published.values)}"
    for names in missing:
        yield _missing(names, published.values)
    yield from wrong


def _missing(names: list[str], values: dict[str, Choices]) -> str:
    if len(names) > 1:
        return f"configuration: One of {', '.join(names)} is required."
    choices = values.get(names[0], Choices())
    return f"configuration.{names[0]} is required.{choices.hint('') if choices.pairs else ''}"


def _value_problems(configuration: JsonObject, name: str, choices: Choices) -> Iterator[str]:
    value = configuration[name]
    if not isinstance(value, str):
        yield f"configuration.{name} must be of type string."
    elif found := choices.find(value):
        configuration[name] = found[0]
    elif choices.pairs and not _is_qualified(value, choices):
        yield f"configuration.{name}: {quoted(value)} does not exist.{choices.hint(value)}"


def _is_qualified(name: str, choices: Choices) -> bool:
    """Whether names have several parts, and a listed one differs by those in front: database or schema."""
    sent = _parts(name)
    listed = [_parts(str(value)) for value in choices.values]
    return any(len(each) > 1 for each in listed) and any(
        sent[-len(each) :] == each or each[-len(sent) :] == sent for each in listed
    )


def _parts(name: str) -> list[str]:
    return name.translate(_QUOTES).casefold().split(".")
