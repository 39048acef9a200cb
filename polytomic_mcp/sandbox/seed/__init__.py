"""The sample company that a fresh sandbox holds."""

from polytomic_mcp.sandbox.seed.plant import plant

__all__ = ["plant"]
