"""Frames: how a process that runs queries and its parent talk. Each is JSON after its length in bytes."""

import json
from typing import Any, BinaryIO, Final

LARGEST: Final = 32_000_000
"""Bytes of the largest frame that the parent reads into its memory."""

_LENGTH: Final = 8


def encoded(value: Any) -> bytes:
    """Return a value as the content of a frame."""
    return json.dumps(value, separators=(",", ":")).encode()


def write(stream: BinaryIO, content: bytes) -> None:
    """Write a frame and flush it."""
    stream.write(len(content).to_bytes(_LENGTH))
    stream.write(content)
    stream.flush()


def read(stream: BinaryIO, largest: float = LARGEST) -> Any:
    """Wait for a frame and return its value; None at the end of the stream.

    Raises:
        ValueError: The data is not a frame, or is larger than ``largest`` bytes.
    """
    length = stream.read(_LENGTH)
    if len(length) < _LENGTH:
        return None
    size = int.from_bytes(length)
    if size > largest:
        raise ValueError(f"A frame has {size} bytes; the limit is {largest}.")
    content = stream.read(size)
    return json.loads(content) if len(content) == size else None
