"""The systems that hold data: their query languages, kinds of objects, and how new objects are created.

To add a system, add a folder under ``sample_company/systems`` with the name of its connection type. Its
``system.json`` describes the system, and its ``objects`` and ``files`` folders hold its sample data. Models
read the records in ``deleted`` with ``include_deleted`` alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.sandbox.data.systems.record_ids import KeyForm
from polytomic_mcp.sandbox.data.tables.field_types import field_type
from polytomic_mcp.sandbox.data.tables.table import Column

SHARED: Final = "warehouse"
"""The folder whose rows all warehouses share."""

SOQL: Final = "soql"
"""The query language that is not a dialect of SQL."""

_DESCRIPTION: Final = "system.json"
_PLAIN: Final = ""


@dataclass(frozen=True, slots=True)
class Language:
    """A system's query language: sqlglot's name of the dialect, or ``soql``.

    ``database`` is the field of a connection's configuration that names its database.
    """

    name: str = _PLAIN
    database: str | None = None
    schema: str = "public"

    @property
    def dialect(self) -> str:
        """Sqlglot's name of the dialect; empty for standard SQL."""
        return _PLAIN if self.name == SOQL else self.name

    def database_of(self, configuration: Mapping[str, Any]) -> str | None:
        """Return the database that a connection's configuration names, or None."""
        name = configuration.get(self.database) if self.database else None
        return name if isinstance(name, str) and name else None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of objects, and what syncs can do with them.

    ``identity`` is ``always`` or ``never`` if the mode alone does not decide whether a sync needs one.
    ``assigns_key`` is the form of the keys that the application gives to new records; None if it gives none.
    ``properties`` are the flags of a target of this kind. ``is_source`` says whether bulk syncs can copy it.
    """

    modes: tuple[str, ...] = ()
    identity: str | None = None
    assigns_key: KeyForm | None = None
    is_target: bool = True
    is_source: bool = True
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreationProperty:
    """A property of a new target object; ``values`` are its choices, None accepts any text."""

    id: str
    title: str
    values: "tuple[Mapping[str, str], ...] | str | None" = None


@dataclass(frozen=True, slots=True)
class Creation:
    """How a sync creates a target object of ``kind``.

    ``like`` names the object whose columns are copied, or such an object for each choice of the property
    ``by``; if it is None, the sync's mappings become the columns. ``id`` is a template of the new id with the
    properties' names; if it is None, the id is generated. ``columns`` are those of every new object; without
    any, the mappings become the columns. ``is_implied`` means that naming an object that does not exist
    creates it.
    """

    kind: str
    properties: tuple[CreationProperty, ...]
    like: str | Mapping[str, str] | None = None
    by: str | None = None
    id: str | None = None
    columns: tuple[Column, ...] = ()
    is_implied: bool = False

    def model(self, create: Mapping[str, str]) -> str | None:
        """Return the object whose columns are copied, given the values of the properties."""
        if not isinstance(self.like, Mapping):
            return self.like
        return self.like.get(create.get(self.by or "", ""))


@dataclass(frozen=True, slots=True)
class System:
    """A system; ``id`` is that of its connection type.

    ``sources`` lists the ways in which a model's configuration can name an object instead of a query. Each is
    a tuple of fields, whose values joined by dots are the object's name. ``parameters`` lists the values of
    fields of a connection's configuration, each with ``value`` and ``label``. ``rows_of`` names another
    folder whose rows the system shows. ``ignores_case`` says that its search finds a text in any case.
    ``bulk_modes_not_offered`` are those that it lacks as the destination of a bulk sync; that Cloud SQL lacks
    those of PostgreSQL is a guess. ``schema_ids`` has the objects whose id as a schema is not that of the
    target; ``aliases`` has further names of objects. ``has_deleted_records`` says whether models can
    read deleted records.
    """

    id: str
    about: str
    query: Language | None = None
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    creation: Creation | None = None
    rows_of: str | None = None
    ignores_case: bool = False
    bulk_modes_not_offered: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[Mapping[str, str], ...]] = field(
        default_factory=dict[str, tuple[Mapping[str, str], ...]]
    )
    schema_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    has_deleted_records: bool = False

    @property
    def is_warehouse(self) -> bool:
        """Whether its tables can be queried with SQL."""
        return self.query is not None and self.query.name != SOQL

    @property
    def language(self) -> Language:
        """The query language; standard SQL if the system has none."""
        return self.query or Language()

    def kind(self, id_: str) -> Kind:
        """Return the kind; an unknown one has no modes."""
        return self.kinds.get(id_) or Kind()

    def object_id(self, name: str) -> str:
        """Return the id of the object that a name, in any case, is an alias of; or else the name."""
        names = {**{schema_id: id_ for id_, schema_id in self.schema_ids.items()}, **self.aliases}
        folded = {alias.casefold(): id_ for alias, id_ in names.items()}
        return folded.get(name.casefold(), name)

    def schema_id(self, name: str) -> str:
        """Return the id that the object of this name has as a schema."""
        id_ = self.object_id(name)
        return {each.casefold(): schema for each, schema in self.schema_ids.items()}.get(id_.casefold(), id_)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of sample data that the system shows."""
        return (self.id,) if self.rows_of is None else (self.rows_of, self.id)


@cache
def load_systems() -> Mapping[str, System]:
    """Return the systems that hold data, by the ids of their connection types."""
    found = {folder.name: folder for folder in _entries(_folder()) if folder.is_dir()}
    return MappingProxyType({id_: _read(id_, folder) for id_, folder in found.items() if id_ != SHARED})


def described(key: str) -> System:
    """Return the system of a connection type or of a system's key; an empty one if it holds no data."""
    type_id = key.partition("@")[0]
    return load_systems().get(type_id) or System(type_id, "")


def object_id(key: str, name: str) -> str:
    """Return the id of the object that a name stands for in the system with this key."""
    return described(key).object_id(name)


def sample_files(folder: str, part: str) -> Iterator[tuple[str, Traversable]]:
    """Yield the files of a system's ``objects`` or ``files`` folder, with their paths below it."""
    return _walk(_folder() / folder / part)


def warehouses() -> tuple[str, ...]:
    """Return the ids of the connection types whose tables can be queried with SQL."""
    return tuple(id_ for id_, each in load_systems().items() if each.is_warehouse)


def system_of(connection: JsonObject) -> str:
    """Return the key of a connection's system: its type, or ``type@id`` if it uses a real server."""
    type_id: str = connection["type"]["id"]
    return f"{type_id}@{connection['id']}" if connection.get("_server") else type_id


def holds_nothing(type_id: str) -> str | None:
    """Return the message for a connection type that holds no data, or None for one that does."""
    if type_id.partition("@")[0] in load_systems():
        return None
    return (
        f"Connections of type {type_id.partition('@')[0]} hold no data in the sandbox. "
        f"These types do: {', '.join(load_systems())}."
    )


def _folder() -> Traversable:
    return files("polytomic_mcp.sandbox.data.sample_company") / "systems"


def _entries(folder: Traversable) -> Sequence[Traversable]:
    return sorted(folder.iterdir(), key=lambda each: each.name) if folder.is_dir() else ()


def _walk(folder: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in _entries(folder):
        path = f"{above}{each.name}"
        if each.is_dir():
            yield from _walk(each, f"{path}/")
        else:
            yield path, each


def _read(id_: str, folder: Traversable) -> System:
    body = _description(folder)
    query, creation = body.get("query"), body.get("creation")
    not_offered = as_object(body.get("not_offered"))
    return System(
        id=id_,
        about=body["about"],
        query=None if query is None else Language(name=query["language"], **_without(query, "language")),
        sources={name: tuple(keys) for name, keys in as_object(body.get("sources")).items()},
        kinds={
            name: _kind(each, not_offered.get("modes", ()))
            for name, each in as_object(body.get("kinds")).items()
        },
        creation=None if creation is None else _creation(creation),
        rows_of=body.get("rows_of"),
        ignores_case=body.get("ignores_case", False),
        bulk_modes_not_offered=tuple(not_offered.get("bulk_modes", ())),
        parameters={
            name: tuple(as_list(values)) for name, values in as_object(body.get("parameters")).items()
        },
        schema_ids=as_object(body.get("schema_ids")),
        aliases=as_object(body.get("aliases")),
        has_deleted_records=body.get("has_deleted_records", False),
    )


def _description(folder: Traversable) -> JsonObject:
    """Return a folder's description; omitted fields are those of the folder in ``rows_of`` or ``like``."""
    body: JsonObject = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
    above = body.get("rows_of", body.get("like"))
    return {**(_description(_folder() / above) if above else {}), **body}


def _kind(body: JsonObject, modes_not_offered: Sequence[str]) -> Kind:
    lists: JsonObject = {name: tuple(body.get(name, ())) for name in ("modes", "properties")}
    lists["modes"] = tuple(mode for mode in lists["modes"] if mode not in modes_not_offered)
    return Kind(**body | lists)


def _creation(body: JsonObject) -> Creation:
    properties = (CreationProperty(**each | _choices(each)) for each in body["properties"])
    columns = (Column.of({"type": field_type(each["sql_type"]), **each}) for each in body.get("columns", ()))
    typed: JsonObject = {**body, "properties": tuple(properties), "columns": tuple(columns)}
    return Creation(**typed)


def _choices(property_: JsonObject) -> JsonObject:
    values = property_.get("values")
    return {"values": tuple(as_list(values)) if isinstance(values, list) else values}


def _without(body: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in body.items() if key != name}
