"""Text on a terminal: safe, measured and laid out in columns."""

import pytest

from polytomic_mcp.cli.shared.terminal import clipped, grid, lines, printable, width


@pytest.mark.parametrize(
    "text", ["\x1b[31mred\x1b[0m", "\x07", "\x9b2J", "\u202eabc", "a\tb", "\x7f", "\ud800"]
)
def test_nothing_that_steers_a_terminal_is_printable(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert len(shown) == len(text)


def test_letters_of_every_script_stay() -> None:
    assert printable("Zoë 李雷 🎉 e\u0301") == "Zoë 李雷 🎉 e\u0301"


def test_line_breaks_of_a_message_stay() -> None:
    assert lines("one\ntwo\x1b[2J") == "one\ntwo·[2J"


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("李雷", 4), ("🎉", 2), ("e\u0301", 1), ("é", 1), ("\uff21", 2)],
)
def test_width_is_what_a_terminal_takes(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("李雷雷", 5, "李雷…"),
        ("李雷雷", 4, "李…"),
        ("e\u0301" * 4, 3, "e\u0301e\u0301…"),
    ],
)
def test_what_does_not_fit_ends_in_an_ellipsis(text: str, columns: int, shown: str) -> None:
    assert clipped(text, columns) == shown
    assert width(shown) <= columns


def test_columns_stand_under_each_other() -> None:
    rows = [{"name": "李雷", "id": "1"}, {"name": "Zoë", "id": "2", "extra": None}]

    assert list(grid(rows, 80)) == ["name  id  extra", "李雷  1   null", "Zoë   2   null"]


def test_wide_cells_give_way_until_the_line_fits() -> None:
    rows = [{"a": "x" * 500, "b": "y" * 30, "c": "short"}]

    header, line = grid(rows, 60)

    assert width(line) <= 60
    assert line.endswith("short")
    assert "…" in line
    assert len(header) <= 60


def test_the_last_cell_may_run_on() -> None:
    reason = "because " * 10

    _, line = grid([{"id": "x" * 100, "reason": reason.strip()}], 60)

    assert line.endswith(reason.strip())
    assert line.index("because") <= 32


def test_a_single_column_is_clipped_only_when_very_long() -> None:
    _, line = grid([{"reason": "x" * 1000}], 60)

    assert width(line) == 200


def test_columns_beyond_the_twelfth_are_left_out() -> None:
    header, _ = grid([{f"c{number}": number for number in range(300)}], 60)

    assert header.split()[-1] == "c11"


def test_a_cell_of_anothers_data_cannot_steer_the_terminal() -> None:
    text = "\n".join(grid([{"\x1b[2J": "\x1b]0;title\x07", "n": {"deep": "\x9b"}}], 80))

    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) == 2
