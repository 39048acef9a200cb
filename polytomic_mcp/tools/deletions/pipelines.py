"""What deleting a part of a pipeline affects: a connection, a model, a sync or a bulk sync."""

from polytomic_mcp.tools.answers.results import NextStep
from polytomic_mcp.tools.api_access.names import BULK_SYNC, CONNECTION, MODEL, SYNC, find
from polytomic_mcp.tools.deletions.deletion import Deletion, confirming
from polytomic_mcp.tools.deletions.dependants import of_connection, of_model
from polytomic_mcp.tools.framework.arguments import Api


async def connection_deletion(api: Api, connection_id: str, force: bool) -> Deletion:
    """Return what deleting a connection affects; if it is in use, Polytomic requires ``force``."""
    connection = await find(api, CONNECTION, connection_id)
    dependants = await of_connection(api, connection["id"])
    instead = None
    if not dependants.listed():
        consequence = "No model or sync uses it."
    elif force:
        consequence = f"{dependants.counted()} {dependants.verb('is', 'are')} deleted with it:"
    else:
        users = f"{dependants.counted()} {dependants.verb('uses', 'use')} it"
        consequence = (
            f"{users}, so Polytomic will refuse unless force is set, which deletes what uses it too:"
        )
        instead = _forced(connection["id"])
    name = str(connection.get("name"))
    return Deletion(CONNECTION, connection["id"], name, consequence, dependants, instead)


async def model_deletion(api: Api, model_id: str) -> Deletion:
    """Return which syncs stop working without a model: the API does not protect them."""
    model = await find(api, MODEL, model_id)
    dependants = await of_model(api, model["id"])
    stops = f"{dependants.counted()} {dependants.verb('stops', 'stop')} working without it:"
    consequence = stops if dependants.listed() else "No sync uses it."
    return Deletion(MODEL, model["id"], str(model.get("name")), consequence, dependants)


async def sync_deletion(api: Api, sync_id: str) -> Deletion:
    """Return what deleting a sync affects: its history, but not the rows it has written."""
    sync = await find(api, SYNC, sync_id)
    consequence = "Its schedule and history are deleted; the rows it has written are kept."
    return Deletion(SYNC, sync["id"], str(sync.get("name")), consequence)


async def bulk_sync_deletion(api: Api, bulk_sync_id: str) -> Deletion:
    """Return what deleting a bulk sync affects; a run in progress is canceled."""
    sync = await find(api, BULK_SYNC, bulk_sync_id)
    consequence = (
        "Its schedules and history are deleted and a run in progress is canceled; the rows it has written "
        "are kept."
    )
    return Deletion(BULK_SYNC, sync["id"], str(sync.get("name")), consequence)


def _forced(connection_id: str) -> NextStep:
    arguments = {"connection_id": connection_id, "force": True}
    reason = "deletes what uses it too, if a person confirms it, or with confirm_name if none can be asked"
    return NextStep(tool="delete_connection", arguments=arguments, reason=reason)


confirm_connection = confirming(connection_deletion)
confirm_model = confirming(model_deletion)
confirm_sync = confirming(sync_deletion)
confirm_bulk_sync = confirming(bulk_sync_deletion)
