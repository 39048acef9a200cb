"""A sandbox for Polytomic in this process: the API, a sample company, and syncs that move real rows."""

from polytomic_mcp.sandbox.app import create_sandbox

__all__ = ["create_sandbox"]
