"""References in a request: wherever its types say that a text refers to an object, a name does for an id."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from mcp.server.mcpserver.exceptions import ToolError

from polytomic_mcp.client import Polytomic
from polytomic_mcp.common.json_values import JsonObject, as_list, as_object
from polytomic_mcp.tools.answers.results import NextStep, Refusal
from polytomic_mcp.tools.api_access.names import Noun, find, is_id
from polytomic_mcp.tools.framework.requests import MOST_STEPS, Draft, Part


@dataclass(frozen=True, slots=True)
class Refers:
    """Marks a text as the id or the exact name of an object of a kind."""

    noun: Noun


@dataclass(slots=True)
class References:
    """Replaces names by ids in requests; each object is looked up once.

    ``whole`` are the kinds of which the object itself is needed, so that it is read even if its id was sent.
    ``objects`` has the objects that were read, by kind and id. ``problems`` has each name that matches
    nothing, with its path, and ``next_steps`` the calls that help.
    """

    api: Polytomic
    whole: frozenset[Noun] = frozenset()
    problems: list[str] = field(default_factory=list[str])
    next_steps: list[NextStep] = field(default_factory=list[NextStep])
    objects: dict[Noun, dict[str, JsonObject]] = field(default_factory=dict[Noun, dict[str, JsonObject]])
    _found: dict[tuple[Noun, str], str | ToolError] = field(
        default_factory=dict[tuple[Noun, str], str | ToolError]
    )

    async def resolve(self, part: Part, path: str = "") -> None:
        """Replace the names in a part by ids, at every depth; each that matches nothing is a problem."""
        for name, info in type(part).model_fields.items():
            value = vars(part).get(name)  # absent if an update does not change it
            place = f"{path}.{info.alias or name}".removeprefix(".")
            noun = next(_nouns(Annotated[info.annotation, *info.metadata, None]), None)
            resolved = await self._resolved(value, noun, place)
            if resolved is not value:
                setattr(part, name, resolved)

    def report(self, draft: Draft) -> None:
        """Add the problems to a draft, and the calls that help."""
        draft.problems += self.problems
        draft.next_steps += self.next_steps

    async def id_of(self, noun: Noun, reference: str, path: str) -> str | None:
        """Return the id of the object with that id or name; None, and a problem, if there is none."""
        if (noun, reference) not in self._found:
            self._found[noun, reference] = await self._find(noun, reference)
        found = self._found[noun, reference]
        if isinstance(found, str):
            return found
        self.problems.append(f"{path}: {found}")
        return None

    async def _resolved(self, value: Any, noun: Noun | None, path: str) -> Any:
        if isinstance(value, Part):
            await self.resolve(value, path)
        elif isinstance(value, list):
            items = as_list(value)
            return [await self._resolved(item, noun, f"{path}[{at}]") for at, item in enumerate(items)]
        elif noun is not None and isinstance(value, dict):
            members = as_object(value)
            return {
                name: await self._resolved(each, noun, f"{path}.{name}") for name, each in members.items()
            }
        elif noun is not None and isinstance(value, str):
            return await self.id_of(noun, value, path) or value
        return value

    async def _find(self, noun: Noun, reference: str) -> str | ToolError:
        if is_id(reference) and noun not in self.whole:
            return reference.lower()
        try:
            found = await find(self.api, noun, reference)
        except ToolError as error:
            self.next_steps += error.next_steps if isinstance(error, Refusal) else ()
            return error
        self.objects.setdefault(noun, {})[found["id"]] = found
        return found["id"]


async def resolve_names(api: Polytomic, request: Part) -> None:
    """Replace the names in a request by ids.

    Raises:
        ToolError: Names match no object, or several do; the text has the path of each.
    """
    references = References(api)
    await references.resolve(request)
    if references.problems:
        steps = references.next_steps
        unique = [step for at, step in enumerate(steps) if step not in steps[:at]]
        raise Refusal("\n".join(references.problems), *unique[:MOST_STEPS])


def _nouns(annotation: Any) -> Iterator[Noun]:
    """Yield the kinds of objects that a type refers to, itself or as the items of a list or an object."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from (each.noun for each in arguments[1:] if isinstance(each, Refers))
        yield from _nouns(arguments[0])
    elif origin in (Union, UnionType, list, dict):
        for each in arguments:
            yield from _nouns(each)
