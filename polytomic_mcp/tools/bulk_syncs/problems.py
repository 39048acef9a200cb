"""What is wrong with a bulk sync, held against what its source and its destination take."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.common.spelling import nearest, quoted
from polytomic_mcp.tools.connections.connection_types import ConfigurationField, configuration_fields
from polytomic_mcp.tools.syncs.targets import mode_names

_SHOWN: Final = 20
_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def configuration_problems(place: str, configuration: JsonObject, schema: Any) -> Iterator[str]:
    """Yield what of a configuration its JSON Schema does not take; where it has none, nothing.

    Values are never shown: one may be a secret.
    """
    schema = as_object(schema)
    fields = {
        field.name: field for field in configuration_fields(as_object(schema.get("jsonschema")) or schema)
    }
    for name, value in configuration.items():
        if name in fields:
            yield from _value_problems(f"{place}.{name}", value, fields[name])
        elif fields:
            yield f"{place}: there is no {quoted(name)}.{choices(name, fields)}"
    for name, field in fields.items():
        if field.required and field.default is None and configuration.get(name) in (None, ""):
            yield f"{place}.{name} is missing."


def mode_problems(mode: str, modes: Any) -> Iterator[str]:
    """Yield that a destination does not know the mode, if it names its modes."""
    known = mode_names(modes)
    if known and mode not in known:
        yield f"mode: the destination does not take {quoted(mode)}.{choices(mode, known)}"


def choices(wrong: str, known: Iterable[str]) -> str:
    """Name the nearest right name, then what there is to choose from."""
    names = list(known)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{nearest(wrong, names)} Choose from: {', '.join(names[:_SHOWN])}{more}."


def _value_problems(place: str, value: Any, field: ConfigurationField) -> Iterator[str]:
    wanted = _TYPES.get(str(field.type))
    if wanted is not None and (
        not isinstance(value, wanted) or (isinstance(value, bool) and field.type != "boolean")
    ):
        yield f"{place} must be of type {field.type}."
    elif field.choices and value not in field.choices:
        yield f"{place}: that is none of {', '.join(map(str, field.choices[:_SHOWN]))}."
