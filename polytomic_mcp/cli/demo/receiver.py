"""A receiver: it takes what is posted to it, and whoever is led to it, and remembers that."""

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
"""Seconds that what is still on its way may take."""

_GLANCE: Final = 0.02
_TAKEN: Final = 204


@dataclass(frozen=True, slots=True)
class Receiver:
    """An application that answers 204; ``received`` has ``query``, ``headers`` and ``body`` of each request.

    The body is JSON, gzipped or not; a request without one has None.
    """

    received: list[JsonObject] = field(default_factory=list[JsonObject])

    @property
    def app(self) -> Starlette:
        """The application to serve."""
        return Starlette(routes=[Route("/{path:path}", self._take, methods=["GET", "POST"])])

    async def wait_for(self, count: int) -> list[JsonObject]:
        """Return what was received, once it is so many requests; all there is when the patience ends."""
        end = anyio.current_time() + PATIENCE
        while len(self.received) < count and anyio.current_time() < end:  # noqa: ASYNC110 - a thread serves
            await anyio.sleep(_GLANCE)
        return list(self.received)

    async def _take(self, request: Request) -> Response:
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
        return Response(status_code=_TAKEN)
