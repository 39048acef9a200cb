"""Guides as data: each file defines a prompt, a demo, a test and a section of the documentation."""

from polytomic_mcp.guides.guide import Argument, Guide, Step, Table, load_guides
from polytomic_mcp.guides.plan import PlannedStep, hidden_note, plan, planned
from polytomic_mcp.guides.references import ReferenceNotFoundError, as_text, fill, without_empty
from polytomic_mcp.guides.search import load_guide_index

__all__ = [
    "Argument",
    "Guide",
    "PlannedStep",
    "ReferenceNotFoundError",
    "Step",
    "Table",
    "as_text",
    "fill",
    "hidden_note",
    "load_guide_index",
    "load_guides",
    "plan",
    "planned",
    "without_empty",
]
