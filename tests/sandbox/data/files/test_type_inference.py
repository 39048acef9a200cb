"""The inferred type of a column is the narrowest that holds its values without loss."""

import csv
from pathlib import Path

import pytest

from tests.sandbox.data.files.conftest import Importer

CELLS = {
    "BOOLEAN": (["true", "False"], [True, False]),
    "BIGINT": (["0", "-7", "9007199254740993"], [0, -7, 9007199254740993]),
    "HUGEINT": (["1", "170141183460469231731687303715884105727"], [1, 2**127 - 1]),
    "DOUBLE": (
        ["1", "-2.5", "1e-7", "NaN", "inf", "-Infinity", "0.30000000000000004"],
        [1.0, -2.5, 1e-7, "NaN", "Infinity", "-Infinity", 0.30000000000000004],
    ),
    "DECIMAL(38,11)": (["1234567890.12345678901", "-0.5"], ["1234567890.12345678901", -0.5]),
    "DATE": (["2024-02-29", "1999-12-31"], ["2024-02-29", "1999-12-31"]),
    "TIMESTAMP": (
        ["2024-02-29 10:30:00.5", "2024-02-29T10:30"],
        ["2024-02-29T10:30:00.5", "2024-02-29T10:30:00"],
    ),
    "TIMESTAMP WITH TIME ZONE": (
        ["2024-02-29 10:30:00+02", "2024-02-29T10:30:00.25Z", "2024-02-29T23:30:00-05:30"],
        ["2024-02-29T08:30:00Z", "2024-02-29T10:30:00.25Z", "2024-03-01T05:00:00Z"],
    ),
}


@pytest.mark.parametrize("sql_type", CELLS)
def test_a_columns_type_is_the_narrowest_without_loss(importer: Importer, sql_type: str) -> None:
    cells, values = CELLS[sql_type]
    path = importer.write("mine.csv", "v,n\n" + "".join(f"{cell},1\n" for cell in [*cells, ""]))

    importer.take({"mine": path})

    assert importer.types()["v"] == sql_type
    assert [row["v"] for row in importer.rows()] == [*values, None]
    assert [row[0] for row in importer.ask("SELECT v FROM mine")] == [*values, None]


@pytest.mark.parametrize(
    "cells",
    [
        ["00123", "7"],
        ["+5", "1"],
        ["1,5", "2"],
        ["2024-01-01", "31.02.2024", "2024-02-30"],
        ["2024-02-30"],
        ["01/02/2024"],
        ["2024-01-01 00:00:00.1234567"],
        ["true", "yes"],
        ["1e999"],
        ["NaN", "1234567890.12345678901"],
        ["1" * 30 + "." + "1" * 30],
        ["1" * 5000],
        ["1", "x"],
        [" 1"],
        ["9" * 39],
    ],
)
def test_a_column_that_no_type_holds_without_loss_is_text(
    importer: Importer, tmp_path: Path, cells: list[str]
) -> None:
    path = tmp_path / "mine.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["v", "n"], *([cell, "1"] for cell in cells)])

    importer.take({"mine": path})

    assert importer.types()["v"] in ("VARCHAR", "DECIMAL(38,0)")
    assert [row["v"] for row in importer.rows()] == cells
