"""Bodies: requests and answers are JSON, except for log files."""

import json
import math
import re
from typing import Any, Final

from polytomic_mcp.client.message import Message
from polytomic_mcp.client.quirks import answers_with_a_file
from polytomic_mcp.client.transport import Answer
from polytomic_mcp.common.json_values import as_list, as_object, children
from polytomic_mcp.errors import UnexpectedAnswerError

__all__ = ["DEEPEST", "decode", "encode", "parse"]

DEEPEST: Final = 100
"""How many levels deep an answer may be nested: what reads it further on is recursive."""

_LONGEST_INTEGER: Final = 1_000
"""More digits than any number has; Python refuses to read an integer of more than 4,300."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MAY_BE_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]|[" + "\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"


def encode(body: dict[str, Any] | None) -> bytes | None:
    """Return a body as JSON; None means no body."""
    return None if body is None else json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


def decode(message: Message, answer: Answer) -> Any:
    """Return the JSON of a successful answer, None if it is empty, or a file as text or else as bytes.

    Raises:
        UnexpectedAnswerError: It is not JSON, or is nested too deeply.
    """
    if answers_with_a_file(message.operation):
        return _text_or_bytes(answer.content)
    if not answer.content.strip():
        return None
    try:
        return parse(answer.content)
    except ValueError as error:
        unsure = " The call may have succeeded: read the object's state before you repeat it."
        raise UnexpectedAnswerError(
            f"{message.operation.id} was answered ({answer.status}) with a body that {error}, which "
            f"does not look like the Polytomic API. {message.names.check(message.names.api_url)}"
            f"{unsure if message.is_write else ''}"
        ) from error


def parse(content: bytes | str) -> Any:
    """Return JSON in a form that can be written again.

    Lone surrogates are replaced. A number that JSON cannot hold, such as ``NaN`` or ``1e400``, is text.

    Raises:
        ValueError: It is not JSON, or is nested too deeply; the text follows "a body that".
    """
    try:
        text = content if isinstance(content, str) else _decoded(content)
        value = json.loads(text, parse_float=_float, parse_constant=str, parse_int=_integer)
    except RecursionError:
        raise ValueError(f"is nested deeper than {DEEPEST} levels") from None
    except ValueError:
        raise ValueError("is not JSON") from None
    _refuse_deep(value)
    return _without_surrogates(value) if _MAY_BE_SURROGATE.search(text) else value


def _decoded(content: bytes) -> str:
    return content.decode(json.detect_encoding(content), "surrogatepass")


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST_INTEGER else text


def _refuse_deep(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [part for each in level for part in children(each) if isinstance(part, dict | list)]
        if not level:
            return
    raise ValueError(f"is nested deeper than {DEEPEST} levels")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub(_REPLACEMENT, value)
    if isinstance(value, dict):
        members = as_object(value).items()
        return {_SURROGATE.sub(_REPLACEMENT, name): _without_surrogates(part) for name, part in members}
    return [_without_surrogates(part) for part in as_list(value)] if isinstance(value, list) else value


def _text_or_bytes(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content
