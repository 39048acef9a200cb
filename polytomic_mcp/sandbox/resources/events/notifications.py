"""Error notifications: lists of subscribers' email addresses. The sandbox stores them and sends no email."""

from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.common.addresses import is_email_address
from polytomic_mcp.sandbox.common.refusals import RefusalError


def read_subscribers(call: Call, name: str) -> list[str]:
    """Return the addresses in an argument without duplicates; an empty list if it is omitted.

    Raises:
        RefusalError: 400 if one of them is not an email address.
    """
    addresses: list[str] = call.arguments.get(name, [])
    if wrong := [each for each in addresses if not is_email_address(each)]:
        raise RefusalError(
            400,
            f"{call.operation}: {name} must be email addresses; invalid: {len(wrong)} of {len(addresses)}.",
            key="bad_request",
        )
    return list(dict.fromkeys(addresses))
