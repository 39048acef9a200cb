"""Task ids: each says which work it stands for, sealed, so that nobody without the key makes or reads one."""

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
    """What a task id stands for: the tool that began the work, the work's ids, what was kept of the call."""

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
        """Return the seal of everybody who has this API key. The key itself is not kept."""
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
    """Return the secret that everybody with this API key shares for a purpose, and for no other."""
    return hmac.digest(api_key.encode(), f"polytomic-mcp {purpose}".encode(), hashlib.sha256)
