"""Hostile queries, in several dialects, are refused with a reason by all three routes that run queries."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from polytomic_mcp.sandbox import create_sandbox
from polytomic_mcp.sandbox.data.sql.process.database import open_locked

READS_ONLY = "start with SELECT or WITH"
NOT_ALLOWED = "is not allowed"
NO_TABLE = " table '"
NOT_IN_FROM = "is not allowed in FROM"

ATTEMPTS = {
    "write a table": ("postgresql", "DELETE FROM public.users", READS_ONLY),
    "write behind a comment": ("postgresql", "/* SELECT */ DROP TABLE public.users", READS_ONLY),
    "write behind a semicolon": ("postgresql", "SELECT 1; DROP TABLE public.users", "this is 2 statements"),
    "write in a hint of MySQL": ("mysql", "/*! DROP TABLE users */ SELECT * FROM nowhere", NO_TABLE),
    "write in a part": (
        "postgresql",
        "WITH x AS (DELETE FROM users RETURNING *) SELECT 1",
        "a part that writes",
    ),
    "write into a file": ("mysql", "SELECT 1 INTO OUTFILE 'out.csv'", "Syntax error"),
    "write into a table": ("mssql", "SELECT * INTO copy FROM users", "without INTO"),
    "export": ("bigquery", "EXPORT DATA OPTIONS(uri='gs://x') AS SELECT 1", READS_ONLY),
    "unload": ("redshift", "UNLOAD ('SELECT 1') TO 's3://x'", READS_ONLY),
    "copy": ("motherduck", "COPY (SELECT 1) TO 'x.csv'", READS_ONLY),
    "attach": ("motherduck", "ATTACH 'x.db'", READS_ONLY),
    "load an extension": ("motherduck", "LOAD httpfs", READS_ONLY),
    "set": ("motherduck", "SET lock_configuration = false", READS_ONLY),
    "set in FROM": ("motherduck", "SELECT * FROM (PRAGMA version)", NO_TABLE),
    "call": ("snowflake", "CALL SYSTEM$WAIT(10)", READS_ONLY),
    "run a command": ("mssql", "EXEC xp_cmdshell 'id'", READS_ONLY),
    "run a command in FROM": ("mssql", "SELECT * FROM OPENROWSET('SQLNCLI', 'x', 'SELECT 1')", NOT_IN_FROM),
    "query elsewhere": ("bigquery", "SELECT * FROM EXTERNAL_QUERY('x', 'SELECT 1')", NOT_IN_FROM),
    "read a file": ("motherduck", "SELECT * FROM read_text('/etc/passwd')", NOT_ALLOWED),
    "read a file, name in quotes": ("motherduck", "SELECT * FROM \"read_text\"('/etc/passwd')", NOT_ALLOWED),
    "read a file, name with schema": ("motherduck", "SELECT * FROM main.read_text('x')", NOT_ALLOWED),
    "read a file as a table": ("motherduck", "SELECT * FROM '/etc/passwd'", NO_TABLE),
    "read a file with a function": (
        "mysql",
        "SELECT LOAD_FILE('/etc/passwd')",
        "cannot run the function 'LOAD_FILE'",
    ),
    "read a file of PostgreSQL": (
        "postgresql",
        "SELECT pg_read_file('/etc/passwd')",
        "cannot run the function",
    ),
    "read a file beside a table": ("motherduck", "FROM users, LATERAL read_csv('x')", NOT_ALLOWED),
    "read a stage": ("snowflake", "SELECT * FROM @stage/x", NO_TABLE),
    "read a web page": ("motherduck", 'SELECT * FROM "https://example.com/x.csv"', NO_TABLE),
    "list files": ("motherduck", "SELECT unnest(glob('/etc/*'))", NOT_ALLOWED),
    "list files beside a table": ("motherduck", "FROM users, LATERAL glob('/*')", NOT_ALLOWED),
    "look like a letter": ("motherduck", "SELECT * FROM re\u0430d_text('/etc/passwd')", NOT_IN_FROM),
    "read the environment": ("motherduck", "SELECT getenv('HOME')", NOT_ALLOWED),
    "read the environment as a method": ("motherduck", "SELECT 'HOME'.getenv()", NOT_ALLOWED),
    "read the settings": ("motherduck", "SELECT current_setting('temp_directory')", NOT_ALLOWED),
    "read secrets": ("motherduck", "SELECT * FROM duckdb_secrets()", NOT_ALLOWED),
    "read the catalogue": ("postgresql", "SELECT * FROM pg_catalog.pg_tables", NO_TABLE),
    "read the state": ("motherduck", "SELECT * FROM documents", NO_TABLE),
    "read another system": ("snowflake", "SELECT * FROM Contact", NO_TABLE),
    "read another database": ("snowflake", "SELECT * FROM other.public.users", "not in this connection's"),
    "run SQL from a text": ("motherduck", "SELECT * FROM query('SELECT 1')", NOT_ALLOWED),
    "run SQL from a tree": ("motherduck", "FROM LATERAL json_execute_serialized_sql('{}')", NOT_ALLOWED),
    "name any function beside a table": ("motherduck", "FROM users, LATERAL test_all_types()", NOT_IN_FROM),
    "make a long list": ("motherduck", "SELECT len(range(1000000000))", "A list may have up to 1000000"),
    "make a long text": ("motherduck", "SELECT repeat('x', 2000000000)", "string may have up to 10000 "),
    "make a text longer and longer": (
        "motherduck",
        f"SELECT {'hex(' * 9}'x'{')' * 9}",
        "nested too deeply",
    ),
    "make many bits": ("motherduck", "SELECT bitstring('1', 2000000000)", NOT_ALLOWED),
    "double a text without end": (
        "motherduck",
        "WITH RECURSIVE n AS (SELECT 'x' AS s UNION ALL SELECT s || s FROM n) SELECT max(s) FROM n",
        "more memory than it may have",
    ),
    "nest without end": ("motherduck", "SELECT " + "(" * 20_000, "nested too deeply"),
    "write through SOQL": ("salesforce", "DELETE FROM Contact", "expected SELECT"),
    "go on through SOQL": (
        "salesforce",
        "SELECT Id FROM Contact; DROP TABLE Contact",
        "Send one query; something else",
    ),
    "read a file through SOQL": (
        "salesforce",
        "SELECT read_text('/etc/passwd') FROM Contact",
        "expected a field",
    ),
    "break out of a text of SOQL": (
        "salesforce",
        "SELECT Id FROM Contact WHERE Name = '' OR 1=1 --'",
        "Unexpect",
    ),
    "break out of a name of SOQL": ("salesforce", 'SELECT Id" FROM Contact', "Unexpected"),
}
"""By name: the connection's type, the query, and a part of the message."""

HEADERS = {"Authorization": "Bearer k", "X-Polytomic-Version": "2025-09-18"}
CONFIGURATION = {"dbname": "ANALYTICS", "account": "a", "username": "u", "password": "p"}


@pytest.fixture(scope="module")
def sandbox() -> Any:
    app = create_sandbox(key="k")
    yield app
    app.state.workspace.close()


@pytest.fixture
async def http(sandbox: Starlette) -> Any:
    transport = httpx.ASGITransport(sandbox)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox", headers=HEADERS) as client:
        yield client


def _connection(sandbox: Starlette, type_: str) -> str:
    """Store a connection of the type, whatever its configuration needs."""
    id_ = f"00000000-0000-4000-8000-{sum(map(ord, type_)):012}"
    body = {
        "id": id_,
        "name": type_,
        "type": {"id": type_, "name": type_},
        "configuration": CONFIGURATION if type_ == "snowflake" else {},
        "status": "healthy",
        "organization_id": sandbox.state.workspace.organization_id,
        "policies": [],
    }
    sandbox.state.workspace.store.put("connection", id_, body)
    return id_


@pytest.mark.parametrize(("type_", "query", "says"), ATTEMPTS.values(), ids=ATTEMPTS)
async def test_an_attempt_is_refused_by_every_route(
    sandbox: Starlette, http: httpx.AsyncClient, type_: str, query: str, says: str
) -> None:
    workspace, id_ = sandbox.state.workspace, _connection(sandbox, type_)
    model = {"name": "M", "connection_id": id_, "configuration": {"query": query}, "identifier": "id"}
    workspace.tables.list(type_)  # inserts the sample rows
    before = workspace.store.list("table_version")

    submitted = await http.post(f"/api/connections/{id_}/query", json={"query": query})
    workspace.settle(60)
    ran = (await http.get(f"/api/queries/{submitted.json()['data']['id']}")).json()["data"]
    modelled = await http.post("/api/models", json=model)
    previewed = await http.post("/api/model-preview", json=model)

    assert ran["status"] == "failed"
    assert says in ran["error"]
    assert modelled.status_code == previewed.status_code == 422
    assert says in modelled.json()["message"]
    assert says in previewed.json()["message"]
    assert workspace.store.list("table_version") == before


def test_a_query_cannot_read_temporary_files(tmp_path: Path) -> None:
    with open_locked(str(tmp_path)) as cursor:
        for sql in (
            "SELECT * FROM read_text('/etc/hostname')",
            "COPY (SELECT 1) TO 'x.csv'",
            "SET temp_directory = '/'",
        ):
            with pytest.raises(Exception, match=r"disabled|locked"):
                cursor.execute(sql)
