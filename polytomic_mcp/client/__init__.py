"""The API client: everything that speaks HTTP to Polytomic."""

from polytomic_mcp.client.polytomic import Polytomic
from polytomic_mcp.client.retries import RetryPolicy

__all__ = ["Polytomic", "RetryPolicy"]
