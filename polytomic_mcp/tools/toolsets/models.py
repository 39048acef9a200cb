"""The models toolset: queries and tables of a connection, with the fields a sync can map."""

from typing import Final

from polytomic_mcp.tools.framework.toolset import Toolset
from polytomic_mcp.tools.models.models import (
    create_model,
    delete_model,
    get_model,
    list_models,
    preview_model,
    update_model,
)

TOOLSET: Final = Toolset(
    "models",
    reads=(list_models, get_model, preview_model),
    writes=(create_model, update_model),
    destroys=(delete_model,),
)
