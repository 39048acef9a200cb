"""SQL checks: one query, which only reads and names known tables, translated to DuckDB's dialect."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from polytomic_mcp.common.spelling import unknown
from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.dialects import schema_tables
from polytomic_mcp.sandbox.data.sql.dialects.place import use_place
from polytomic_mcp.sandbox.data.sql.dialects.supported import require_supported
from polytomic_mcp.sandbox.data.sql.dialects.translation import translate, unfold
from polytomic_mcp.sandbox.data.sql.rewrites import function_name, rewrite
from polytomic_mcp.sandbox.data.tables.tables import Table

LONGEST: Final = 100_000
"""Maximum characters of a query."""

_FIRST_WORDS: Final = ("SELECT", "WITH", "VALUES", "FROM", "(")
_TABLE_FUNCTIONS: Final = (exp.Unnest, exp.Explode, exp.ExplodingGenerateSeries, exp.GenerateSeries)
_TABLE_FUNCTION_NAMES: Final = ("RANGE", "GENERATE_SERIES", "UNNEST", "JSON_EACH", "JSON_TREE")
_EXTERNAL: Final = ("CURRENT_SETTING", "GETENV", "GLOB", "QUERY", "QUERY_TABLE")
_EXTERNAL_PREFIXES: Final = (
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

_SERVER_FUNCTIONS: Final = ("BENCHMARK", "LOAD_FILE", "NEXTVAL", "SETVAL", "SET_CONFIG", "SLEEP")
_SERVER_PREFIXES: Final = (
    *("CURSOR_TO", "DATABASE_TO", "DBLINK", "GET_LOCK", "LO_", "PG_"),
    *("QUERY_TO", "RELEASE_", "SCHEMA_TO", "SYS_", "TABLE_TO"),
)
"""Functions of a server that reach beyond its tables or block it: files, other databases, locks, sleep."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A read-only query in DuckDB's dialect, the tables it reads, and the names of its columns as written.

    ``names`` is empty if the query selects a star.
    """

    sql: str
    tables: tuple[Table, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a query may name: the system's tables, and the database and schema they are in."""

    system: str
    tables: Sequence[Table]
    database: str | None = None
    schema: str = "public"

    def find(self, parts: Sequence[str]) -> Table:
        """Return the table with a name, given in parts and in any case.

        Raises:
            QueryError: It does not exist, or is in another database.
        """
        *qualifiers, name = parts
        written = ".".join(parts)
        if len(qualifiers) > 1 and not self._is_database(qualifiers[-2]):
            raise QueryError(
                f"Table {written} is not in this connection's database. "
                f"Write {self.database}.{qualifiers[-1]}.{name}."
            )
        wanted = [f"{schema}.{name}".casefold() for schema in self._schemas(qualifiers)]
        wanted += [] if qualifiers else [name.casefold()]
        found = next((table for table in self.tables if table.name.casefold() in wanted), None)
        if found is None:
            names = (self._short(table.name) if not qualifiers else table.name for table in self.tables)
            raise QueryError(unknown(f"{self.system.partition('@')[0]} table", written, names))
        return found

    @property
    def place(self) -> tuple[str, str]:
        """What the system calls its database and the schema of the sandbox's own tables."""
        return self.database or "", self.schema

    def _is_database(self, name: str) -> bool:
        return self.database is None or name.casefold() == self.database.casefold()

    def _schemas(self, qualifiers: list[str]) -> list[str]:
        schema = qualifiers[-1] if qualifiers else self.schema
        # MySQL's databases are its schemas; SQL Server calls its default schema dbo.
        is_default = schema.casefold() in (self.schema, (self.database or "").casefold())
        return [schema, self.schema, "public"] if is_default else [schema]

    @staticmethod
    def _short(name: str) -> str:
        """Return a table's name as an unqualified query writes it."""
        return name.removeprefix("public.")


def prepare(sql: str, dialect: str, catalog: Catalog, now: datetime) -> Statement:
    """Parse, check and translate a query that runs at ``now``.

    Raises:
        QueryError: It is not valid SQL, does more than read, or names an unknown table.
    """
    with _translate_errors():
        query = _parse(sql, dialect)
        _require_reading(query)
        names = _name_columns(query, dialect)
        query = _with_schema_tables(query, catalog, dialect)
        use_place(query, dialect, *catalog.place)
        unfold(query, dialect)
        tables = tuple(dict.fromkeys(_resolve(query, catalog)))
        translate(query, dialect, {table.name: table for table in tables})
        rewrite(query, now)
        written = query.sql("duckdb", comments=False, unsupported_level=ErrorLevel.IGNORE)
        require_supported(query, written, dialect)
    return Statement(written, tables, names)


def read_only(sql: str, dialect: str) -> str:
    """Check a query for a real server, and return it as parsed, so that what runs is what was checked."""
    with _translate_errors():
        query = _parse(sql, dialect)
        _require_reading(query)
        _require_harmless(query)
        return query.sql(dialect, comments=False, unsupported_level=ErrorLevel.IGNORE)


@contextmanager
def _translate_errors() -> Generator[None]:
    try:
        yield
    except ParseError as error:
        raise QueryError(_syntax_error(error)) from error
    except SqlglotError as error:
        raise QueryError(f"The query is not valid SQL: {error}.") from error
    except RecursionError as error:
        raise QueryError("The query is nested too deeply.") from error


def _parse(sql: str, dialect: str) -> exp.Expr:
    if len(sql) > LONGEST:
        raise QueryError(f"The query has {len(sql)} characters; the limit is {LONGEST}.")
    tokens = [
        token
        for token in sqlglot.tokenize(sql, dialect=dialect)
        if token.token_type != sqlglot.TokenType.SEMICOLON
    ]
    if not tokens:
        raise QueryError("The query is empty.")
    # Checked before parsing, because sqlglot logs unknown statements to stderr.
    if tokens[0].text.upper() not in _FIRST_WORDS:
        raise QueryError(f"Only queries are allowed: start with SELECT or WITH, not {tokens[0].text[:40]}.")
    # A comment after a semicolon is parsed as a statement of its own.
    parsed = sqlglot.parse(sql, dialect=dialect)
    statements = [each for each in parsed if each is not None and not isinstance(each, exp.Semicolon)]
    if len(statements) != 1:
        raise QueryError(f"Send one query; this is {len(statements)} statements.")
    return statements[0]


def _require_reading(query: exp.Expr) -> None:
    parts = [query, *(common.this for common in query.find_all(exp.CTE))]
    if query.find(exp.Into) or not all(isinstance(part, exp.Query | exp.Values) for part in parts):
        raise QueryError(
            "Only queries that read are allowed: SELECT, without INTO and without a part that writes."
        )
    for function in query.find_all(exp.Func):
        name = function_name(function)
        if name in _EXTERNAL or name.startswith(_EXTERNAL_PREFIXES) or name.endswith("_SCAN"):
            raise QueryError(
                f"Function {name} is not allowed: a query may only read the connection's tables."
            )
        if name in _UNBOUNDED:
            raise QueryError(f"Function {name} is not allowed: its result has no length limit.")


def _require_harmless(query: exp.Expr) -> None:
    """Refuse what a server does beyond reading its tables, even in a read-only transaction."""
    if query.find(exp.Lock):
        raise QueryError("Only queries that read are allowed: SELECT, without FOR UPDATE or FOR SHARE.")
    for function in query.find_all(exp.Func):
        name = function_name(function)
        if name in _SERVER_FUNCTIONS or name.startswith(_SERVER_PREFIXES):
            raise QueryError(
                f"Function {name} is not allowed: a query may only read the connection's tables."
            )


def _name_columns(query: exp.Expr, dialect: str) -> tuple[str, ...]:
    """Name the result's columns as the query writes them, not as DuckDB would."""
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


def _with_schema_tables(query: exp.Expr, catalog: Catalog, dialect: str) -> exp.Expr:
    """Return the query with subqueries in the place of ``information_schema``."""
    for reference in _references(query):
        # In BigQuery, sqlglot reads the schema and the name of such a view as one.
        parts = [part for each in reference.parts for part in each.name.split(".")]
        if schema_tables.is_view(parts):
            view = schema_tables.view(parts[-1], catalog.tables, *catalog.place, dialect)
            view.set("alias", exp.TableAlias(this=exp.to_identifier(reference.alias_or_name)))
            reference.replace(view)
    return query


def _resolve(query: exp.Expr, catalog: Catalog) -> Iterator[Table]:
    """Yield the tables that a query reads, and rename its references to DuckDB's names for them."""
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
    """Return the tables in FROM, without the query's own common table expressions."""
    common = {
        id(table)
        for scope in traverse_scope(query)
        for table in scope.tables
        if isinstance(scope.sources.get(table.alias_or_name), Scope)
    }
    return [table for table in query.find_all(exp.Table) if id(table) not in common]


def _require_table_function(function: exp.Func) -> None:
    if not isinstance(function, _TABLE_FUNCTIONS) and function_name(function) not in _TABLE_FUNCTION_NAMES:
        raise QueryError(f"Function {function_name(function)} is not allowed in FROM: name a table.")


def _syntax_error(error: ParseError) -> str:
    first = error.errors[0]
    near = first["highlight"] or ""
    # sqlglot reports the end of the unexpected word.
    column = first["col"] - max(len(near) - 1, 0)
    why = f": {first['description']}" if "<class" not in first["description"] else ""  # names a parser's part
    return f"Syntax error at line {first['line']}, column {column} near {near!r}{why}."
