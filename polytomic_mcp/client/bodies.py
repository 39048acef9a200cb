"""Bodies: requests and answers are JSON, except for log files."""

import json
from typing import Any

from polytomic_mcp.client.message import Message
from polytomic_mcp.client.quirks import answers_with_a_file
from polytomic_mcp.client.transport import Answer
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["decode", "encode"]


def encode(body: dict[str, Any] | None) -> bytes | None:
    """Return a body as JSON; None means no body."""
    return None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def decode(message: Message, answer: Answer) -> Any:
    """Return the JSON of a successful answer, None if it is empty, or a file as text or else as bytes.

    Raises:
        UnexpectedAnswerError: It is not JSON.
    """
    if answers_with_a_file(message.operation):
        return _text_or_bytes(answer.content)
    if not answer.content.strip():
        return None
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise UnexpectedAnswerError(
            f"{message.operation.id} was answered ({answer.status}) with a body that is not JSON, which "
            f"does not look like the Polytomic API. {message.names.check(message.names.api_url)}"
        ) from error


def _text_or_bytes(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content
