"""What a tool is about to write: typed parts of a request, and the problems found before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Self

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from polytomic_mcp.common.json_values import JsonObject, as_list
from polytomic_mcp.common.spelling import quoted, valid_values
from polytomic_mcp.errors import RefusedError
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.framework.reading import read

WAY_AROUND: Final = "If Polytomic does accept a value that is refused here, send it with write_operation."
"""The sentence that ends a refusal of values."""

_INVALID: Final = frozenset({400, 422})

_SECRETS: Final = frozenset({"encryption_passphrase"})
"""The arguments that no suggested call repeats."""

MOST_STEPS: Final = 3
"""How many next calls a refusal suggests."""


def _keep_fields(schema: JsonObject) -> None:
    schema.pop("description", None)
    schema.pop("additionalProperties", None)


class Part(BaseModel):
    """A part of a request. Unknown names are refused, unless the API itself answered them.

    Neither that rule nor a part's docstring is in the tool definitions: its fields say what a model needs.
    A field whose name Python reserves has the API's name as its alias.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_keep_fields)

    @classmethod
    def stored(cls, value: JsonObject) -> Self:
        """Read what the API stores, and keep what this version does not know, at every depth."""
        return cls.model_validate(read(cls, value, is_stored=True), extra="allow")

    def body(self) -> JsonObject:
        """Return the part as it is sent: what was given, and defaults. Null means omitted, except in data.

        Data are the members whose type is ``Any``, such as a constant that a sync writes.
        """
        known = type(self).model_fields
        values = {name: vars(self)[name] for name in known if name in vars(self)}
        kept = {
            known[name].alias or name: value
            for name, value in values.items()
            if value is not None or (known[name].annotation is Any and name in self.model_fields_set)
        }
        return {name: _plain(value) for name, value in kept.items()} | (self.model_extra or {})


class Request(Part):
    """All that a tool writes of one object. A tool that has it as a parameter has its fields as arguments.

    Optional fields default to None, so that an update sends only what was given. ``CREATE_ONLY`` has the
    fields that an update does not accept.
    """

    CREATE_ONLY: ClassVar[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Changes:
    """Marks a request of an update: every field is optional, and described by its type alone.

    The definition of the tool that creates the object has the whole description.
    """

    created_by: str
    is_described: bool = True

    def __get_pydantic_json_schema__(
        self, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the type, and where a caller finds the rest if there is more to say."""
        short = _type_of(handler(core_schema), handler)
        inner = short.get("items", short)
        is_nested = inner.get("type", "object") == "object"
        return short | ({"description": f"As in {self.created_by}"} if self.is_described or is_nested else {})


def brief(type_: str, description: str) -> WithJsonSchema:
    """Describe a part in a few words; its whole schema would cost too many tokens."""
    items: JsonObject = {"items": {"type": "object"}} if type_ == "array" else {}
    return WithJsonSchema({"type": type_, **items, "description": description})


Clear = Annotated[list[str] | None, Field(description="Arguments to reset to their defaults")]


def cleared(request: Request, clear: Sequence[str] | None) -> list[str]:
    """Return the names of the fields that an update resets.

    Raises:
        ToolError: A name is not that of an optional field, or the request also sets the field.
    """
    fields = type(request).model_fields
    optional = [name for name in fields if not (fields[name].is_required() or name in request.CREATE_ONLY)]
    for name in clear or ():
        if name not in optional:
            raise ToolError(f"clear: {quoted(name)} cannot be reset.{valid_values(name, optional)}")
        if name in request.model_fields_set:
            raise ToolError(f"clear: {name} is sent too. Send one of the two.")
    return list(clear or ())


@dataclass(slots=True)
class Draft:
    """A request body that has not been sent, its problems, and the calls that help to fix them.

    ``instead`` has values that could be sent in place of those that have a problem, by argument. ``unread``
    are the problems in which the API refused to say what is valid: no value can be the way around them.
    """

    body: JsonObject
    problems: list[str] = field(default_factory=list[str])
    next_steps: list[NextStep] = field(default_factory=list[NextStep])
    instead: JsonObject = field(default_factory=JsonObject)
    unread: list[str] = field(default_factory=list[str])

    def suggest_instead(self, tool: str, **arguments: Any) -> None:
        """Suggest the same call with the values that could be sent, if nothing else is wrong with it."""
        is_only_problem = len(self.problems) == len(self.instead) > 0
        if is_only_problem and self.instead.keys() <= arguments.keys() and not _SECRETS & arguments.keys():
            right = arguments | self.instead
            step = NextStep(tool=tool, arguments=right, reason="sends what is right today")
            self.next_steps.insert(0, step)

    def could_not_read(self, argument: str, connection_id: str, refused: RefusedError) -> None:
        """Add the problem that the API refused to read a connection, and the call that says why."""
        self.unread.append(f"{argument}: {refused}")
        self.problems.append(self.unread[-1])
        if refused.status in _INVALID:
            this = {"connection_id": connection_id}
            see = NextStep(tool="get_connection", arguments=this, reason="says whether it works, and why not")
            self.next_steps.append(see)

    def refuse_if_wrong(self, tool: str) -> None:
        """Raise a ``Refusal`` that lists every problem, if there are any."""
        if self.problems:
            listed = "\n".join(f"- {problem}" for problem in self.problems)
            steps = [step for at, step in enumerate(self.next_steps) if step not in self.next_steps[:at]]
            way_around = f"\n{WAY_AROUND}" if len(self.problems) > len(self.unread) else ""
            raise Refusal(
                f"{tool}: Nothing was written. Problems:\n{listed}{way_around}", *steps[:MOST_STEPS]
            )


def _type_of(schema: JsonSchemaValue, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """Return a schema's type alone, or its types; of an array, also those of its items."""
    whole = handler.resolve_ref_schema(schema)
    forms = [handler.resolve_ref_schema(form) for form in whole.get("anyOf", [whole])]
    form, *others = (form for form in forms if form.get("type") not in (None, "null"))
    if others:
        return {"anyOf": [_type_of(each, handler) for each in (form, *others)]}
    items = {"items": _type_of(form["items"], handler)} if "items" in form else {}
    return {"type": form["type"]} | items


def _plain(value: Any) -> Any:
    if isinstance(value, Part):
        return value.body()
    return [_plain(item) for item in as_list(value)] if isinstance(value, list) else value
