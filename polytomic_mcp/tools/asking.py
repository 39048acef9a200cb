"""Whether there is a person to ask."""

from typing import Any

from mcp.server.mcpserver import Context


def can_ask(context: Context[Any]) -> bool:
    """Tell whether the client can put a form before a person."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities is not None else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)
