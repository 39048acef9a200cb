"""What keeps a sync from running: a connection or a model that it needs is gone or unhealthy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.common.spelling import quoted
from polytomic_mcp.tools.connections.states import is_healthy, needs_consent
from polytomic_mcp.tools.deletions.sources import NO_MODEL, model_ids_of
from polytomic_mcp.tools.syncs.stored import target_of

MODEL_GONE: Final = "A model that the sync reads no longer exists"


def unhealthy_reason(connection: JsonObject) -> str:
    """Return why a connection is not healthy; an empty text if it is."""
    status, reason = str(connection.get("status") or ""), str(connection.get("status_error") or "")
    return reason or ("" if not status or is_healthy(connection) else f"status {status}")


def needs_sign_in(connection: JsonObject) -> bool:
    """Whether a person has to sign in."""
    return bool(unhealthy_reason(connection)) and needs_consent(connection)


def connection_blocker(role: str, connection: JsonObject) -> str:
    """Return how a connection (empty if it is gone) blocks a sync; an empty text if it does not."""
    if not connection:
        return f"The {role} connection no longer exists"
    name = quoted(str(connection.get("name")))
    return f"The {role} connection {name} is not healthy" if unhealthy_reason(connection) else ""


@dataclass(frozen=True, slots=True)
class Blocker:
    """What keeps a sync from running: a connection, which is empty if it is gone, or a part of the sync.

    ``is_gone`` means that a whole connection or model is gone, or is not healthy.
    """

    text: str
    connection: JsonObject | None = None
    is_gone: bool = True


@dataclass(frozen=True, slots=True)
class Inventory:
    """All connections and all models by id; None if they could not be listed."""

    connections: Mapping[str, JsonObject] | None
    models: Mapping[str, JsonObject] | None

    @classmethod
    def of(cls, connections: Sequence[JsonObject] | None, models: Sequence[JsonObject] | None) -> Self:
        """Index the listed connections and models by id."""
        return cls(_by_id(connections), _by_id(models))

    def blockers_of(self, sync: JsonObject) -> list[Blocker]:
        """Return what keeps a sync or bulk sync, as it is listed, from running."""
        ids = {*model_ids_of(sync), *map(str, as_list(sync.get("model_ids")))} - {NO_MODEL}
        models = [self.models.get(id_, {}) for id_ in sorted(ids)] if self.models is not None else []
        found = [Blocker(MODEL_GONE)] if not all(models) else []
        if self.connections is None:
            return found
        roles = {id_: role for id_, role in _connections_of(sync, models) if id_}
        connections = ((role, self.connections.get(id_, {})) for id_, role in roles.items())
        blockers = (Blocker(_explained_blocker(role, each), each) for role, each in connections)
        return found + [blocker for blocker in blockers if blocker.text]


def _by_id(items: Sequence[JsonObject] | None) -> Mapping[str, JsonObject] | None:
    return None if items is None else {item["id"]: item for item in items}


def _connections_of(sync: JsonObject, models: Sequence[JsonObject]) -> Iterator[tuple[str, str]]:
    yield from ((str(model.get("connection_id") or ""), "source") for model in models)
    yield str(sync.get("source_connection_id") or ""), "source"
    yield str(sync.get("destination_connection_id") or ""), "destination"
    yield target_of(sync)[0], "target"


def _explained_blocker(role: str, connection: JsonObject) -> str:
    blocker, reason = connection_blocker(role, connection), unhealthy_reason(connection)
    return f"{blocker}: {reason}" if reason else blocker
