"""People who are told of errors: lists of e-mail addresses. The sandbox keeps them and writes to nobody."""

from polytomic_mcp.sandbox.api.call import Call
from polytomic_mcp.sandbox.common.addresses import is_email_address
from polytomic_mcp.sandbox.common.refusals import RefusalError


def read(call: Call, name: str) -> list[str]:
    """Return the addresses an argument lists, each once; none where it is absent.

    Raises:
        RefusalError: 400, one of them is no address.
    """
    addresses: list[str] = call.arguments.get(name, [])
    if wrong := [each for each in addresses if not is_email_address(each)]:
        raise RefusalError(
            400,
            f"{call.operation}: {name} holds {len(wrong)} that are no e-mail addresses.",
            key="bad_request",
        )
    return list(dict.fromkeys(addresses))
