"""Makes the objects of the past, each at its time, by the routes that any caller uses."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_object
from polytomic_mcp.sandbox.calls.call import Call
from polytomic_mcp.sandbox.calls.credentials import OWNER
from polytomic_mcp.sandbox.calls.versions import CURRENT
from polytomic_mcp.sandbox.common.times import read_duration
from polytomic_mcp.sandbox.data.tables.tables import Table
from polytomic_mcp.sandbox.past.ids import numbered
from polytomic_mcp.sandbox.past.organization import SYSTEM, PastObject, all_objects, filled, load_tables
from polytomic_mcp.sandbox.resources.connections import connections, consents
from polytomic_mcp.sandbox.resources.schemas import schema_cache
from polytomic_mcp.sandbox.routes import ROUTES
from polytomic_mcp.sandbox.workspace.workspace import Workspace

_ADDRESS: Final = "http://127.0.0.1"
"""The address in links for consent, which nobody sees: a caller asks for a new link."""


class Maker:
    """Makes and changes objects in the workspace of an organization; ``now`` is the present."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.now = workspace.clock()
        self._objects = {each.name: each for each in all_objects()}
        self._ids = {name: each.id for name, each in self._objects.items()}

    def make_tables(self) -> None:
        """Add the tables with their rows."""
        for each in load_tables():
            self.workspace.tables.create(each.table)
            self.workspace.tables.insert(each.table, each.rows)

    def change_rows(self) -> None:
        """Change the rows that changed after the last runs."""
        for each in filter(lambda each: each.changed, load_tables()):
            key = each.table.key or ""
            found = self.workspace.tables.read(each.table)
            rows = {id_: {**row, **each.changed.get(str(row[key]), {})} for id_, row in found}
            self.workspace.tables.update(each.table, rows)

    def make(self, each: PastObject) -> None:
        """Make an object. A connection has read its schemas, after the person signed in, if there was one."""
        made = self._call(each, each.operation, each.age, self._arguments(each.name))
        if each.operation == "POST /api/connections":
            view = self.view(self.now - each.age, each.id)
            if each.is_consented:
                consents.allow(view, view.find(connections.KIND, each.id))
            schema_cache.observe(view, each.id)
        if "target" in made:
            target = {key: made["target"][key] for key in ("connection_id", "object")}
            self._objects[each.name] = replace(each, arguments=each.arguments | {"target": target})

    def change(self, change: Mapping[str, Any]) -> None:
        """Make a change: rename the columns of a table, or replace an object by one with other arguments."""
        if "rename" in change:
            self._rename_columns(change["table"], change["rename"])
            return
        each = self._objects[change["of"]]
        arguments = _merged(self._arguments(each.name), filled(change["with"], self._ids))
        self._replace(each, read_duration(change["ago"]), arguments)

    def restore(self, name: str) -> None:
        """Undo the changes of an object."""
        each = self._objects[name]
        self._replace(each, each.age, self._arguments(name))

    def view(self, time: datetime, *parts: str) -> Workspace:
        """Return the workspace at a time; the ids of what is made there follow from the parts."""
        return self.workspace.at(time, numbered(*parts))

    def _arguments(self, name: str) -> JsonObject:
        """Return the arguments of an object; a sync that is late was due that many hours ago."""
        each = self._objects[name]
        late_by = (each.runs or {}).get("late_by")
        hour = {"hour": f"{self.now - timedelta(hours=late_by):%H}"} if late_by is not None else {}
        timed = {"schedule": each.arguments["schedule"] | hour} if hour else {}
        return filled(each.arguments | timed, self._ids)

    def _replace(self, each: PastObject, age: timedelta, arguments: JsonObject) -> None:
        operation = f"{each.operation.replace('POST', 'PUT')}/{{id}}"
        self._call(each, operation, age, arguments | {"id": each.id})

    def _call(self, each: PastObject, operation: str, age: timedelta, arguments: JsonObject) -> JsonObject:
        view = self.view(self.now - age, operation, each.name)
        return ROUTES[operation](Call(operation, arguments, CURRENT, _ADDRESS, view, OWNER))["data"]

    def _rename_columns(self, name: str, new_names: Mapping[str, str]) -> None:
        """Rename columns of a table, whose rows keep their values."""
        tables = self.workspace.tables
        (table,) = (each for each in tables.list(SYSTEM) if each.name == name)
        rows = [{new_names.get(key, key): value for key, value in row.items()} for row in tables.rows(table)]
        tables.drop(table)
        renamed = _renamed(table, new_names)
        tables.create(renamed)
        tables.insert(renamed, rows)


def _merged(old: JsonObject, new: Mapping[str, Any]) -> JsonObject:
    changed = {
        key: _merged(as_object(old.get(key)), as_object(value)) if isinstance(value, dict) else value
        for key, value in new.items()
    }
    return {**old, **changed}


def _renamed(table: Table, new_names: Mapping[str, str]) -> Table:
    columns = tuple(replace(each, name=new_names.get(each.name, each.name)) for each in table.columns)
    return replace(table, columns=columns)
