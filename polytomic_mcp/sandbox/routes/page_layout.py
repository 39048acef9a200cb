"""The layout of the HTML pages that people see: one card, without scripts or external resources."""

from collections.abc import Mapping
from html import escape
from string import Template
from types import MappingProxyType
from typing import Final

from starlette.responses import HTMLResponse

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",  # with no-referrer, a browser sends the form with Origin: null
    "X-Content-Type-Options": "nosniff",
}

_PAGE: Final = Template("""<!doctype html>
<html lang="en"$look>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · Polytomic sandbox</title>
<style>
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1c2430; --mist: #eef1f6; --line: #d4dae4; --accent: #3454d1; --wrong: #b3261e;
  --edge: #7c8798;
}
@media (prefers-color-scheme: dark) {
  :root { $dark }
}
.dark { color-scheme: dark; $dark }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: var(--mist); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { box-sizing: border-box; width: min(28rem, 100% - 2rem); margin: 1rem; padding: 2rem;
  background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .75rem; font-size: 1.4rem; line-height: 1.25; }
p { margin: 0 0 1.25rem; }
.note { padding: .5rem .75rem; border-left: .25rem solid var(--accent); background: var(--mist); }
label, input { display: block; font: inherit; }
input { box-sizing: border-box; width: 100%; margin: .25rem 0 1.25rem; padding: .6rem .75rem; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: .5rem; }
dl { margin: 0 0 1.25rem; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; white-space: pre-wrap; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
button { flex: 1 1 8rem; padding: .7rem 1rem; font: inherit; font-weight: 600; color: var(--ink);
  background: transparent; border: 1px solid var(--line); border-radius: .5rem; cursor: pointer; }
button[value=allow], button.main { color: var(--paper); background: var(--accent);
  border-color: var(--accent); }
:focus-visible { outline: .2rem solid var(--accent); outline-offset: .15rem; }
$style</style>
</head>
<body>
<main>
$content</main>
</body>
</html>
""")

_DARK: Final = (
    "--paper: #1b212c; --ink: #e8ecf3; --mist: #11151c; --line: #384252; --accent: #8fa6ff; "
    "--wrong: #ffb4ab; --edge: #7c889c;"
)

_CONTENT: Final = Template("""<h1>$title</h1>
$note<p>$text</p>
$facts$form""")

_NOTE: Final = Template("""<p class="note" role="alert">$note</p>
""")

_CODE: Final = """<label for="code">Code from the API's response</label>
<input id="code" name="code" autocomplete="off" spellcheck="false">
"""

_FORM: Final = Template("""<form method="post">
$code<div class="buttons">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</div>
</form>
""")

_NO_FACTS: Final[Mapping[str, str]] = MappingProxyType({})


def page(
    title: str,
    text: str,
    *,
    has_decision: bool = False,
    has_code: bool = False,
    note: str | None = None,
    facts: Mapping[str, str] = _NO_FACTS,
    status: int = 200,
) -> HTMLResponse:
    """Return a page of texts, which are escaped here.

    With ``has_decision`` it has a form that posts ``allow`` or ``deny``. ``facts`` is shown as a list of
    names and values.
    """
    content = _CONTENT.substitute(
        title=escape(title),
        text=escape(text),
        facts="" if not facts else f"<dl>\n{_rows(facts)}</dl>\n",
        note="" if note is None else _NOTE.substitute(note=escape(note)),
        form=_FORM.substitute(code=_CODE if has_code else "") if has_decision else "",
    )
    return card(title, content, status=status)


def card(
    title: str, content: str, *, style: str = "", is_dark: bool = False, status: int = 200
) -> HTMLResponse:
    """Return a page around HTML content; dark with ``is_dark``, else as the browser prefers."""
    look = ' class="dark"' if is_dark else ""
    html = _PAGE.substitute(title=escape(title), look=look, dark=_DARK, style=style, content=content)
    return HTMLResponse(html, status, _HEADERS)


def _rows(facts: Mapping[str, str]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>\n" for name, value in facts.items())
