"""The API as data: every operation, its parameters, and how a call to it is written."""

from polytomic_mcp.catalogue.catalogue import Catalogue, load_catalogue
from polytomic_mcp.catalogue.operation import Operation, Parameter, Request

__all__ = ["Catalogue", "Operation", "Parameter", "Request", "load_catalogue"]
