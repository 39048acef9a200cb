"""The page docs/guides.md: for each guide its purpose, its steps and the rows its demo ends with."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from polytomic_mcp.guides import Guide, Step, load_guides

_HEAD: Final = """# Guides

A guide leads through one task in Polytomic. Each is a file in `polytomic_mcp/guides/data/`, which defines

- a **prompt** of the MCP server: its steps as a plan for a model, with the values that the user entered;
- a **demo**, `polytomic-mcp demo GUIDE`: a real MCP client and server run the steps against the sandbox,
  without a key, and show the rows that arrived;
- a test that compares those rows with the sample data;
- a section of this page, which `scripts/docs` generates.

Steps marked *demo* happen only in the demo: there, the demo creates what a user already has, gives consent as
a person would, moves the sandbox's clock, or reads the result. Steps marked *prompt* are only in the prompt.
"""
_REFERENCE: Final = re.compile(r"\{\w+\.[^}]*\}")
_ARGUMENT: Final = re.compile(r"\{(\w+)\}")


def page() -> str:
    """Return the page."""
    guides = load_guides()
    sections = (line for name, guide in guides.items() for line in _section(name, guide))
    return "\n".join([_HEAD, *_contents(guides), *sections]).rstrip() + "\n"


def _contents(guides: Mapping[str, Guide]) -> Iterator[str]:
    yield "| guide | title | prompt | demo |"
    yield "| --- | --- | --- | --- |"
    for name, guide in guides.items():
        prompt, demo = ("no" if reason else "yes" for reason in (guide.no_prompt, guide.no_demo))
        yield f"| [`{name}`](#{name}) | {guide.title} | {prompt} | {demo} |"
    yield ""


def _section(name: str, guide: Guide) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"**{guide.title}.** {guide.description}\n".replace("?.", "?")
    if guide.no_prompt:
        yield f"No prompt: {guide.no_prompt}\n"
    yield f"No demo: {guide.no_demo}\n" if guide.no_demo else f"```sh\npolytomic-mcp demo {name}\n```\n"
    if guide.arguments:
        yield from _arguments(guide)
    yield from (f"{number}. {_step(step)}" for number, step in enumerate(guide.steps, 1))
    yield ""
    if tables := [table.title for step in guide.steps_of("demo") for table in step.tables]:
        yield "The demo ends with:\n"
        yield from (f"- {_plain(title)}" for title in tables)
        yield ""


def _arguments(guide: Guide) -> Iterator[str]:
    yield "| argument | meaning | default | other value in the demo |"
    yield "| --- | --- | --- | --- |"
    for name, argument in guide.arguments.items():
        default = "required" if argument.default is None else _code(argument.default)
        demo = _code(argument.demo) if argument.demo else ""
        yield f"| `{name}` | {argument.description} | {default} | {demo} |"
    yield ""


def _step(step: Step) -> str:
    mark = f"*{step.only}* " if step.only else ""
    tool = f" (`{step.tool}`)" if step.tool else ""
    return f"{mark}{_plain(step.do)}{tool}. {_plain(step.note)}".rstrip()


def _plain(text: str) -> str:
    """Return a text with the names of arguments as code, and ``…`` for values that exist only in a run."""
    return _ARGUMENT.sub(r"`\1`", _REFERENCE.sub("…", text))


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if "`" not in text else f"`` {text} ``"
