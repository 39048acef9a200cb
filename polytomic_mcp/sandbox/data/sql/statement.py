"""A model's SQL, held to one read-only query over known tables and brought to DuckDB's dialect."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from polytomic_mcp.sandbox.data.sql.current_time import fix_time
from polytomic_mcp.sandbox.data.sql.date_arithmetic import keep_dates
from polytomic_mcp.sandbox.data.sql.errors import QueryError
from polytomic_mcp.sandbox.data.sql.long_lists import bound_lists
from polytomic_mcp.sandbox.data.sql.long_strings import bound_strings
from polytomic_mcp.sandbox.data.tables.tables import Table

LONGEST: Final = 100_000
"""Characters a query may have."""

_SHOWN: Final = 20
_FIRST_WORDS: Final = ("SELECT", "WITH", "VALUES", "FROM", "(")
_TABLE_FUNCTIONS: Final = (exp.Unnest, exp.Explode, exp.ExplodingGenerateSeries, exp.GenerateSeries)
_TABLE_FUNCTION_NAMES: Final = ("RANGE", "GENERATE_SERIES", "UNNEST", "JSON_EACH", "JSON_TREE")
_OUTSIDE: Final = ("CURRENT_SETTING", "GETENV", "GLOB", "QUERY", "QUERY_TABLE")
_OUTSIDE_STARTS: Final = (
    "DUCKDB",
    "JSON_EXECUTE",
    "PARQUET",
    "PRAGMA",
    "READ",
    "SNIFF",
    "WHICH_SECRET",
    "WRITE_LOG",
)
_UNBOUNDED: Final = ("BAR", "BITSTRING", "FORMAT", "PRINTF")

_OF_SERVERS: Final = ("BENCHMARK", "LOAD_FILE", "NEXTVAL", "SETVAL", "SET_CONFIG", "SLEEP")
_OF_SERVERS_STARTS: Final = (
    *("CURSOR_TO", "DATABASE_TO", "DBLINK", "GET_LOCK", "LO_", "PG_"),
    *("QUERY_TO", "RELEASE_", "SCHEMA_TO", "SYS_", "TABLE_TO"),
)
"""What reaches beyond the tables of a real server, or holds it up: files, other databases, locks, sleep."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One read-only query in DuckDB's dialect, the tables it reads, and its columns as it writes them.

    ``names`` is empty where a star leaves them to the tables.
    """

    sql: str
    tables: tuple[Table, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a query may name: the system's tables, and the database and schema they stand in."""

    system: str
    tables: Sequence[Table]
    database: str | None = None
    schema: str = "public"

    def find(self, parts: Sequence[str]) -> Table:
        """Return the table of a name's parts, in any case; ``QueryError`` names what there is."""
        *qualifiers, name = parts
        written = ".".join(parts)
        if len(qualifiers) > 1 and not self._is_database(qualifiers[-2]):
            raise QueryError(
                f"Table {written} is not in the database this connection reaches; "
                f"write {self.database}.{qualifiers[-1]}.{name}"
            )
        wanted = [f"{schema}.{name}".casefold() for schema in self._schemas(qualifiers)]
        wanted += [] if qualifiers else [name.casefold()]
        found = next((table for table in self.tables if table.name.casefold() in wanted), None)
        if found is None:
            raise QueryError(f"Table {written} does not exist in {self.system}; {self._nearest(written)}")
        return found

    def _is_database(self, name: str) -> bool:
        return self.database is None or name.casefold() == self.database.casefold()

    def _schemas(self, qualifiers: list[str]) -> list[str]:
        schema = qualifiers[-1] if qualifiers else "public"
        # MySQL's databases are its schemas; SQL Server calls its default schema dbo.
        is_default = schema.casefold() in (self.schema, (self.database or "").casefold())
        return [schema, "public"] if is_default else [schema]

    def _nearest(self, written: str) -> str:
        names = {table.name.casefold(): table.name for table in self.tables}
        names |= {name.rpartition(".")[2]: table for name, table in names.items()}
        near = get_close_matches(written.rpartition(".")[2].casefold(), names, n=3)
        if near:
            return "did you mean " + " or ".join(dict.fromkeys(names[name] for name in near)) + "?"
        return "there are " + (", ".join(sorted(set(names.values()))[:_SHOWN]) or "no tables")


def prepare(sql: str, dialect: str, catalog: Catalog, now: datetime) -> Statement:
    """Parse, check and transpile a query that runs ``now``; ``QueryError`` says what is wrong with it."""
    with _explained():
        query = _parse(sql, dialect)
        _require_reading(query)
        names = _name_columns(query, dialect)
        tables = tuple(dict.fromkeys(_resolve(query, catalog)))
        fix_time(query, now)
        keep_dates(query)
        bound_lists(query)
        bound_strings(query)
        written = query.sql("duckdb", comments=False, unsupported_level=ErrorLevel.IGNORE)
    return Statement(written, tables, names)


def read_only(sql: str, dialect: str) -> str:
    """Check a query for a real server and write it anew, so that what runs is what was checked."""
    with _explained():
        query = _parse(sql, dialect)
        _require_reading(query)
        _require_harmless(query)
        return query.sql(dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)


@contextmanager
def _explained() -> Generator[None]:
    try:
        yield
    except ParseError as error:
        raise QueryError(_syntax(error)) from error
    except SqlglotError as error:
        raise QueryError(f"The query is not valid SQL: {error}") from error
    except RecursionError as error:
        raise QueryError("The query is nested too deeply") from error


def _parse(sql: str, dialect: str) -> exp.Expr:
    if len(sql) > LONGEST:
        raise QueryError(f"The query has {len(sql)} characters; {LONGEST} are allowed")
    tokens = sqlglot.tokenize(sql, dialect=dialect)
    if not tokens:
        raise QueryError("The query is empty")
    # Looked at before parsing, because sqlglot logs what it does not know to stderr.
    if tokens[0].text.upper() not in _FIRST_WORDS:
        raise QueryError(
            f"Only a query can be read: it starts with SELECT or WITH, not {tokens[0].text[:40]}"
        )
    statements = [statement for statement in sqlglot.parse(sql, dialect=dialect) if statement is not None]
    if len(statements) != 1:
        raise QueryError(f"One query is wanted, these are {len(statements)} statements")
    return statements[0]


def _require_reading(query: exp.Expr) -> None:
    parts = [query, *(common.this for common in query.find_all(exp.CTE))]
    if query.find(exp.Into) or not all(isinstance(part, exp.Query | exp.Values) for part in parts):
        raise QueryError(
            "Only a query that reads can run: SELECT, without INTO and without a part that writes"
        )
    for function in query.find_all(exp.Func):
        name = _function_name(function)
        if name in _OUTSIDE or name.startswith(_OUTSIDE_STARTS) or name.endswith("_SCAN"):
            raise QueryError(f"Function {name} is not allowed: a query reads the connection's tables only")
        if name in _UNBOUNDED:
            raise QueryError(f"Function {name} is not allowed: what it makes may be of any length")


def _require_harmless(query: exp.Expr) -> None:
    """Refuse what a server would do beyond reading its tables, even in a transaction that is read-only."""
    if query.find(exp.Lock):
        raise QueryError("Only a query that reads can run: SELECT, without FOR UPDATE or FOR SHARE")
    for function in query.find_all(exp.Func):
        name = _function_name(function)
        if name in _OF_SERVERS or name.startswith(_OF_SERVERS_STARTS):
            raise QueryError(f"Function {name} is not allowed: a query reads the connection's tables only")


def _function_name(function: exp.Func) -> str:
    return (function.name if isinstance(function, exp.Anonymous) else function.sql_name()).upper()


def _name_columns(query: exp.Expr, dialect: str) -> tuple[str, ...]:
    """Name the result's columns as the query writes them, whatever DuckDB would call them."""
    first = query
    while not isinstance(first, exp.Select) and isinstance(first.this, exp.Expr):
        first = first.this
    if not isinstance(first, exp.Select):
        return ()
    for column in first.expressions:
        if not (_is_star(column) or column.output_name):
            column.replace(exp.alias_(column.copy(), column.sql(dialect, comments=False), quoted=True))
    if any(map(_is_star, first.expressions)):
        return ()
    return tuple(column.output_name for column in first.expressions)


def _is_star(column: exp.Expr) -> bool:
    return column.is_star or column.find(exp.Columns) is not None


def _resolve(query: exp.Expr, catalog: Catalog) -> Iterator[Table]:
    """Yield the tables the query reads, and make it name them as DuckDB does."""
    for source in query.find_all(exp.Table, exp.Lateral):
        if isinstance(source.this, exp.Func):
            _require_table_function(source.this)
    names: set[str] = set()
    for reference in _references(query):
        if isinstance(reference.this, exp.Func):
            continue
        table, alias = catalog.find([part.name for part in reference.parts]), reference.alias_or_name
        names.add(alias.casefold())
        _unqualify(reference)
        reference.set("this", exp.to_identifier(table.name, quoted=True))
        if not reference.alias:
            reference.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        yield table
    for column in query.find_all(exp.Column):
        if column.table.casefold() in names:
            _unqualify(column)


def _unqualify(reference: exp.Expr) -> None:
    reference.set("db", None)
    reference.set("catalog", None)


def _references(query: exp.Expr) -> list[exp.Table]:
    """Return what stands in FROM and is no common table expression of the query itself."""
    common = {
        id(table)
        for scope in traverse_scope(query)
        for table in scope.tables
        if isinstance(scope.sources.get(table.alias_or_name), Scope)
    }
    return [table for table in query.find_all(exp.Table) if id(table) not in common]


def _require_table_function(function: exp.Func) -> None:
    if not isinstance(function, _TABLE_FUNCTIONS) and _function_name(function) not in _TABLE_FUNCTION_NAMES:
        raise QueryError(f"Function {_function_name(function)} cannot stand in FROM: name a table there")


def _syntax(error: ParseError) -> str:
    first = error.errors[0]
    near = first["highlight"] or ""
    # sqlglot counts to the end of the word it stumbles over.
    column = first["col"] - max(len(near) - 1, 0)
    return f"Syntax error at line {first['line']}, column {column} near {near!r}: {first['description']}"
