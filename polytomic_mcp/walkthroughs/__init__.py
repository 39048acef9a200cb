"""Walkthroughs: each guide with concrete values, to be walked on the sandbox from the first call to rows."""

from polytomic_mcp.walkthroughs.references import ReferenceNotFoundError, filled, text
from polytomic_mcp.walkthroughs.walkthrough import Step, Table, Walkthrough, load_walkthroughs

__all__ = [
    "ReferenceNotFoundError",
    "Step",
    "Table",
    "Walkthrough",
    "filled",
    "load_walkthroughs",
    "text",
]
