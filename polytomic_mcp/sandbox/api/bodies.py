"""A request's body, read no further than it may be long."""

from starlette.requests import Request


async def read_body(request: Request, largest: int) -> bytes | None:
    """Return the body, or None as soon as it is longer than ``largest`` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return bytes(body)
