"""The outputs of a bulk sync: two cannot have the same name, and none can replace what is read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from polytomic_mcp.catalogue.rules.outputs import (
    compared,
    normalized,
    output_name,
    output_name_problem,
    place,
)
from polytomic_mcp.common.json_values import JsonObject, as_objects
from polytomic_mcp.common.spelling import quoted


def output_problems(sync: JsonObject, schemas: Mapping[str, JsonObject]) -> Iterator[str]:
    """Yield what is wrong with the outputs of a whole bulk sync.

    ``schemas`` are the enabled ones by their paths, as they are sent or as the API answers them.
    """
    normalization = str(sync.get("normalize_names") or "")
    for path, schema in schemas.items():
        yield from _name_problems(schema, path)
        yield from _field_problems(schema, path, normalization)
    names = {path: output_name(sync, schema) for path, schema in schemas.items()}
    places = {path: place(sync, str(schema.get("id")), names[path]) for path, schema in schemas.items()}
    found = [(places[path].casefold(), name.casefold()) for path, name in names.items()]
    yield from _duplicates(found, "schemas", "schemas")
    if sync.get("source_connection_id") == sync.get("destination_connection_id"):
        yield from _overlaps(schemas, places)


def _field_problems(schema: JsonObject, path: str, normalization: str) -> Iterator[str]:
    fields = as_objects(schema.get("fields"))
    enabled = [field for field in fields if field.get("enabled") is not False]
    if fields and not enabled:
        yield f"{path}.fields: At least one field must be enabled. Enable one, or disable the schema."
    for field in enabled:
        yield from _name_problems(field, f"{path}.fields[{fields.index(field)}]")
    names = [compared(_name(field, normalization), normalization) for field in enabled]
    yield from _duplicates([(name, name) for name in names], f"{path}.fields", "fields")


def _name_problems(part: JsonObject, path: str) -> Iterator[str]:
    if reason := output_name_problem(part.get("user_output_name")):
        yield f"{path}.user_output_name: {reason}"


def _duplicates(names: Iterable[tuple[str, str]], path: str, noun: str) -> Iterator[str]:
    """Yield the names in one place that several have; ``names`` are pairs of a place and a name."""
    for (_, name), count in Counter(names).items():
        if count > 1:
            yield (
                f"{path}: {count} {noun} have the output name {quoted(name)}. Give each a user_output_name "
                "of its own."
            )


def _overlaps(schemas: Mapping[str, JsonObject], places: Mapping[str, str]) -> Iterator[str]:
    read = {str(schema.get("id")).casefold() for schema in schemas.values()}
    for path, output in places.items():
        if output.casefold() in read:
            yield (
                f"{path}: Its output {quoted(output)} is also a schema that is read. Write to another place "
                "with destination_configuration, or send another user_output_name."
            )


def _name(part: JsonObject, normalization: str) -> str:
    return str(part.get("user_output_name") or normalized(str(part.get("id")), normalization))
