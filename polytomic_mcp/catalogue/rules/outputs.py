"""What a bulk sync writes: the names of its outputs and of their fields (guesses, but for the arguments).

``destination_configuration.advanced`` is documented with the product's common advanced settings: the prefix
of all tables, whether a deletion removes the row, and whether a table without a key is only emptied.
``mirror_schemas`` is documented with the configuration of databases.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from polytomic_mcp.catalogue.rules.names import identifier_problem
from polytomic_mcp.common.json_values import as_object
from polytomic_mcp.common.scalars import to_moment

FORMATS: Final = ("csv", "json", "parquet")
"""The formats of files in a bucket, the default one first."""

TRACKABLE: Final = ("number", "datetime")
"""The types of a field that can record how far a run has read."""

HIGHEST_LIMIT: Final = 1_000
"""The highest limit of schemas in parallel; the lowest is 1."""

ADVANCED: Final = "advanced"
HARD_DELETES: Final = "hard_deletes"
TABLE_PREFIX: Final = "table_prefix"
TRUNCATE_EXISTING: Final = "truncate_existing"
MIRROR_SCHEMAS: Final = "mirror_schemas"

_NAMESPACES: Final = ("schema", "dataset")
_PLACES: Final = (*_NAMESPACES, "path")
_OTHER: Final = re.compile(r"\W+")


def normalized(name: str, normalization: str) -> str:
    """Return the name of an output or of its field: lower-case letters, digits and underscores.

    ``normalization`` is the sync's ``normalize_names``: ``disabled`` leaves the name unchanged, and
    ``legacy`` is the same as ``enabled``.
    """
    if normalization == "disabled":
        return name
    plain = _OTHER.sub("_", name.strip()).strip("_").lower() or "_"
    return f"_{plain}" if plain[0].isdigit() else plain


def compared(name: str, normalization: str) -> str:
    """Return what no other field of an output may have: its name, whose case may count."""
    return name if normalization == "disabled" else name.casefold()


def advanced(sync: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the advanced settings of a bulk sync's destination."""
    return as_object(_configuration(sync).get(ADVANCED))


def output_name(sync: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return the name of a schema's output, with the prefix of all tables.

    A mirrored output does not repeat the namespace of its source (a guess).
    """
    id_ = str(schema.get("id"))
    source = id_.rpartition(".")[2] if _namespace(sync, id_) else id_
    name = schema.get("user_output_name") or normalized(source, str(sync.get("normalize_names") or ""))
    return f"{advanced(sync).get(TABLE_PREFIX) or ''}{name}"


def place(sync: Mapping[str, Any], schema_id: str, output: str) -> str:
    """Return where a bulk sync writes an output: ``schema.output`` or ``folder/output.csv``."""
    configuration = _configuration(sync)
    if namespace := _namespace(sync, schema_id):
        return f"{normalized(namespace, str(sync.get('normalize_names') or ''))}.{output}"
    for key in _NAMESPACES:
        if key in configuration:
            return f"{configuration[key]}.{output}"
    folder = str(configuration.get("path") or "").strip("/")
    file = f"{output}.{configuration.get('format') or FORMATS[0]}"
    return f"{folder}/{file}" if folder else file


def place_problems(configuration: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the keys of a destination's configuration whose names no place can have, each with the reason."""
    for key in _PLACES:
        name = configuration.get(key)
        if name and isinstance(name, str) and (reason := identifier_problem(f"An output's {key}", name)):
            yield key, reason
    prefix = as_object(configuration.get(ADVANCED)).get(TABLE_PREFIX)
    if prefix and isinstance(prefix, str) and (reason := identifier_problem("A table's prefix", prefix)):
        yield f"{ADVANCED}.{TABLE_PREFIX}", reason


def output_name_problem(name: Any) -> str | None:
    """Return the reason why a ``user_output_name`` is none; None if it is one, or if it is empty."""
    return identifier_problem("An output", str(name)) if name else None


def cutoff_problem(cutoff: Any) -> str | None:
    """Return the reason why a ``data_cutoff_timestamp`` is not a time; None if it is, or if it is null."""
    if cutoff is None or to_moment(cutoff) is not None:
        return None
    return "must be a time such as 2026-01-31T09:00:00Z."


def _configuration(sync: Mapping[str, Any]) -> Mapping[str, Any]:
    return as_object(sync.get("destination_configuration"))


def _namespace(sync: Mapping[str, Any], schema_id: str) -> str:
    """Return the namespace of the source that the destination mirrors; empty if it mirrors none."""
    return schema_id.rpartition(".")[0] if _configuration(sync).get(MIRROR_SCHEMAS) else ""
