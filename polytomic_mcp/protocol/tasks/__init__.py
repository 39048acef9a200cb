"""Long-running work as tasks of the protocol. Only Polytomic stores its state."""

from polytomic_mcp.protocol.tasks.extension import Tasks
from polytomic_mcp.protocol.tasks.runs import works_of
from polytomic_mcp.protocol.tasks.seal import Seal, secret_of

__all__ = ["Seal", "Tasks", "secret_of", "works_of"]
