"""What each operation answers, read from responses.json when first asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Responses", "load_responses"]


@dataclass(frozen=True, slots=True)
class Responses:
    """The bodies of successes as JSON Schema 2020-12, by operation id; None stands for an empty body.

    The schemas refer to ``definitions`` as ``#/$defs/Name``.
    """

    schemas: Mapping[str, Mapping[str, Any] | None]
    definitions: Mapping[str, Any]


@cache
def load_responses() -> Responses:
    """Read the responses, once in a process."""
    document = json.loads(files("polytomic_mcp.catalogue").joinpath("responses.json").read_bytes())
    return Responses(document["operations"], document["definitions"])
