"""The 198 operations of the API, read from operations.json at the first use."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

from polytomic_mcp.catalogue.operation import Operation, Parameter
from polytomic_mcp.errors import UnknownOperationError

__all__ = ["Catalogue", "load_catalogue"]

_LONGEST_ID: Final = 200


class Catalogue(Mapping[str, Operation]):
    """Operations by id, ``METHOD /api/path``.

    ``definitions`` are the schemas that parameters refer to as ``#/$defs/Name``, by name. Each text of
    ``actions`` and ``synonyms`` is a list of words with the same meaning.
    """

    def __init__(
        self,
        operations: Mapping[str, Operation],
        definitions: Mapping[str, Any],
        actions: Sequence[str] = (),
        synonyms: Sequence[str] = (),
    ) -> None:
        self._operations = operations
        self.definitions = definitions
        self.actions = tuple(actions)
        self.synonyms = tuple(synonyms)

    def __getitem__(self, operation_id: str) -> Operation:
        return self._operations[operation_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._operations)

    def __len__(self) -> int:
        return len(self._operations)

    def find(self, operation_id: str) -> Operation:
        """Return the operation with this id.

        Raises:
            UnknownOperationError: It does not exist. The message names the nearest ids.
        """
        if operation_id in self._operations:
            return self._operations[operation_id]
        shown = operation_id[:_LONGEST_ID]
        nearest = get_close_matches(shown, self._operations, n=3)
        hint = (
            f"Did you mean {' or '.join(nearest)}?"
            if nearest
            else "An id has the form METHOD /api/path, with {placeholders}."
        )
        raise UnknownOperationError(f"Unknown operation {shown!r}. {hint}")


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue, which is read once per process."""
    document = json.loads(files("polytomic_mcp.catalogue").joinpath("operations.json").read_bytes())
    operations = {id_: _operation(id_, row) for id_, row in document["operations"].items()}
    return Catalogue(operations, document["definitions"], document["actions"], document["synonyms"])


def _operation(operation_id: str, row: Mapping[str, Any]) -> Operation:
    method, path = operation_id.split(" ")
    return Operation(
        id=operation_id,
        method=method,
        path=path,
        summary=row["summary"],
        effect=row["effect"],
        parameters=tuple(_parameter(parameter) for parameter in row.get("parameters", ())),
        headers=tuple(row.get("headers", ())),
        is_paged=row.get("paged", False),
        is_async_capable=row.get("async", False),
        has_body=row.get("body", False),
        words=row["words"],
    )


def _parameter(row: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=row["name"],
        place=row["in"],
        required=row.get("required", False),
        schema=row["schema"],
        style=row.get("style", "simple"),
        is_in_sdk=row.get("sdk", True),
    )
