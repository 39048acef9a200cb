"""A sync as a document: built from a request, shown as the requested API version shows it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from polytomic_mcp.catalogue.rules import identity_functions
from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import canonical, unknown
from polytomic_mcp.sandbox.common.problems import Problem
from polytomic_mcp.sandbox.resources.models.source_fields import Sources, listed, model_ids
from polytomic_mcp.sandbox.resources.syncs import older_filters
from polytomic_mcp.sandbox.resources.syncs.filter_arguments import read_filters

NO_MODEL: Final = "00000000-0000-0000-0000-000000000000"
"""The model ID that marks an override field among the fields in the older shape."""

_CURRENT: Final = "2025-09-18"
_NOT_ENCRYPTED: Final = (
    "The sandbox does not encrypt values, so a sync that should cannot run. Omit encryption_enabled, or use "
    "Polytomic itself."
)
_OPTIONS: Final = ("sync_all_records", "skip_initial_backfill", "only_enrich_updates")
_TARGET_KEYS: Final = (
    "connection_id",
    "object",
    "configuration",
    "filter_logic",
    "new_name",
    "search_values",
)
_SUMMARY: Final = (
    "active",
    "created_at",
    "created_by",
    "id",
    "mode",
    "name",
    "organization_id",
    "schedule",
    "updated_at",
    "updated_by",
    *_OPTIONS,
)


def compose(arguments: Mapping[str, Any], sources: Sources, problems: list[Problem]) -> JsonObject:
    """Return the sync in the shape in which it is stored: the newer one, with every part.

    Invalid parts are added to ``problems``. ``target.create`` is not stored. A sync is inactive by default,
    and can be started manually even so (a guess).
    """
    fields = listed(arguments, "fields")
    mapped = [field for field in fields if not _is_override(field)]
    constant = [*filter(_is_override, fields), *listed(arguments, "override_fields")]
    return {
        "name": arguments["name"],
        "mode": arguments["mode"],
        "active": arguments.get("active", False),
        "schedule": arguments["schedule"],
        "target": {key: value for key, value in arguments["target"].items() if key in _TARGET_KEYS},
        "fields": [*mapped, *(field for field in constant if _source(field))],
        "override_fields": [_override_field(field) for field in constant if not _source(field)],
        "overrides": [_override(override, sources) for override in listed(arguments, "overrides")],
        "identities": _identities(arguments, problems),
        **read_filters(arguments, sources, problems),
        "policies": arguments.get("policies") or [],
        **{option: arguments.get(option, False) for option in _OPTIONS},
    }


def show(sync: JsonObject, version: str, problems: Sequence[Problem]) -> JsonObject:
    """Return the whole sync as an API version shows it.

    2024-02-08 has no ``identities``, ``problems``, ``model_filters`` or ``target_filters``, and lists
    override fields among the fields, with a model ID of zeros.
    """
    mappings = sync["identities"]["mappings"]
    filters, logic = older_filters.show(sync)
    shown = {
        **sync,
        "identity": mappings[0] if mappings else None,
        "filters": filters,
        "filter_logic": logic,
        "model_ids": model_ids(sync),
        "problems": [problem.shown() for problem in problems],
    }
    if version >= _CURRENT:
        return shown
    for key in ("identities", "model_filters", "target_filters", "problems", "override_fields"):
        del shown[key]
    zero = {"model_id": NO_MODEL, "field": ""}
    shown["fields"] = [*sync["fields"], *({**field, "source": zero} for field in sync["override_fields"])]
    return shown


def show_summary(sync: JsonObject) -> JsonObject:
    """Return the sync as 2025-09-18 lists it: without its parts, and with the target at the top level."""
    return {
        **{key: sync[key] for key in _SUMMARY},
        "model_ids": model_ids(sync),
        "target_connection_id": sync["target"]["connection_id"],
        "target_object": sync["target"]["object"],
    }


def named_target_fields(sync: JsonObject) -> list[tuple[str, str, bool]]:
    """Return the target fields a sync names: the path in the sync, the name, and whether it is new."""
    found: list[tuple[str, str, bool]] = []
    for kind in ("fields", "override_fields"):
        for position, field in enumerate(sync[kind]):
            found.append((f"{kind}[{position}].target", field["target"], bool(field.get("new"))))
    for position, mapping in enumerate(sync["identities"]["mappings"]):
        path = f"identities.mappings[{position}].target"
        found.append((path, mapping["target"], bool(mapping.get("new_field"))))
    return found


def encryption_problems(sync: JsonObject) -> Iterator[Problem]:
    """Yield a problem for each value that should be encrypted: the sandbox would write it in plain text.

    Such a sync can be stored, as in the tests of the Terraform provider. Its passphrase is not: nothing
    would use it, and the API never returns it.
    """
    for position, field in enumerate(sync["fields"]):
        if field.get("encryption_enabled"):
            path = f"fields[{position}].encryption_enabled"
            yield Problem("encryption_not_emulated", _NOT_ENCRYPTED, path)


def _source(field: JsonObject) -> JsonObject | None:
    source = field.get("source")
    return None if source is None or source["model_id"] == NO_MODEL else source


def _is_override(field: JsonObject) -> bool:
    return _source(field) is None and "override_value" in field


def _override_field(field: JsonObject) -> JsonObject:
    return {key: field[key] for key in ("target", "new", "sync_mode", "override_value") if key in field}


def _override(override: JsonObject, sources: Sources) -> JsonObject:
    source = sources.find_by_id(override["field_id"]) if override.get("field_id") else override.get("field")
    copied = {key: override[key] for key in ("function", "value", "override") if key in override}
    return {**copied, "field": source or {"model_id": "", "field": override.get("field_id", "")}}


def _identities(arguments: Mapping[str, Any], problems: list[Problem]) -> JsonObject:
    """Return the identity mappings of either shape, their functions spelled as the API spells them."""
    old, new = arguments.get("identity"), arguments.get("identities")
    old_mappings = [_identity(old, "identity", problems)] if old else []
    if new is None:
        return {"mappings": old_mappings, "strategy": "priority"}
    paths = (f"identities.mappings[{at}]" for at in range(len(new["mappings"])))
    mappings = [_identity(each, path, problems) for each, path in zip(new["mappings"], paths, strict=True)]
    if old and old_mappings != mappings[:1]:
        message = "This differs from the first of identities.mappings. Send one of the two."
        problems.append(Problem("conflicting_identity", message, "identity"))
    strategy = new.get("strategy")
    if len(mappings) > 1 and strategy not in ("priority", "and"):
        message = "Several identity mappings need a strategy. Valid values: priority, and."
        problems.append(Problem("invalid_identity", message, "identities.strategy"))
    return {"mappings": mappings, "strategy": strategy if len(mappings) > 1 else "priority"}


def _identity(mapping: JsonObject, path: str, problems: list[Problem]) -> JsonObject:
    function = canonical(mapping["function"], identity_functions.FUNCTIONS)
    if function is None:
        message = unknown("identity function", mapping["function"], identity_functions.FUNCTIONS)
        problems.append(Problem("invalid_identity", message, f"{path}.function"))
    return {**mapping, "function": function or mapping["function"]}
