"""Task ids: each says which work it stands for, sealed, so that nobody without the key makes or reads one."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from mcp.server.request_state import AESGCMRequestStateCodec, InvalidRequestState

_PURPOSE: Final = b"polytomic-mcp task ids, version 1"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a task id stands for: the tool that began the work, the work's ids, and when it began."""

    tool: str
    ids: tuple[str, ...]
    began: datetime


class Seal:
    """Turns references into task ids and back; encrypted and authenticated by AES-256-GCM."""

    def __init__(self, codec: AESGCMRequestStateCodec) -> None:
        self._codec = codec

    @classmethod
    def of_key(cls, api_key: str) -> Self:
        """Return the seal of everybody who has this API key. The key itself is not kept."""
        secret = hmac.digest(api_key.encode(), _PURPOSE, hashlib.sha256)
        return cls(AESGCMRequestStateCodec([secret]))

    def close(self, reference: Reference) -> str:
        """Return the task id of a reference."""
        content = [reference.tool, reference.began.isoformat(), *reference.ids]
        return self._codec.seal(json.dumps(content, separators=(",", ":")).encode())

    def open(self, task_id: str) -> Reference | None:
        """Return the reference in a task id; None if it was forged, changed, or made with another key."""
        try:
            content: list[Any] = json.loads(self._codec.unseal(task_id))
        except InvalidRequestState:
            return None
        tool, began, *ids = content
        return Reference(tool, tuple(ids), datetime.fromisoformat(began))
