"""The events toolset: what syncs did lately, and who is told of it."""

from typing import Final

from polytomic_mcp.tools.events.events import list_events
from polytomic_mcp.tools.events.notifications import get_error_notifications, set_error_notifications
from polytomic_mcp.tools.events.webhooks import (
    delete_webhook,
    list_webhook_deliveries,
    list_webhooks,
    save_webhook,
    set_webhook_active,
)
from polytomic_mcp.tools.framework.toolset import Toolset

TOOLSET: Final = Toolset(
    "events",
    reads=(list_events, list_webhooks, list_webhook_deliveries, get_error_notifications),
    writes=(save_webhook, set_webhook_active, set_error_notifications),
    destroys=(delete_webhook,),
)
