"""The sandbox's API as one ASGI application: every request's way to its route and back."""

import json
import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from polytomic_mcp.catalogue import Catalogue, Operation
from polytomic_mcp.sandbox.api.arguments import read_arguments
from polytomic_mcp.sandbox.api.bodies import read_body
from polytomic_mcp.sandbox.api.call import Answer, Call, Routes
from polytomic_mcp.sandbox.api.credentials import OWNER, Credential
from polytomic_mcp.sandbox.api.emulation import load_emulation
from polytomic_mcp.sandbox.api.idempotency import HEADER as IDEMPOTENCY_HEADER
from polytomic_mcp.sandbox.api.idempotency import Outcomes, fingerprint, require_well_formed
from polytomic_mcp.sandbox.api.router import Router, raw_path
from polytomic_mcp.sandbox.api.validation import Validation
from polytomic_mcp.sandbox.api.versions import CURRENT, require_served, served_version, version_headers
from polytomic_mcp.sandbox.api.versions import HEADER as VERSION_HEADER
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.gateway.authentication import identify, is_own, read_token
from polytomic_mcp.sandbox.resources.bulk_syncs import older_arguments
from polytomic_mcp.sandbox.resources.connections.connect import sessions as connect_sessions
from polytomic_mcp.sandbox.resources.harbors import access as harbor_access
from polytomic_mcp.sandbox.resources.harbors import activity as harbor_activity
from polytomic_mcp.sandbox.resources.organizations import organizations
from polytomic_mcp.sandbox.resources.organizations.policies import require_allowed
from polytomic_mcp.sandbox.workspace.workspace import Workspace

LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes a request body may have; a guess, the API states none."""

FAULT: Final = "polytomic.fault"
"""Where a request's scope brings a fault of the API's own, for its route to strike."""

_LOG: Final = logging.getLogger(__name__)


class Api:
    """All operations of the catalogue over one workspace.

    An operation without a route answers 501 with its name: the sandbox never improvises. ``older`` are
    the operations that only versions before the current one have.
    """

    def __init__(
        self, workspace: Workspace, catalogue: Catalogue, routes: Routes, older: Sequence[Operation] = ()
    ) -> None:
        self._workspace = workspace
        self._routes = routes
        self._router = Router(catalogue.values())
        self._older_router = Router([*catalogue.values(), *older])
        self._validation = Validation(catalogue)
        self._outcomes = Outcomes(workspace.store, workspace.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        asked = request.headers.get(VERSION_HEADER)
        version = CURRENT
        try:
            version = served_version(asked)
            credential = await self._identify(request)
            response = render(await self._answer(request, version, credential))
        except Exception as error:  # noqa: BLE001 - the outermost handler: no caller sees a traceback
            response = render(_failed(error, version))
        response.headers.update({**version_headers(asked, version), "X-Request-Id": str(uuid.uuid4())})
        await response(scope, receive, send)

    async def _identify(self, request: Request) -> Credential:
        if request.url.path == connect_sessions.READ_PATH and (found := await self._session(request)):
            return found
        token = read_token(request.headers.get("Authorization"))
        if token.organization_id is None and is_own(self._workspace, token):
            return OWNER
        return await anyio.to_thread.run_sync(identify, self._workspace, token)

    async def _session(self, request: Request) -> Credential | None:
        """Return what a connect session's own token stands for, however it comes."""
        _, _, held = request.headers.get("Authorization", "").partition(" ")
        tokens = (request.query_params.get("token"), held.strip())
        return await anyio.to_thread.run_sync(connect_sessions.credential_of, self._workspace, *tokens)

    async def _answer(self, request: Request, version: str, credential: Credential) -> Answer:
        router = self._router if version == CURRENT else self._older_router
        match = router.match(request.method, raw_path(request))
        operation = match.operation
        require_served(operation.id, version)
        self._require_emulated(operation)
        _require_permitted(operation, credential)
        key = request.headers.get(IDEMPOTENCY_HEADER) if operation.takes_idempotency_key else None
        if key is not None:
            require_well_formed(key)
        query = request.query_params.multi_items()
        arguments = read_arguments(operation, match.arguments, query, await _read(request))
        arguments = older_arguments.current(operation.id, arguments, version)
        self._validation.check(operation, arguments)
        base_url = str(request.base_url).rstrip("/")
        workspace = self._workspace.within(credential.organization_id)
        headers = {name: request.headers[name] for name in operation.headers if name in request.headers}
        fault = request.scope.get(FAULT)
        call = Call(operation.id, arguments, version, base_url, workspace, credential, headers, fault)
        return await anyio.to_thread.run_sync(partial(self._perform, operation, call, key))

    def _require_emulated(self, operation: Operation) -> None:
        if operation.id not in self._routes:
            raise RefusalError(
                501,
                f"The sandbox does not emulate {operation.id}; call it on Polytomic itself. "
                f"{load_emulation().note(operation.id)}".rstrip(),
                key="not_implemented",
                metadata={"operation": operation.id},
            )

    def _perform(self, operation: Operation, call: Call, key: str | None) -> Answer:
        if key is None:
            return self._act(operation, call, _forget)
        who = call.credential
        caller = f"{who.organization_id}/{who.user_id}/{who.harbor_id}"
        digest = fingerprint(operation.id, call.arguments, caller)
        with self._outcomes.hold(key):
            outcome = self._outcomes.recall(key, digest)
            return outcome or self._act(operation, call, partial(self._outcomes.keep, key, digest))

    def _act(self, operation: Operation, call: Call, keep: Callable[[Answer], None]) -> Answer:
        """Run the route; its effect and its kept outcome are committed together, or not at all."""
        scope = nullcontext() if operation.effect == "read" else self._workspace.store.transaction()
        try:
            with scope:
                require_allowed(call := organizations.in_named_organization(call))
                harbor_access.require_access(call, operation)
                answer = _as_answer(self._routes[operation.id](call))
                harbor_activity.record(call)
                keep(answer)
        except Exception as error:  # noqa: BLE001 - what the caller is told is an outcome too, and kept
            answer = _failed(error, call.version)
            keep(answer)
        if operation.effect != "read":
            self._workspace.signals.alarm.set()
        return answer


def _require_permitted(operation: Operation, credential: Credential) -> None:
    if credential.mode == "read_only" and operation.effect != "read":
        raise RefusalError(
            403, f"This credential is read-only, and {operation.id} is no read.", key="forbidden"
        )


def render(answer: Answer) -> Response:
    """Write an answer as a response; no body becomes an empty one."""
    content = b"" if answer.body is None else json.dumps(answer.body, allow_nan=False).encode()
    media_type = None if answer.body is None else "application/json"
    return Response(content, answer.status, dict(answer.headers), media_type)


async def _read(request: Request) -> bytes:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise RefusalError(415, "The body is encoded; send it as it is.", key="unsupported_encoding")
    body = await read_body(request, LARGEST_BODY)
    if body is None:
        raise RefusalError(413, f"The body is larger than {LARGEST_BODY} bytes.", key="too_large")
    return body


def _as_answer(result: Any) -> Answer:
    return result if isinstance(result, Answer) else Answer(result)


def _failed(error: Exception, version: str) -> Answer:
    """Render a refusal as it is, and anything else as a fault of the sandbox that shows nothing of it."""
    if not isinstance(error, RefusalError):
        _LOG.debug("A fault of the sandbox", exc_info=error)
        error = RefusalError(500, "The sandbox failed; that is a fault of the sandbox.", key="internal_error")
    return Answer(error.body(version), error.status, error.headers)


def _forget(answer: Answer) -> None:
    """Keep nothing: the call brought no key."""
    del answer
