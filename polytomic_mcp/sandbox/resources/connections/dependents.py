"""What depends on a connection: its models, and the syncs that read or write through it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from polytomic_mcp.common.json_values import JsonObject, texts
from polytomic_mcp.sandbox.data.store import Store
from polytomic_mcp.sandbox.resources.runs import history
from polytomic_mcp.sandbox.resources.schedules import timetable
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_SYNCS: Final = ("sync", "bulk_sync")


@dataclass(frozen=True, slots=True)
class Dependents:
    """Documents by kind; each refers to the connection or to one of its models."""

    documents: dict[str, list[JsonObject]]

    def __bool__(self) -> bool:
        return any(self.documents.values())

    def summary(self) -> dict[str, list[JsonObject]]:
        """Return ids and names by kind, and ``used_by``, which the Terraform provider shows a person."""
        named = {
            kind: [{"id": document["id"], "name": document.get("name")} for document in documents]
            for kind, documents in self.documents.items()
            if documents
        }
        used_by = [{"type": kind, **each} for kind, documents in named.items() for each in documents]
        return {**{f"{kind}s": documents for kind, documents in named.items()}, "used_by": used_by}

    def delete(self, workspace: Workspace) -> None:
        """Delete the documents, and the history of the syncs among them."""
        for kind, documents in self.documents.items():
            for document in documents:
                if kind in _SYNCS:
                    history.delete_all(workspace, kind, document["id"])
                    timetable.delete_marks(workspace, document["id"])
                workspace.store.delete(kind, document["id"])


def find_dependents(store: Store, connection_id: str) -> Dependents:
    """Return everything that breaks if the connection is deleted."""
    models = _referring_to(store, "model", {connection_id})
    ids = {connection_id, *(model["id"] for model in models)}
    return Dependents({"model": models, **{kind: _referring_to(store, kind, ids) for kind in _SYNCS}})


def _referring_to(store: Store, kind: str, ids: Iterable[str]) -> list[JsonObject]:
    """Return the documents that contain one of the ids anywhere: ids are unique across kinds."""
    wanted = set(ids)
    return [document for document in store.list(kind) if not wanted.isdisjoint(texts(document))]
