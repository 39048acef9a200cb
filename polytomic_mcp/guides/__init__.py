"""The guides: journeys through Polytomic as data, each a plan of tool calls."""

from polytomic_mcp.guides.guide import Argument, Guide, Step, load_guides

__all__ = ["Argument", "Guide", "Step", "load_guides"]
