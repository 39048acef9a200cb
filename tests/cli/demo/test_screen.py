"""The demo's words: for a person at a terminal, for a pipe, and for a script."""

import io
import json

import pytest

from polytomic_mcp.cli.demo.screen import Screen


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(out: io.StringIO, **environ: str) -> str:
    screen = Screen.of(out, is_json=False, columns=80, environ=environ)
    screen.note("note")
    screen.step("Step", "tool", {"argument": "é\x1b[2J"})
    screen.progress("half\x1b[2J")
    screen.result({"id": 1}, "done\x1b[2J")
    screen.table("Rows", [{"id": "\x1b[2J"}])
    screen.table("Bad", [{"id": 2}], is_bad=True)
    screen.table("None", [])
    screen.block("Block", {"a": 1})
    screen.finish({"end": True})
    return out.getvalue()


def test_a_pipe_gets_plain_text() -> None:
    text = shown(io.StringIO())

    assert "\x1b" not in text
    assert text.startswith('note\n\n1. Step\n   tool {"argument": "é')
    assert '\nBlock\n{\n  "a": 1\n}\n' in text
    assert "None" not in text
    assert "end" not in text


def test_a_terminal_gets_colour_and_nothing_that_data_brings() -> None:
    text = shown(Terminal())

    assert "\x1b[1m1. Step\x1b[0m" in text
    assert "\x1b[31mBad\x1b[0m" in text
    assert "\x1b[2J" not in text


def test_no_color_is_honoured() -> None:
    assert "\x1b" not in shown(Terminal(), NO_COLOR="1")


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()])
def test_json_is_one_document_and_nothing_else(out: io.StringIO) -> None:
    screen = Screen.of(out, is_json=True, columns=80, environ={})
    screen.step("Step", "tool", {"a": 1})
    screen.progress("half")
    screen.result({"id": 1}, "done")
    screen.table("Rows", [{"id": 1}])
    screen.block("Block", {"a": 1})
    screen.finish({"end": "é"})

    document = json.loads(out.getvalue())
    assert document == {
        "steps": [{"title": "Step", "tool": "tool", "arguments": {"a": 1}, "result": {"id": 1}}],
        "end": "é",
    }


def test_a_very_long_line_is_cut() -> None:
    out = io.StringIO()

    Screen(out).note("x" * 10_000)

    assert len(out.getvalue()) < 500
