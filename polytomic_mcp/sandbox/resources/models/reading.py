"""Reading what a model selects, row by row: a query, a table, a view or an object."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from polytomic_mcp.common.json_values import JsonObject
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.sandbox.common.refusals import RefusalError
from polytomic_mcp.sandbox.data.sample_company.rows import deleted_rows
from polytomic_mcp.sandbox.data.sql.backend import QueryError, Stream
from polytomic_mcp.sandbox.data.sql.soql import DIALECT, to_sql
from polytomic_mcp.sandbox.data.sql.statement import Catalog
from polytomic_mcp.sandbox.data.systems.systems import SOQL, System, described, holds_nothing, system_of
from polytomic_mcp.sandbox.data.tables.table import find_column
from polytomic_mcp.sandbox.data.tables.tables import Column, Row, Table
from polytomic_mcp.sandbox.resources.models.declared_types import declared_columns, typed_rows
from polytomic_mcp.sandbox.resources.models.skipped_lines import lines_to_skip, without_lines
from polytomic_mcp.sandbox.workspace.workspace import Workspace

VIEW: Final = "view"
"""The key of a model's configuration that names a view, and the kind of a view among the tables."""

MOST_ROWS: Final = 1_000_000
"""How many rows a model can have in the sandbox."""

SECONDS: Final = 60
"""Time limit of a model's query in a run, in seconds."""

PREVIEW_SECONDS: Final = 10
"""Time limit of a query for a preview, in seconds; the API's limit for samples."""


_INCLUDE_DELETED: Final = "include_deleted"
_IS_DELETED: Final = Column("IsDeleted", "boolean", "BOOLEAN", label="Deleted")
"""The field that a model has with ``include_deleted``, a setting of the documentation. Polytomic may show it
without the setting, too (a guess)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The columns that a model selects, and its rows, which can be read once.

    Values are JSON values. Reading a row may raise ``RefusalError``, for example if a value in the
    thousandth row does not have the type that the query expects.
    """

    columns: tuple[Column, ...]
    rows: Iterator[Row]


def read_model(
    workspace: Workspace, model: JsonObject, *, limit: int | None = None, seconds: float = SECONDS
) -> Reading:
    """Read the fields of a model, up to ``limit`` rows.

    A field that a user added has the values of the source's column of that name, or null, in the type that
    the user declared.

    Raises:
        RefusalError: 404 or 422 if the connection or a field does not exist, or the query fails.
    """
    connection = workspace.find("connection", model["connection_id"])
    workspace.faults.require_up(connection)
    source = read_source(workspace, connection, model["configuration"], seconds=seconds)
    found = {field["name"]: find_column(source.columns, field["name"]) for field in model["fields"]}
    for field in model["fields"]:
        if not field["user_added"] and found[field["name"]] is None:
            raise unknown_field(field["name"], source.columns, f"Model {model['name']}")
    columns = [
        Column(field["name"], field["type"], origin.sql_type if origin else "VARCHAR", label=field["label"])
        for field in model["fields"]
        for origin in [found[field["name"]]]
    ]
    origins = [(name, column.name if column else name) for name, column in found.items()]
    rows = islice(source.rows, limit)
    if origins != [(column.name, column.name) for column in source.columns]:
        rows = ({name: row.get(origin) for name, origin in origins} for row in rows)
    declared = declared_columns(model, source.columns, columns)
    return Reading(tuple(declared), typed_rows(rows, columns, declared))


def read_source(
    workspace: Workspace,
    connection: JsonObject,
    configuration: Mapping[str, Any],
    *,
    seconds: float = PREVIEW_SECONDS,
) -> Reading:
    """Read all columns that a model's configuration selects from a connection.

    Raises:
        RefusalError: 422 if it selects nothing that exists, or the query fails.
    """
    with _refused_queries():
        query = configuration.get("query")
        if isinstance(query, str) and query.strip():
            _refuse_deleted(connection, configuration)
            return _read_query(workspace, connection, query, seconds)
        return _read_table(workspace, connection, configuration)


def unknown_field(name: str, columns: tuple[Column, ...], noun: str) -> RefusalError:
    """Return the refusal, 422, of a field that the source does not have."""
    hint = valid_values(name, [column.name for column in columns])
    return RefusalError(422, f"{noun} has no field {quoted(name)}.{hint}", key="unknown_field")


def stream_query(
    workspace: Workspace, connection: JsonObject, query: str, seconds: float
) -> AbstractContextManager[Stream]:
    """Return a context in which a query's rows can be read.

    Raises:
        QueryError: If the query cannot run, on entering the context or on reading a row.
    """
    key = system_of(connection)
    language = described(key).language
    is_soql = language.name == SOQL
    return workspace.engine.stream(
        key,
        to_sql(query, workspace.tables.list(key), workspace.clock().date()) if is_soql else query,
        dialect=DIALECT if is_soql else language.dialect,
        seconds=seconds,
        database=language.database_of(connection["configuration"]),
    )


def _read_query(workspace: Workspace, connection: JsonObject, query: str, seconds: float) -> Reading:
    stack = ExitStack()
    stream = stack.enter_context(stream_query(workspace, connection, query, seconds))
    names = [column.name for column in stream.columns]
    return Reading(
        stream.columns, _bounded(stack, (dict(zip(names, row, strict=True)) for row in stream.rows))
    )


def _refuse_deleted(connection: JsonObject, configuration: Mapping[str, Any]) -> None:
    if described(system_of(connection)).has_deleted_records and configuration.get(_INCLUDE_DELETED):
        raise QueryError(
            f"The sandbox emulates {_INCLUDE_DELETED} with table only. Send table in place of query."
        )


def _bounded(source: AbstractContextManager[object], rows: Iterator[Row]) -> Iterator[Row]:
    with _refused_queries(), source:
        yield from islice(rows, MOST_ROWS)
        if next(rows, None) is not None:
            raise QueryError(f"The model has more than {MOST_ROWS} rows. Select fewer with a query.")


def _read_table(workspace: Workspace, connection: JsonObject, configuration: Mapping[str, Any]) -> Reading:
    key = system_of(connection)
    name = object_name(described(key), configuration)
    table = workspace.tables.get(key, name) or _find_table(workspace, connection, configuration, name)
    if name == configuration.get(VIEW) and table.kind != VIEW:
        raise QueryError(f"{table.name} is a table and not a view. Send it as table in place of view.")
    if count := lines_to_skip(table, connection, configuration):
        columns, left = without_lines(table, workspace.tables.rows(table), count)
        return Reading(columns, _bounded(nullcontext(), left))
    rows = workspace.tables.rows(table)
    if described(key).has_deleted_records and configuration.get(_INCLUDE_DELETED):
        rows = chain(_marked(rows, is_deleted=False), _marked(deleted_rows(key, table.name), is_deleted=True))
        return Reading((*table.columns, _IS_DELETED), _bounded(nullcontext(), rows))
    return Reading(table.columns, _bounded(nullcontext(), rows))


def _marked(rows: Iterable[Row], *, is_deleted: bool) -> Iterator[Row]:
    for row in rows:
        yield row | {_IS_DELETED.name: is_deleted}


def object_name(system: System, configuration: Mapping[str, Any]) -> str:
    """Return the name of the object that a model's configuration selects.

    Raises:
        QueryError: If it selects none.
    """
    for keys in system.sources.values():
        if all(isinstance(configuration.get(key), str) for key in keys):
            return ".".join(configuration[key] for key in keys)
    if reason := holds_nothing(system.id):
        raise QueryError(reason)
    needed = [*(["query"] if system.query else []), *(" and ".join(keys) for keys in system.sources.values())]
    raise QueryError(f"The model's configuration needs one of: {'; '.join(needed)}.")


def _find_table(
    workspace: Workspace, connection: JsonObject, configuration: Mapping[str, Any], name: str
) -> Table:
    key = system_of(connection)
    language = described(key).language
    database = language.database_of(connection["configuration"])
    catalog = Catalog(key, workspace.tables.list(key), database, language.schema)
    schema = configuration.get("schema") or configuration.get("dataset")
    return catalog.find([*([schema] if isinstance(schema, str) else []), *name.split(".")])


@contextmanager
def _refused_queries() -> Generator[None]:
    # The status is a guess: the API's response to a failing query has not been observed.
    try:
        yield
    except QueryError as error:
        raise RefusalError(422, str(error), key="invalid_query") from error
