"""The schema of each operation's answer, read from responses.json at the first use."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Responses", "load_responses"]


@dataclass(frozen=True, slots=True)
class Responses:
    """The bodies of successful answers as JSON Schema 2020-12, by operation id; None for an empty body.

    The schemas refer to ``definitions`` as ``#/$defs/Name``.
    """

    schemas: Mapping[str, Mapping[str, Any] | None]
    definitions: Mapping[str, Any]


@cache
def load_responses() -> Responses:
    """Return the responses, which are read once per process."""
    document = json.loads(files("polytomic_mcp.catalogue").joinpath("responses.json").read_bytes())
    return Responses(document["operations"], document["definitions"])
