"""Which connection types speak SQL: their dialect, and how they name their database and schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Dialect:
    """``name`` is sqlglot's; ``database`` the key of a connection's configuration that names its database."""

    name: str
    database: str | None = None
    schema: str = "public"


_DIALECTS: Final[Mapping[str, Dialect]] = {
    "awsathena": Dialect("athena"),
    "azuresql": Dialect("tsql", "database", "dbo"),
    "bigquery": Dialect("bigquery", "project_id"),
    "clickhouse": Dialect("clickhouse", "database"),
    "databricks": Dialect("databricks"),
    "googlecloudmysql": Dialect("mysql", "database"),
    "googlecloudsql": Dialect("postgres", "database"),
    "ibm_db2": Dialect("", "database"),
    "motherduck": Dialect("duckdb", "database"),
    "mssql": Dialect("tsql", "database", "dbo"),
    "mysql": Dialect("mysql", "dbname"),
    "postgresql": Dialect("postgres", "database"),
    "redshift": Dialect("redshift", "database"),
    "redshiftserverless": Dialect("redshift", "database"),
    "snowflake": Dialect("snowflake", "dbname"),
    "synapse": Dialect("tsql", "database", "dbo"),
}

WAREHOUSES: Final = tuple(_DIALECTS)
"""The ids of the connection types whose tables are reached by SQL."""


def dialect_of(type_id: str) -> Dialect:
    """Return the connection type's dialect; plain SQL for a type that is no warehouse."""
    return _DIALECTS.get(type_id, Dialect(""))


def database_of(type_id: str, configuration: Mapping[str, Any]) -> str | None:
    """Return the database a connection is bound to, or None where it names none."""
    key = dialect_of(type_id).database
    name = configuration.get(key) if key else None
    return name if isinstance(name, str) and name else None
