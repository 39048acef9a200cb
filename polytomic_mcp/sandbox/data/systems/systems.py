"""The systems that hold data here, each described by a file: what it speaks, keeps, takes and makes.

A new system is a folder under ``sample_company/systems`` named by its connection type; ``system.json`` there
describes it, and ``objects`` and ``files`` hold what it keeps.
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

SHARED: Final = "warehouse"
"""The folder whose rows every warehouse shows."""

SOQL: Final = "soql"
"""The language of a system's queries that is no dialect of SQL."""

_DESCRIPTION: Final = "system.json"
_PLAIN: Final = ""


@dataclass(frozen=True, slots=True)
class Language:
    """How a system is queried: sqlglot's name of the dialect, or ``soql``.

    ``database`` is the key of a connection's configuration that names its database.
    """

    name: str = _PLAIN
    database: str | None = None
    schema: str = "public"

    @property
    def dialect(self) -> str:
        """Sqlglot's name of the dialect, empty for plain SQL."""
        return _PLAIN if self.name == SOQL else self.name

    def database_of(self, configuration: Mapping[str, Any]) -> str | None:
        """Return the database a connection is bound to, or None where it names none."""
        name = configuration.get(self.database) if self.database else None
        return name if isinstance(name, str) and name else None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of objects and what a sync may do with one.

    ``identity`` is ``always`` or ``never`` where the mode alone does not decide whether one is wanted;
    ``properties`` are the flags a target of the kind has. ``is_source`` says that bulk syncs copy it.
    """

    modes: tuple[str, ...] = ()
    identity: str | None = None
    assigns_key: bool = False
    is_target: bool = True
    is_source: bool = True
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreationProperty:
    """What a new target object is told. ``values`` make it a choice; None takes any text."""

    id: str
    title: str
    values: "tuple[Mapping[str, str], ...] | str | None" = None


@dataclass(frozen=True, slots=True)
class Creation:
    """How a sync makes a new target object of ``kind``.

    ``like`` names the object whose columns it gets, one for each choice of the property ``by`` where that
    is given; without it, the sync's mappings become its columns. ``id`` says how its id is put together
    from the properties; without one, an id is minted.
    """

    kind: str
    properties: tuple[CreationProperty, ...]
    like: str | Mapping[str, str] | None = None
    by: str | None = None
    id: str | None = None

    def model(self, create: Mapping[str, str]) -> str | None:
        """Return the object whose columns a new one with these properties gets."""
        if not isinstance(self.like, Mapping):
            return self.like
        return self.like.get(create.get(self.by or "", ""))


@dataclass(frozen=True, slots=True)
class System:
    """A system: ``id`` is its connection type's.

    ``sources`` says how a model names an object instead of a query: by alternative, the keys of its
    configuration whose values, joined by dots, are the object's name. ``parameters`` holds what fields of
    a connection's configuration may be set to, each with ``value`` and ``label``.
    """

    id: str
    about: str
    query: Language | None = None
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    kinds: Mapping[str, Kind] = field(default_factory=dict[str, Kind])
    creation: Creation | None = None
    rows_of: str | None = None
    parameters: Mapping[str, tuple[Mapping[str, str], ...]] = field(
        default_factory=dict[str, tuple[Mapping[str, str], ...]]
    )

    @property
    def is_warehouse(self) -> bool:
        """Whether its tables are reached by SQL."""
        return self.query is not None and self.query.name != SOQL

    @property
    def language(self) -> Language:
        """The language of its queries; plain SQL where it has none."""
        return self.query or Language()

    def kind(self, id_: str) -> Kind:
        """Return the kind; one that the description does not name has no modes."""
        return self.kinds.get(id_) or Kind()

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders whose objects it shows: another system's too, where it shows that one's rows."""
        return (self.id,) if self.rows_of is None else (self.rows_of, self.id)


@cache
def load_systems() -> Mapping[str, System]:
    """Return every system that holds data, by its connection type's id."""
    found = {place.name: place for place in _entries(_folder()) if place.is_dir()}
    return MappingProxyType({id_: _read(id_, place) for id_, place in found.items() if id_ != SHARED})


def described(key: str) -> System:
    """Return the system of a connection type or a connection's key; an empty one where none is described."""
    type_id = key.partition("@")[0]
    return load_systems().get(type_id) or System(type_id, "")


def sample_files(folder: str, part: str) -> Iterator[tuple[str, Traversable]]:
    """Yield the files of a folder's ``objects`` or ``files``, with their paths below it."""
    return _walk(_folder() / folder / part)


def warehouses() -> tuple[str, ...]:
    """Return the ids of the connection types whose tables are reached by SQL."""
    return tuple(id_ for id_, each in load_systems().items() if each.is_warehouse)


def system_of(connection: JsonObject) -> str:
    """Return the key under which the data of a connection are kept.

    It is its type's id, and for a connection that reaches a real server one of its own: ``type@id``.
    """
    type_id: str = connection["type"]["id"]
    return f"{type_id}@{connection['id']}" if connection.get("_server") else type_id


def holds_nothing(type_id: str) -> str | None:
    """Return the sentence for a type that holds no data here, or None for one that does."""
    if type_id.partition("@")[0] in load_systems():
        return None
    return (
        f"A connection of type {type_id} holds no data in the sandbox; "
        f"these types do: {', '.join(load_systems())}."
    )


def _folder() -> Traversable:
    return files("polytomic_mcp.sandbox.data.sample_company") / "systems"


def _entries(place: Traversable) -> Sequence[Traversable]:
    return sorted(place.iterdir(), key=lambda each: each.name) if place.is_dir() else ()


def _walk(place: Traversable, above: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in _entries(place):
        path = f"{above}{each.name}"
        if each.is_dir():
            yield from _walk(each, f"{path}/")
        else:
            yield path, each


def _read(id_: str, place: Traversable) -> System:
    body = _description(place)
    query, creation = body.get("query"), body.get("creation")
    return System(
        id=id_,
        about=body["about"],
        query=None if query is None else Language(name=query["language"], **_without(query, "language")),
        sources={name: tuple(keys) for name, keys in as_object(body.get("sources")).items()},
        kinds={name: _kind(each) for name, each in as_object(body.get("kinds")).items()},
        creation=None if creation is None else _creation(creation),
        rows_of=body.get("rows_of"),
        parameters={
            name: tuple(as_list(values)) for name, values in as_object(body.get("parameters")).items()
        },
    )


def _description(place: Traversable) -> JsonObject:
    """Return what a folder's description says; what it leaves out is as in the one whose rows it shows."""
    body: JsonObject = json.loads((place / _DESCRIPTION).read_text(encoding="utf-8"))
    above = _description(_folder() / body["rows_of"]) if "rows_of" in body else {}
    return {**above, **body}


def _kind(body: JsonObject) -> Kind:
    lists: JsonObject = {name: tuple(body.get(name, ())) for name in ("modes", "properties")}
    return Kind(**body | lists)


def _creation(body: JsonObject) -> Creation:
    properties = (CreationProperty(**each | _choices(each)) for each in body["properties"])
    typed: JsonObject = {**body, "properties": tuple(properties)}
    return Creation(**typed)


def _choices(property_: JsonObject) -> JsonObject:
    values = property_.get("values")
    return {"values": tuple(as_list(values)) if isinstance(values, list) else values}


def _without(body: JsonObject, name: str) -> JsonObject:
    return {key: value for key, value in body.items() if key != name}
