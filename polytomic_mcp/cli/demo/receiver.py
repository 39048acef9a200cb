"""A local web server that records the requests it receives: webhook deliveries and redirects."""

import gzip
import json
from dataclasses import dataclass, field
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from polytomic_mcp.common.json_values import JsonObject

PATIENCE: Final = 10.0
"""How many seconds to wait for requests."""

_POLL_SECONDS: Final = 0.02
_NO_CONTENT: Final = 204


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver; it answers 204. ``received`` has the ``query``, ``headers`` and ``body`` of each request.

    The body is parsed from JSON, gzipped or not; None if the request has none.
    """

    received: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def app(self) -> Starlette:
        """The application to serve."""
        return Starlette(routes=[Route("/{path:path}", self._record, methods=["GET", "POST"])])

    async def wait_for(self, count: int) -> list[JsonObject]:
        """Return the requests once there are ``count``, or those there are after ``PATIENCE`` seconds."""
        end = anyio.current_time() + PATIENCE
        while len(self.received) < count and anyio.current_time() < end:  # noqa: ASYNC110 - a thread serves
            await anyio.sleep(_POLL_SECONDS)
        return list(self.received)

    async def _record(self, request: Request) -> Response:
        content = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            content = gzip.decompress(content)
        self.received.append(
            {
                "query": dict(request.query_params),
                "headers": dict(request.headers),
                "body": json.loads(content) if content else None,
            }
        )
        return Response(status_code=_NO_CONTENT)
