"""Task ids: sealed references to work, which only holders of the API key can create or read."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

from polytomic_mcp.common.json_values import JsonObject

_TASK_IDS: Final = "task ids, version 1"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a task id refers to: the tool that started the work, its ids, and arguments of the call."""

    tool: str
    ids: tuple[str, ...]
    kept: JsonObject
    began: datetime


class Seal:
    """Turns references into task ids and back; encrypted and authenticated by AES-256-GCM."""

    def __init__(self, codec: AESGCMRequestStateCodec) -> None:
        self._codec = codec

    @classmethod
    def of_key(cls, api_key: str) -> Self:
        """Return the seal that all holders of this API key share. The key itself is not stored."""
        return cls(AESGCMRequestStateCodec([secret_of(api_key, _TASK_IDS)]))

    def close(self, reference: Reference) -> str:
        """Return the task id of a reference."""
        content = [reference.tool, reference.ids, reference.kept, reference.began.isoformat()]
        return self._codec.seal(json.dumps(content, separators=(",", ":")).encode())

    def open(self, task_id: str) -> Reference | None:
        """Return the reference in a task id; None if it was forged, changed, or made with another key."""
        try:
            content = self._codec.unseal(task_id)
        except InvalidRequestState:
            return None
        tool, ids, kept, began = json.loads(content)
        return Reference(tool, tuple(ids), kept, datetime.fromisoformat(began))


def secret_of(api_key: str, purpose: str) -> bytes:
    """Return the secret for one purpose that all holders of this API key share."""
    return hmac.digest(api_key.encode(), f"polytomic-mcp {purpose}".encode(), hashlib.sha256)
