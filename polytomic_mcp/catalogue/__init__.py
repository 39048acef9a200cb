"""The API as data: every operation, its parameters, and how a call to it is written."""

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.operation import Effect, Operation, Parameter, Request

__all__ = ["Catalogue", "Effect", "Operation", "Parameter", "Request", "load_catalogue"]
