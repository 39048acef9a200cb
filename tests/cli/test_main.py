"""The words after ``polytomic-mcp``: which command they name, and how it ends."""

import io
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest

from polytomic_mcp import cli
from polytomic_mcp.errors import ConfigurationError

COMMANDS = ("serve", "demo", "call", "tools", "sandbox", "clock")


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[str]], int]], None]:
    """Put a command of the test's own in the place of every other."""

    def put(run: Callable[[list[str]], int]) -> None:
        # No command raises every kind of error on request.
        monkeypatch.setattr(cli, "import_module", lambda _: SimpleNamespace(run=run))

    return put


def raising(error: BaseException) -> Callable[[list[str]], int]:
    def run(_: list[str]) -> int:
        raise error

    return run


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_names_every_command(command: Callable[..., Any], word: str) -> None:
    done = command(word)

    assert done.status == 0
    assert all(f"\n  {name} " in done.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(command: Callable[..., Any], name: str) -> None:
    done = command(name, "--help")

    assert done.status == 0
    assert done.out.startswith(f"usage: polytomic-mcp {name}")


def test_the_version_is_the_packages(command: Callable[..., Any]) -> None:
    assert command("--version").out == f"polytomic-mcp {version('polytomic-mcp')}\n"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("sevre", "'sevre'. Did you mean 'serve'? Valid values: serve, "),
        ("xyzzy", "'xyzzy'. Valid values: serve, demo, call, tools, sandbox, clock.\n"),
        ("\x1b[2J", r"'\x1b[2J'"),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest(
    command: Callable[..., Any], word: str, said: str
) -> None:
    done = command(word)

    assert (done.status, done.out) == (2, "")
    assert f"Unknown command {said}" in done.err


@pytest.mark.parametrize("words", [["--nonsense"], ["tools", "--nonsense"]])
def test_an_unknown_option_is_refused_with_2(command: Callable[..., Any], words: list[str]) -> None:
    done = command(*words)

    assert (done.status, done.out) == (2, "")
    assert "--nonsense" in done.err


@pytest.mark.parametrize(
    ("words", "passed"), [([], []), (["--http"], ["--http"]), (["serve", "--http"], ["--http"])]
)
def test_without_a_command_it_serves(
    monkeypatch: pytest.MonkeyPatch, words: list[str], passed: list[str]
) -> None:
    calls: list[tuple[str, list[str]]] = []
    # A server would serve until it is stopped.
    monkeypatch.setattr(
        cli, "import_module", lambda name: SimpleNamespace(run=lambda rest: calls.append((name, rest)) or 0)
    )

    status = cli.run(words)

    assert status == 0
    assert calls == [("polytomic_mcp.cli.serve", passed)]


@pytest.mark.parametrize("name", ["serve", "call", "demo", "tools", "sandbox"])
def test_a_wrong_setting_is_one_line_on_stderr(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("POLYTOMIC_ACCESS_MODE", "readonly")

    done = command(name, *(["list_models"] if name == "call" else []))

    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "polytomic-mcp: POLYTOMIC_ACCESS_MODE: Unknown value 'readonly'. Did you mean 'read-only'? "
        "Valid values: read-only, full-access.\n"
    )


def test_an_error_that_task_groups_wrap_is_reported_as_if_alone(
    command: Callable[..., Any], instead: Callable[..., None]
) -> None:
    instead(raising(ExceptionGroup("", [ExceptionGroup("", [ConfigurationError("no\x1b[2J\nway")])])))

    done = command("tools")

    assert (done.status, done.err) == (1, "polytomic-mcp: no·[2J\nway\n")


@pytest.mark.parametrize(
    "error",
    [ExceptionGroup("", [KeyError("a"), ConfigurationError("b")]), ExceptionGroup("", [KeyError("a")])],
)
def test_an_unexpected_error_keeps_its_traceback(error: Exception, instead: Callable[..., None]) -> None:
    instead(raising(error))

    with pytest.raises(ExceptionGroup) as raised:
        cli.run(["tools"])

    assert raised.value is error


def test_ctrl_c_ends_with_130_and_no_traceback(
    command: Callable[..., Any], instead: Callable[..., None]
) -> None:
    instead(raising(KeyboardInterrupt()))

    done = command("tools")

    assert (done.status, done.out, done.err) == (130, "", "")


def test_a_pipe_that_is_no_longer_read_ends_the_command_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)

        assert cli.run(["tools"]) == 141


def test_a_locale_without_unicode_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, instead: Callable[..., None]
) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    instead(lambda words: sys.stdout.write(f"→ {words[0]} \ud800\n") and 0)

    with pytest.raises(SystemExit) as ended:
        cli.main(["tools", "é"])

    assert ended.value.code == 0
    assert out.getvalue().decode() == "→ é \\ud800\n"


def test_main_reads_the_words_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["polytomic-mcp", "--help"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: polytomic-mcp")


def test_a_real_process_that_is_cut_off_says_nothing(start: Callable[..., Any]) -> None:
    process = start("tools", "--json")
    process.stdout.close()
    process.stdout = None

    _, err = process.communicate(timeout=20)

    assert (process.returncode, err) == (141, "")


@pytest.mark.parametrize(
    "words",
    [
        ("--state", "${user_config.state}"),
        ("--state=${user_config.state}",),
        ("--state", " '${input:state}' "),
    ],
)
def test_an_option_that_is_a_placeholder_counts_as_not_given(
    command: Callable[..., Any], words: tuple[str, ...]
) -> None:
    done = command("call", "list_models", *words)

    shown = "${input:state}" if "input" in words[-1] else "${user_config.state}"
    assert f"polytomic-mcp: --state is '{shown}': the host did not substitute it." in done.err
    assert "works only with the sandbox" not in done.err


def test_an_argument_of_a_tool_is_no_placeholder(command: Callable[..., Any]) -> None:
    done = command("call", "get_model", "--sandbox", "model_id=${X}", "${X}")

    assert done.status == 2
    assert "'${X}' must have the form key=value." in done.err


def test_a_variable_that_is_a_placeholder_is_warned_of(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYTOMIC_API_KEY", "${POLYTOMIC_API_KEY}")

    done = command("call", "list_models")

    named = "POLYTOMIC_API_KEY is '${POLYTOMIC_API_KEY}': the host did not substitute it."
    assert done.status == 1
    assert done.err.startswith(f"polytomic-mcp: {named} It counts as unset.\n")
    assert f"No API key is set. {named} Set POLYTOMIC_API_KEY" in done.err
