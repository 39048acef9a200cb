"""docs/sandbox-past.md: the organization with a past, in which a served sandbox starts."""

from collections.abc import Iterator
from typing import Any, Final

from polytomic_mcp.sandbox.past.organization import PastObject, load_objects, load_tables
from polytomic_mcp.tools.answers.schedules import describe
from scripts.pages.markdown import table

_HEAD: Final = """# An organization with a past

`polytomic-mcp serve --sandbox` and `polytomic-mcp sandbox` start in an organization that has lived for two
weeks, so that the first questions have answers: which connections there are, what runs, what fails.
`scripts/docs` generates this page from its files, which are in `polytomic_mcp/sandbox/past/data`.

| to | do |
| --- | --- |
| start without objects | `--empty` |
| try it with one call | `polytomic-mcp call --sandbox --past sync_overview` |
| see every fault found and mended | `polytomic-mcp demo find_what_fails` |
| have it in Python | `create_sandbox(past=True)` |
| have it in a test | `@pytest.mark.polytomic(past=True)` |

- The objects are made by the routes of the API, each at its time, and the first runs of each kind by the
  engine. The others are copies of these at their own times, with their own counts. So the rows that the runs
  moved are in the targets, and the next runs follow on from them.
- Runs are where the schedules put them, in the last 14 days of the sandbox's clock. Nothing is due at the
  start.
- Ids follow from names: they are the same in every sandbox. Two sandboxes with the same clock have the same
  past.
- A new state file gets the past and keeps it. One that exists is left as it is.
- Most of it is made when something first needs it, so a start takes no longer.
"""


def page() -> str:
    """Return the page."""
    parts = (_HEAD, *_syncs(), *_connections(), *_models(), *_people())
    return "\n".join(parts).rstrip() + "\n"


def _syncs() -> Iterator[str]:
    yield "## Syncs\n"
    yield "`diagnose_sync` names each fault as its first cause.\n"
    listed = [*load_objects("syncs"), *load_objects("bulk_syncs")]
    yield from table(
        ("name", "kind", "schedule", "how it is doing", "id"),
        [(each.name, _kind(each), _schedule(each), each.about, f"`{each.id}`") for each in listed],
    )


def _connections() -> Iterator[str]:
    yield "## Connections\n"
    revoked = {each.change.get("of") for each in load_objects("syncs")}
    rows: list[tuple[str, ...]] = []
    for each in load_objects("connections"):
        state = "healthy"
        if each.name in revoked:
            state = "unhealthy: its key was revoked"
        elif not each.is_consented and each.arguments["type"] == "gsheets":
            state = "waits for a person to sign in"
        rows.append((each.name, f"`{each.arguments['type']}`", state, f"`{each.id}`"))
    yield from table(("name", "type", "state", "id"), rows)


def _models() -> Iterator[str]:
    yield "## Models\n"
    abouts = {each.table.name: (each.about, len(each.rows)) for each in load_tables()}
    rows: list[tuple[str, ...]] = []
    for each in load_objects("models"):
        name = each.arguments["configuration"]["table"]
        about, count = abouts[name]
        rows.append((each.name, f"`{name}`", str(count), about, f"`{each.id}`"))
    yield from table(("name", "table", "rows", "about", "id"), rows)


def _people() -> Iterator[str]:
    yield "## People and events\n"
    people = [each.arguments["email"] for each in load_objects("people") if "email" in each.arguments]
    roles = [each.name for each in load_objects("people") if each.operation.endswith("/roles")]
    (webhook,) = load_objects("webhooks")
    yield f"Besides Ada, whose key the sandbox takes: {', '.join(people)}."
    yield f"Besides Admin and Member, there is the role {', '.join(roles)}, with a policy."
    yield "The events of the last 48 hours were delivered to"
    yield f"`{webhook.arguments['endpoint']}`, one of them at the second attempt. New ones are not:"
    yield "the sandbox sends events to this machine only."


def _kind(each: PastObject) -> str:
    return "model sync" if each.operation == "POST /api/syncs" else "bulk sync"


def _schedule(each: PastObject) -> str:
    arguments: dict[str, Any] = each.arguments
    if "late_by" in (each.runs or {}):
        return "daily"
    return describe(arguments.get("schedule") or arguments["default_schedule"])
