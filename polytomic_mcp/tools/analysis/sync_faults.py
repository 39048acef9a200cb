"""What keeps a sync from running, as far as the lists of connections and models show it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.analysis.lineage_graph import target_of
from polytomic_mcp.tools.deletions.dependants import model_ids_of

NO_MODEL: Final = "00000000-0000-0000-0000-000000000000"
"""Stands for the model of override fields, in 2024-02-08."""

MODEL_GONE: Final = "A model that the sync reads no longer exists"

_WELL: Final = frozenset({"healthy", "ready", "ok", ""})
_SIGN_IN: Final = re.compile(
    r"\b(sign(ed)?[ -]?in|log ?in again|consent|re-?connect|re-?authenticate|re-?authori[sz]e|oauth"
    r"|invalid_grant)\b",
    re.IGNORECASE,
)


def unhealthy_reason(connection: JsonObject) -> str:
    """Return why a connection is not healthy, or nothing where it is."""
    status, reason = str(connection.get("status") or ""), str(connection.get("status_error") or "")
    return reason or ("" if status.lower() in _WELL else f"status {status}")


def waits_for_consent(connection: JsonObject) -> bool:
    """Tell whether a person has to sign in, by ``saved`` or (a guess) by the words of the reason."""
    illness = unhealthy_reason(connection)
    return bool(illness) and (connection.get("saved") is False or bool(_SIGN_IN.search(illness)))


def connection_fault(role: str, connection: JsonObject) -> str:
    """Say that a connection, empty where it is gone, keeps a sync from running; nothing if it does not."""
    if not connection:
        return f"The {role} connection no longer exists"
    name = quoted(str(connection.get("name")))
    return f"The {role} connection {name} is not healthy" if unhealthy_reason(connection) else ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All connections and models by id; None where they could not be listed."""

    connections: Mapping[str, JsonObject] | None
    models: Mapping[str, JsonObject] | None

    @classmethod
    def of(cls, connections: Sequence[JsonObject] | None, models: Sequence[JsonObject] | None) -> Self:
        """Index what was listed."""
        return cls(_by_id(connections), _by_id(models))

    def faults_of(self, sync: JsonObject) -> list[str]:
        """Say what keeps a sync of either kind, as it is listed, from running."""
        ids = {*model_ids_of(sync), *map(str, as_list(sync.get("model_ids")))} - {NO_MODEL}
        models = [self.models.get(id_, {}) for id_ in sorted(ids)] if self.models is not None else []
        found = [MODEL_GONE] if not all(models) else []
        if self.connections is None:
            return found
        roles = {id_: role for id_, role in _connections_of(sync, models) if id_}
        return found + [
            fault for id_, role in roles.items() if (fault := _told(role, self.connections.get(id_, {})))
        ]


def _by_id(items: Sequence[JsonObject] | None) -> Mapping[str, JsonObject] | None:
    return None if items is None else {item["id"]: item for item in items}


def _connections_of(sync: JsonObject, models: Sequence[JsonObject]) -> Iterator[tuple[str, str]]:
    yield from ((str(model.get("connection_id") or ""), "source") for model in models)
    yield str(sync.get("source_connection_id") or ""), "source"
    yield str(sync.get("destination_connection_id") or ""), "destination"
    yield target_of(sync)[0], "target"


def _told(role: str, connection: JsonObject) -> str:
    fault, illness = connection_fault(role, connection), unhealthy_reason(connection)
    return f"{fault}: {illness}" if illness else fault
