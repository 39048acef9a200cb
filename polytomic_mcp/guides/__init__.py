"""Guides as data: each file defines a prompt, a demo, a test and a section of the documentation."""

from polytomic_mcp.guides.guide import Argument, Guide, Step, Table, load_guides
from polytomic_mcp.guides.plan import plan
from polytomic_mcp.guides.references import ReferenceNotFoundError, as_text, fill, without_empty

__all__ = [
    "Argument",
    "Guide",
    "ReferenceNotFoundError",
    "Step",
    "Table",
    "as_text",
    "fill",
    "load_guides",
    "plan",
    "without_empty",
]
