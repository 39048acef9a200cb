"""Dispatch: one request through the stages of the API, to its route and back."""

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Final

import anyio.to_thread
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from polytomic_mcp.catalogue import Catalogue, Operation
from polytomic_mcp.sandbox.calls.call import Answer, Call, Routes
from polytomic_mcp.sandbox.calls.credentials import Credential
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.calls.versions import HEADER as VERSION_HEADER
from polytomic_mcp.sandbox.data.state_errors import StateError
from polytomic_mcp.sandbox.gateway.arguments import read_arguments, read_call_body
from polytomic_mcp.sandbox.gateway.authentication import authenticate
from polytomic_mcp.sandbox.gateway.emulation import require_emulated
from polytomic_mcp.sandbox.gateway.extensions import Extensions
from polytomic_mcp.sandbox.gateway.faults import API_FAULT, fail_route
from polytomic_mcp.sandbox.gateway.idempotency import HEADER as IDEMPOTENCY_HEADER
from polytomic_mcp.sandbox.gateway.idempotency import Outcomes, fingerprint, require_well_formed
from polytomic_mcp.sandbox.gateway.permission import authorize, require_write_access
from polytomic_mcp.sandbox.gateway.read_only import without_read_only
from polytomic_mcp.sandbox.gateway.responses import as_answer, refusal_answer, render
from polytomic_mcp.sandbox.gateway.routing import Match, require_match
from polytomic_mcp.sandbox.gateway.validation import Validation
from polytomic_mcp.sandbox.gateway.versions import require_served, served_version, version_headers
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_NO_EXTENSIONS: Final = Extensions()


class Api:
    """The operations of a catalogue over one workspace: an ASGI application behind ``RoutingMiddleware``."""

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        routes: Routes,
        extensions: Extensions = _NO_EXTENSIONS,
    ) -> None:
        self._workspace = workspace
        self._routes = routes
        self._extensions = extensions
        self._validation = Validation(catalogue)
        self._outcomes = Outcomes(workspace.store, workspace.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        requested = request.headers.get(VERSION_HEADER)
        version = CURRENT
        try:
            version = served_version(requested)
            credential = await authenticate(self._workspace, request, self._extensions)
            response = render(await self._answer(request, version, credential))
        except Exception as error:  # noqa: BLE001 - the outermost handler: no caller sees a traceback
            response = render(refusal_answer(error, version))
        response.headers.update({**version_headers(requested, version), "X-Request-Id": str(uuid.uuid4())})
        await response(scope, receive, send)

    async def _answer(self, request: Request, version: str, credential: Credential) -> Answer:
        match = require_match(request)
        operation = match.operation
        require_served(operation.id, version)
        require_emulated(operation.id, self._routes)
        require_write_access(operation, credential)
        key = request.headers.get(IDEMPOTENCY_HEADER) if operation.takes_idempotency_key else None
        if key is not None:
            require_well_formed(key)
        call = await self._call(request, match, version, credential)
        return await anyio.to_thread.run_sync(partial(self._perform, operation, call, key))

    async def _call(self, request: Request, match: Match, version: str, credential: Credential) -> Call:
        operation = match.operation
        query, body = request.query_params.multi_items(), await read_call_body(request)
        arguments = read_arguments(operation, match.arguments, query, body)
        for upgrade in self._extensions.argument_upgrades:
            arguments = upgrade(operation.id, arguments, version)
        arguments = without_read_only(operation, arguments)
        self._validation.check(operation, arguments)
        return Call(
            operation.id,
            arguments,
            version,
            str(request.base_url).rstrip("/"),
            self._workspace.within(credential.organization_id),
            credential,
            {name: request.headers[name] for name in operation.headers if name in request.headers},
            request.scope.get(API_FAULT),
        )

    def _perform(self, operation: Operation, call: Call, key: str | None) -> Answer:
        for prepare in self._extensions.preparations:
            prepare(call)
        if key is None:
            return self._run(operation, call, _discard)
        caller = call.credential
        who = f"{caller.organization_id}/{caller.user_id}/{caller.harbor_id}"
        digest = fingerprint(operation.id, call.arguments, who)
        with self._outcomes.hold(key):
            outcome = self._outcomes.recall(key, digest)
            return outcome or self._run(operation, call, partial(self._outcomes.keep, key, digest))

    def _run(self, operation: Operation, call: Call, keep: Callable[[Answer], None]) -> Answer:
        """Run the route; its effect and its stored outcome are committed together, or not at all."""
        scope = nullcontext() if operation.effect == "read" else self._workspace.store.transaction()
        try:
            with scope:
                call = authorize(call, operation, self._extensions)
                answer = as_answer(fail_route(self._routes[operation.id], call))
                for observe in self._extensions.observers:
                    observe(call)
                keep(answer)
        except StateError:
            raise  # no outcome: the call had no effect, and may work when it is repeated
        except Exception as error:  # noqa: BLE001 - an error is an outcome as well, and is stored
            answer = refusal_answer(error, call.version)
            keep(answer)
        if operation.effect != "read":
            self._workspace.signals.alarm.set()
        return answer


def _discard(answer: Answer) -> None:
    """Store no outcome: the call has no key."""
    del answer
