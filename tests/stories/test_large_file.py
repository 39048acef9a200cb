"""A user's own messy file of 100,000 rows, synced by the demo into a flow."""

import csv
import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROWS = 100_000
HEADER = ["contact_id", "full name", "plan", "note", "signed up"]
NAMES = ["Zoë Ångström", "李雷", "O'Neil, Sean", "名前 🎉", "", "مرحبا"]
NOTES = ['says "hi"', "two\nlines", "a,b", "", "null", "\x1b[31mred", " padded "]
PREFIXES = ["P", "Ü", "a,b ", 'say "x" ']
DATES = ["2026-01-02", "2026-02-30", "never", "", "2025-12-31"]
QUERY = (
    "SELECT contact_id FROM contacts WHERE plan = 'free' AND TRY_TO_DATE(\"signed up\") >= '2026-01-01'::DATE"
)


def people() -> Iterator[list[str]]:
    """Yield rows with duplicate and missing ids, and ids that need quotes."""
    chance = random.Random(7)  # noqa: S311 - rows, not secrets
    for number in range(ROWS):
        id_ = f"{chance.choice(PREFIXES)}{chance.randrange(60_000):05}"
        yield [
            id_ if number % 50 else "",
            chance.choice(NAMES),
            chance.choice(["free", "pro", ""]),
            chance.choice(NOTES),
            chance.choice(DATES),
        ]


def test_the_rows_in_the_flow_are_the_rows_of_the_query(start: Callable[..., Any], tmp_path: Path) -> None:
    file, state = tmp_path / "people.csv", tmp_path / "box.db"
    rows = list(people())
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([HEADER, *rows])
    wanted = [row[0] for row in rows if row[2] == "free" and row[4] == "2026-01-02"]

    demo = start("demo", "--json", f"--state={state}", f"--table=contacts={file}", "--query", QUERY)
    out, err = demo.communicate(timeout=60)

    counts = json.loads(out)["execution"]["counts"]
    with closing(sqlite3.connect(state)) as connection:
        flow = [id_ for (id_,) in connection.execute('SELECT "Id" FROM "gong.my-gong-engage-flow"')]
    arrived = [id_ for id_ in flow if not id_.startswith("003Sb")]
    assert (demo.returncode, err) == (0, "")
    assert counts["total"] == len(wanted)
    assert counts["error"] == wanted.count("")
    assert counts["insert"] == len(set(wanted) - {""})
    assert counts["insert"] + counts["update"] + counts["error"] == counts["total"]
    assert sorted(arrived) == sorted(set(wanted) - {""})
