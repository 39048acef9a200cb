"""Makes the objects of the past, each at its time, by the routes that any caller uses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.calls.credentials import OWNER
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.past.ids import numbered
from polytomic_mcp.sandbox.past.organization import SYSTEM, PastObject, filled, load_objects, load_tables
from polytomic_mcp.sandbox.resources.connections import connections, consents
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.routes import ROUTES
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_ADDRESS: Final = "http://127.0.0.1"
"""The address of links for consent; a caller gets a new link with its own address."""


class Maker:
    """Makes and changes objects in the workspace of an organization; ``now`` is the present."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.now = workspace.clock()
        self._ids: dict[str, str] = {}
        self._made: dict[str, PastObject] = {}

    def make_tables(self) -> None:
        """Add the tables, unless the user's own files have taken their names."""
        for table, rows in load_tables():
            if self.workspace.tables.get(table.system, table.name) is None:
                self.workspace.tables.create(table)
                self.workspace.tables.insert(table, rows)

    def make(self, each: PastObject) -> str:
        """Make an object and return its id."""
        arguments: JsonObject = filled(each.arguments, self._ids)
        made = self._call(each.operation, self.now - each.age, each.name, arguments)
        if "target" in made:
            arguments["target"] = {key: made["target"][key] for key in ("connection_id", "object")}
        self._ids[each.name] = made["id"]
        self._made[each.name] = replace(each, arguments=arguments)
        if each.operation == "POST /api/connections":
            self._connect(each, made["id"])
        return made["id"]

    def change(self, name: str, changes: Mapping[str, Any], ago: timedelta) -> None:
        """Replace an object by what it was made of, with changes, at a time of the past."""
        made = self._made[name]
        arguments = _merged(made.arguments, filled(changes, self._ids)) | {"id": self._ids[name]}
        operation = f"{made.operation.replace('POST', 'PUT')}/{{id}}"
        self._call(operation, self.now - ago, f"{name}, changed", arguments)

    def rename_columns(self, name: str, new_names: Mapping[str, str]) -> None:
        """Rename columns of a table; its rows keep their values."""
        tables = self.workspace.tables
        table = tables.get(SYSTEM, name)
        if table is None:
            return
        rows = [
            {new_names.get(key, key): value for key, value in row.items()} for row in tables.rows(table)
        ]
        tables.drop(table)
        renamed = _renamed(table, new_names)
        tables.create(renamed)
        tables.insert(renamed, rows)

    def view(self, time: datetime, *parts: str) -> Workspace:
        """Return the workspace at a time; the ids of what is made there follow from the parts."""
        return self.workspace.at(time, numbered(*parts))

    def _call(self, operation: str, time: datetime, name: str, arguments: JsonObject) -> JsonObject:
        call = Call(operation, arguments, CURRENT, _ADDRESS, self.view(time, operation, name), OWNER)
        return ROUTES[operation](call)["data"]

    def _connect(self, each: PastObject, id_: str) -> None:
        """Let the person sign in, if there was one, and read the schemas of a healthy connection."""
        view = self.view(self.now - each.age, id_)
        if each.is_consented:
            consents.allow(view, view.find(connections.KIND, id_))
        schema_cache.observe(view, id_)


def make_objects(maker: Maker) -> dict[str, PastObject]:
    """Make everything, and return the syncs by id."""
    maker.make_tables()
    made = {maker.make(_timed(each, maker.now)): each for each in load_objects()}
    return {id_: each for id_, each in made.items() if each.runs is not None}


def _timed(each: PastObject, now: datetime) -> PastObject:
    """Return a sync that is late with the schedule by which it was due that long ago."""
    late_by = (each.runs or {}).get("late_by")
    if late_by is None:
        return each
    due = now - timedelta(hours=late_by)
    schedule = each.arguments["schedule"] | {"hour": f"{due:%H}"}
    return replace(each, arguments=each.arguments | {"schedule": schedule})


def _merged(old: JsonObject, new: Mapping[str, Any]) -> JsonObject:
    changed = {
        key: _merged(as_object(old.get(key)), as_object(value)) if isinstance(value, dict) else value
        for key, value in new.items()
    }
    return {**old, **changed}


def _renamed(table: Table, new_names: Mapping[str, str]) -> Table:
    columns = tuple(replace(each, name=new_names.get(each.name, each.name)) for each in table.columns)
    return replace(table, columns=columns)
