"""The screens of a connect session: the list of types, a type's form, a consent code, and messages."""

from collections.abc import Iterable, Sequence
from html import escape
from string import Template
from typing import Final
from urllib.parse import urlencode

from starlette.responses import HTMLResponse

from polytomic_mcp.sandbox.data.systems.connection_types import ConnectionType
from polytomic_mcp.sandbox.resources.connections.connect.forms import Field, Form
from polytomic_mcp.sandbox.routes.page_layout import card

SEARCHED: Final = 8
"""A list of more types than this has a search box."""

_STYLE: Final = """
main { width: min(34rem, 100% - 2rem); }
.subtitle { margin-bottom: 1rem; font-size: .875rem; opacity: .75; }
.note { margin-bottom: 1.25rem; }
label { font-weight: 600; }
.optional, .hint { font-weight: 400; font-size: .875rem; opacity: .75; }
.hint, .error { margin: .25rem 0 0; }
.error { color: var(--wrong); font-size: .875rem; font-weight: 600; }
.field { margin-bottom: 1.25rem; }
input, select, textarea { margin: .25rem 0 0; border-color: var(--edge); }
select, textarea { display: block; box-sizing: border-box; width: 100%; padding: .6rem .75rem; font: inherit;
  color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: .5rem; }
textarea { min-height: 5rem; resize: vertical; font: .875rem/1.5 ui-monospace, monospace; }
.secret { -webkit-text-security: disc; }
[aria-invalid=true] { border-color: var(--wrong); }
.check { display: grid; grid-template-columns: auto 1fr; column-gap: .6rem; align-items: center; }
.check input { width: 1.15rem; height: 1.15rem; margin: 0; accent-color: var(--accent); }
.check .hint, .check .error { grid-column: 2; }
fieldset { margin: 0 0 1.25rem; padding: 1rem 1rem 0; border: 1px solid var(--line); border-radius: .5rem; }
fieldset fieldset { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
  column-gap: 1rem; }
legend { padding: 0 .4rem; font-weight: 600; }
details { margin-bottom: 1.25rem; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
details .field .optional { display: none; }
summary { padding: .75rem 0; font-weight: 600; cursor: pointer; }
.search { display: grid; grid-template-columns: 1fr auto; column-gap: .75rem; margin-bottom: 1rem; }
.search label { grid-column: 1 / -1; }
.search input, .search button { margin: .25rem 0 0; padding-block: .6rem; }
.types { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: .5rem;
  margin: 0 -.25rem 1rem; padding: .25rem; max-height: 26rem; overflow: auto; list-style: none; }
.types li { display: grid; }
.types a { display: flex; align-items: center; gap: .75rem; padding: .6rem .75rem; color: inherit;
  text-decoration: none; border: 1px solid var(--line); border-radius: .5rem; }
.types a:hover { border-color: var(--accent); background: var(--mist); }
.types span { flex: 0 0 2rem; line-height: 2rem; text-align: center; font-weight: 700; color: var(--accent);
  background: var(--mist); border-radius: .4rem; }
.links { display: flex; justify-content: space-between; gap: 1rem; margin: 1.25rem 0 0; }
.links a, .field a { color: var(--accent); }
"""

_NOTHING_FOUND: Final = '<p role="status">No connection type matches.</p>\n'

_INPUT: Final = Template("""<div class="field">
<label for="$id">$label$optional</label>
$control$below</div>
""")

_MORE: Final = Template("""<details><summary>More settings <span class="optional">optional</span></summary>
$fields</details>
""")

_CHECK: Final = Template("""<div class="field check">
$control<label for="$id">$label</label>
$below</div>
""")

_CONTROLS: Final = {
    "checkbox": Template('<input type="checkbox" value="true"$attributes$checked>\n'),
    "select": Template("<select$attributes>\n$options</select>\n"),
    "area": Template('<textarea spellcheck="false"$attributes>\n$value</textarea>\n'),
    "lines": Template('<textarea spellcheck="false"$attributes>\n$value</textarea>\n'),
    "json": Template('<textarea spellcheck="false"$attributes>\n$value</textarea>\n'),
    "secret_area": Template('<textarea class="secret" spellcheck="false"$attributes></textarea>\n'),
    "password": Template('<input type="password" autocomplete="new-password"$attributes>\n'),
    "number": Template('<input inputmode="numeric" value="$value"$attributes>\n'),
    "text": Template('<input spellcheck="false" autocapitalize="none" value="$value"$attributes>\n'),
}


def choose(
    types: Sequence[ConnectionType], *, total: int, query: str, subtitle: str, cancel: str, is_dark: bool
) -> HTMLResponse:
    """Return the list of types, with a search box if ``total`` is large; ``types`` are the search results."""
    search = (
        f"""<form class="search" role="search">
<label for="q">Search connection types</label>
<input id="q" name="q" type="search" value="{escape(query)}">
<button>Search</button>
</form>
"""
        if total > SEARCHED
        else ""
    )
    rows = "".join(
        f'<li><a href="?{escape(urlencode({"type": type_.id}))}">'
        f'<span aria-hidden="true">{escape(type_.name[0])}</span>{escape(type_.name)}</a></li>\n'
        for type_ in types
    )
    found = f'<ul class="types">\n{rows}</ul>\n' if rows else _NOTHING_FOUND
    title = "What do you want to connect?"
    return _card(title, subtitle, f"{search}{found}{_links(cancel)}", is_dark=is_dark)


def fill(
    type_: ConnectionType,
    form: Form,
    *,
    subtitle: str,
    action: str,
    cancel: str,
    is_dark: bool,
    has_choice: bool,
    note: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """Return a type's form; ``action`` is the label of its button."""
    notes = [*([] if note is None else [note]), *form.problems]
    if count := form.error_count():
        notes.insert(0, "Correct the marked field." if count == 1 else f"Correct the {count} marked fields.")
    alert = f'<p class="note" role="alert">{escape(" ".join(notes))}</p>\n' if notes else ""
    more = _MORE.substitute(fields=_fields(form.more)) if form.more else ""
    content = (
        f'{alert}<form method="post" autocomplete="off">\n{_fields(form.main)}{more}'
        f'<div class="buttons"><button class="main">{escape(action)}</button></div>\n</form>\n'
        f"{_links(cancel, has_choice=has_choice)}"
    )
    return _card(f"Connect to {type_.name}", subtitle, content, is_dark=is_dark, status=status)


def message(title: str, text: str, *, is_dark: bool = False, status: int = 200) -> HTMLResponse:
    """Return a page with a title and a message."""
    return _card(title, "", f"<p>{escape(text)}</p>\n", is_dark=is_dark, status=status)


def show_code(code: str, address: str, *, is_dark: bool) -> HTMLResponse:
    """Return the page that shows the code to enter on the consent page."""
    content = (
        f"<p>Enter this code on the next page: <strong>{escape(code)}</strong></p>\n"
        f'<p class="links"><a href="{escape(address)}">Continue</a></p>\n'
    )
    return _card("Copy this code", "", content, is_dark=is_dark)


def _card(title: str, subtitle: str, content: str, *, is_dark: bool, status: int = 200) -> HTMLResponse:
    below = f'<p class="subtitle">{escape(subtitle)}</p>\n' if subtitle else ""
    html = f"<h1>{escape(title)}</h1>\n{below}{content}"
    return card(title, html, style=_STYLE, is_dark=is_dark, status=status)


def _links(cancel: str, *, has_choice: bool = False) -> str:
    back = '<a href="?">Choose another type</a>' if has_choice else "<span></span>"
    return f'<p class="links">{back}<a href="{escape(cancel)}">Cancel</a></p>\n'


def _fields(fields: Iterable[Field]) -> str:
    return "".join(map(_field, fields))


def _field(field: Field) -> str:
    if field.kind == "group":
        below = _error(field)
        return f"<fieldset><legend>{escape(field.label)}</legend>\n{below}{_fields(field.parts)}</fieldset>\n"
    hint = f'<p class="hint" id="{escape(field.name)}-hint">{escape(field.hint)}</p>\n' if field.hint else ""
    shape = _CHECK if field.kind == "checkbox" else _INPUT
    return shape.substitute(
        id=escape(field.name),
        label=escape(field.label),
        optional="" if field.is_required else ' <span class="optional">optional</span>',
        control=_control(field),
        below=f"{_error(field)}{hint}",
    )


def _error(field: Field) -> str:
    if not field.error:
        return ""
    text = f"{field.label} {field.error}."
    return f'<p class="error" id="{escape(field.name)}-error">{escape(text)}</p>\n'


def _control(field: Field) -> str:
    return _CONTROLS[field.kind].substitute(
        attributes=_attributes(field),
        checked=" checked" if field.value else "",
        options=_options(field),
        value=escape(str(field.value)),
    )


def _attributes(field: Field) -> str:
    name = escape(field.name)
    described = [f"{name}-error"] * bool(field.error) + [f"{name}-hint"] * bool(field.hint)
    return (
        f' id="{name}" name="{name}"'
        + (" required" if field.is_required else "")
        + (' aria-invalid="true"' if field.error else "")
        + (f' aria-describedby="{" ".join(described)}"' if described else "")
    )


def _options(field: Field) -> str:
    is_set = field.value in [value for value, _ in field.options]
    blank = [] if field.is_required and is_set else [("", "Choose…" if field.is_required else "Not set")]
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == field.value else ""}>'
        f"{escape(label)}</option>\n"
        for value, label in (*blank, *field.options)
    )
