"""How a statement may end: in semicolons and comments, in any order, but not in another statement."""

from typing import Any

import pytest

from polytomic_mcp.sandbox.data.sql.backend import QueryError
from polytomic_mcp.sandbox.data.sql.statement import read_only
from polytomic_mcp.sandbox.data.systems.systems import load_systems, warehouses

DIALECTS = sorted({load_systems()[each].language.dialect for each in warehouses()})
DATA = "SELECT '; -- x' AS a, '/* y */' AS b"
ROWS = [("; -- x", "/* y */")]
ENDINGS = (
    *(";", " ; ", ";;", "; ;\n", "\n;\t;", "-- c", "\n-- it's; a comment", "/* it's; one */"),
    *(
        "-- c\n;",
        "; -- c",
        ";\n-- c\n",
        "; -- c;\n;",
        "; /* c */ ;",
        "/* a;b */ -- c\n;\n/* d */\n",
        ";/**/;--",
    ),
)
FOLLOWED = (
    "; SELECT 2",
    ";;SELECT 2;",
    "; -- c\nSELECT 2",
    "/* c */; DROP TABLE people; -- c",
    ";COMMIT",
    "; x",
)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_query_may_end_in_semicolons_and_comments(ask: Any, dialect: str, ending: str) -> None:
    assert ask(f"{DATA}{ending}", dialect).rows == ROWS


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dialect", ["postgres", "mysql"])
def test_a_query_for_a_real_server_is_sent_without_its_ending(dialect: str, ending: str) -> None:
    assert read_only(f"{DATA}{ending}", dialect) == DATA


def test_comments_may_stand_before_a_query_and_in_it(ask: Any) -> None:
    assert ask("/* ; */ -- ;\nSELECT /* ; */ id -- ;\nFROM people WHERE id = 1;").rows == [(1,)]


@pytest.mark.parametrize("more", FOLLOWED)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_second_statement_is_refused(ask: Any, dialect: str, more: str) -> None:
    with pytest.raises(QueryError, match=r"Send one query; this is 2 statements\."):
        ask(f"{DATA}{more}", dialect)


@pytest.mark.parametrize("sql", [";", "; ;", "-- c", "/* c */;", "; -- c"])
def test_an_ending_alone_is_empty(ask: Any, sql: str) -> None:
    with pytest.raises(QueryError, match="The query is empty"):
        ask(sql)
