"""The guide "Adding contacts from Snowflake to Gong Engage", step by step through MCP tools."""

from dataclasses import dataclass
from typing import Any, Final

from mcp import Client
from mcp.types import TextContent

from polytomic_mcp.cli.consent import consent
from polytomic_mcp.cli.screen import Screen
from polytomic_mcp.errors import PolytomicError

JsonObject = dict[str, Any]

FLOW: Final = "my-gong-engage-flow"
DEFAULT_QUERY: Final = "SELECT contact_id FROM salesforce_contacts WHERE subscription_plan = 'free'"
_PASSWORD: Final = "sandbox"  # noqa: S105 - the sandbox's Snowflake takes any
_SHOWN: Final = 10
_LINES: Final = 20
_RUN_SECONDS: Final = 600


class GuideError(PolytomicError):
    """A step of the guide was refused."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the guide ended with: how the run went, and the first rows of each kind.

    ``arrived`` are rows that the run wrote, ``refused`` those it did not, each with its ``reason``,
    ``flow`` those that are in the flow now.
    """

    execution: JsonObject
    arrived: list[JsonObject]
    refused: list[JsonObject]
    flow: list[JsonObject]


@dataclass(frozen=True, slots=True)
class Guide:
    """One walk through the guide. ``query`` must give the CRM's contact ids in its first column."""

    client: Client
    screen: Screen
    query: str = DEFAULT_QUERY

    async def walk(self) -> Outcome:
        """Take every step, from the first connection to the rows in the flow.

        Raises:
            GuideError: A step was refused, or no row got through.
        """
        snowflake = await self._connect_snowflake()
        gong = await self._connect_gong()
        model = await self._create_model(snowflake)
        await self._choose_flow(gong)
        sync = await self._create_sync(model, gong)
        execution = await self._run(sync)
        arrived = await self._log("Read which rows arrived", execution, "inserts")
        refused = await self._log("Read why rows were refused", execution, "errors")
        flow = await self._read_flow(gong)
        return Outcome(execution, arrived, [_with_reason(line) for line in refused], flow)

    async def _connect_snowflake(self) -> JsonObject:
        connection = await self._call(
            "Connect Snowflake",
            "create_connection",
            name="Snowflake",
            type="snowflake",
            configuration={
                "account": "acme-analytics",
                "username": "polytomic",
                "password": _PASSWORD,
                "dbname": "ANALYTICS",
            },
        )
        self.screen.result(connection, f"{connection['status']}, id {connection['id']}")
        return connection

    async def _connect_gong(self) -> JsonObject:
        connection = await self._call(
            "Connect Gong, which asks a person for consent",
            "create_connection",
            name="Gong",
            type="gong",
            configuration={"auth_method": "oauth"},
        )
        self.screen.result(connection, f"{connection['status']}; a person opens {connection['auth_url']}")
        await consent(connection["auth_url"])
        self.screen.note("The demo opened that page and pressed Allow, as a person would.")
        connection = await self._call(
            "After consent, look at Gong again", "get_connection", connection_id=connection["id"]
        )
        self.screen.result(connection, f"{connection['status']}")
        return connection

    async def _create_model(self, snowflake: JsonObject) -> JsonObject:
        model = await self._call(
            "Model the contacts: a query over Snowflake",
            "create_model",
            name="Contacts for Gong",
            connection_id=snowflake["id"],
            configuration={"query": self.query},
        )
        names = ", ".join(field["name"] for field in model["fields"])
        self.screen.result(model, f"fields: {names}")
        return model

    async def _choose_flow(self, gong: JsonObject) -> None:
        objects = await self._call("List Gong's flows", "list_target_objects", connection_id=gong["id"])
        names = ", ".join(f"{item['name']} ({item['id']})" for item in objects["items"])
        self.screen.result(objects, names)
        fields = await self._call(
            "List the flow's fields", "list_target_fields", connection_id=gong["id"], target=FLOW
        )
        listed = ", ".join(field["id"] for field in fields["fields"])
        self.screen.result(fields, f"{fields.get('name')}: {listed}")

    async def _create_sync(self, model: JsonObject, gong: JsonObject) -> JsonObject:
        sync = await self._call(
            "Sync the contacts into the flow",
            "create_sync",
            name="Snowflake contacts to Gong Engage",
            mode="updateOrCreate",
            identity={
                "source": {"field": model["fields"][0]["name"], "model_id": model["id"]},
                "target": "Id",
                "function": "equality",
            },
            schedule={"frequency": "manual"},
            target={"connection_id": gong["id"], "object": FLOW},
        )
        self.screen.result(sync, f"id {sync['id']}, identity by {sync['identity']['function']}")
        return sync

    async def _run(self, sync: JsonObject) -> JsonObject:
        execution = await self._call("Run it", "start_sync", sync_id=sync["id"], wait_seconds=_RUN_SECONDS)
        counts = execution["counts"]
        self.screen.result(execution, f"{execution['status']}: {_counted(counts)}")
        reasons = " ".join(execution.get("errors") or [])
        if execution["status"] != "completed":
            raise GuideError(f"The run ended {execution['status']}. {reasons}")
        if counts["total"] == 0:
            raise GuideError("The query gave no rows, so there was nothing to bring into the flow.")
        if counts["error"] == counts["total"]:
            raise GuideError(f"Every row of the query was refused. {reasons}")
        return execution

    async def _log(self, title: str, execution: JsonObject, log: str) -> list[JsonObject]:
        where = {"sync_id": execution["sync_id"], "execution_id": execution["id"]}
        answer = await self._call(title, "get_sync_execution", **where, log=log, limit=_LINES)
        self.screen.result(answer, f"{answer['log_count']:,} {log}")
        return answer["log"]

    async def _read_flow(self, gong: JsonObject) -> list[JsonObject]:
        """Read the flow back out of Gong, as a model over it."""
        model = await self._call(
            "Read the flow back from Gong",
            "create_model",
            name="Members of the flow",
            connection_id=gong["id"],
            configuration={"table": FLOW},
        )
        self.screen.result(model, f"fields: {', '.join(field['name'] for field in model['fields'])}")
        preview = await self._call(
            "See who is in the flow", "preview_model", model_id=model["id"], limit=_SHOWN
        )
        self.screen.result(preview, f"{len(preview['rows'])} rows shown")
        return preview["rows"]

    async def _call(self, title: str, tool: str, **arguments: Any) -> JsonObject:
        """Announce and make one tool call.

        Raises:
            GuideError: The tool refused, with its own words.
        """
        self.screen.step(title, tool, _shown(arguments))
        result = await self.client.call_tool(tool, arguments, progress_callback=self._progress)
        if result.is_error:
            words = " ".join(part.text for part in result.content if isinstance(part, TextContent))
            raise GuideError(f"{tool} refused: {words}")
        return result.structured_content or {}

    async def _progress(self, progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        self.screen.progress(message or "")


def _shown(arguments: JsonObject) -> JsonObject:
    """Leave the password out of what is shown."""
    if arguments.get("type") != "snowflake":
        return arguments
    return arguments | {"configuration": arguments["configuration"] | {"password": "********"}}


def _counted(counts: JsonObject) -> str:
    """Say the counts that are not zero."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no rows"


def _with_reason(line: JsonObject) -> JsonObject:
    """Lay a line of the log of errors flat: the row's own fields, then why it was refused."""
    return line["row"] | {"reason": line["error"]}
