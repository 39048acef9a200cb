"""The API as data: every operation, its parameters, and the request for a call."""

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.operation import Effect, Operation, Parameter, Request

__all__ = ["Catalogue", "Effect", "Operation", "Parameter", "Request", "load_catalogue"]
