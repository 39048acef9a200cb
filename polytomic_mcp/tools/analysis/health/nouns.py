"""What things are called where a person reads of them."""

from polytomic_mcp.common.json_values import JsonObject, as_object


def target_noun(connection: JsonObject) -> str:
    """Return what a connection's target objects are called: those of Gong Engage are flows."""
    return "flow" if as_object(connection.get("type")).get("id") == "gong" else "target object"
