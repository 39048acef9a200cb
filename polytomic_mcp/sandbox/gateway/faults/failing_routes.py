"""Routes that fail as the API itself would: before they act, or after, when the failure is what is kept."""

from types import MappingProxyType

from polytomic_mcp.sandbox.api.call import Answer, Call, Handler, Routes
from polytomic_mcp.sandbox.faults.fault import Fault
from polytomic_mcp.sandbox.gateway.faults.answers import refusal


def failing(routes: Routes) -> Routes:
    """Return the routes, each of which fails where its call brings a fault of the API's own."""
    return MappingProxyType({operation: _failing(handler) for operation, handler in routes.items()})


def _failing(handler: Handler) -> Handler:
    def handle(call: Call) -> object:
        if call.fault is None:
            return handler(call)
        return _fail(handler, call, call.fault)

    return handle


def _fail(handler: Handler, call: Call, fault: Fault) -> Answer:
    error = refusal(fault)
    if fault.when == "before":
        raise error
    handler(call)
    return Answer(error.body(call.version), error.status, error.headers)
