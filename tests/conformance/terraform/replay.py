"""A replay of the Terraform provider: what it sends for a resource, and what it keeps of the answers.

Terraform applies a configuration, reads it back, and plans again. It refuses an answer that contradicts the
configuration, and reports every later difference as drift. An attribute that a configuration leaves out must
be null in the state, unless the server may compute it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

VERSION: Final = "2024-02-08"
"""What the provider sends in X-Polytomic-Version."""

COMPUTED: Final = "computed"
"""An attribute that the server may set if the configuration leaves it out."""

PLAIN: Final = "plain"
"""An attribute that is null in the state if the configuration leaves it out."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Nested:
    """An object, or a set of objects, with attributes of its own."""

    attributes: Mapping[str, Any]
    is_set: bool = False


Attributes = Mapping[str, str | Nested]


class Api:
    """The calls of the provider: what they refuse fails the test, and a missing object is None."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def call(self, method: str, path: str, body: Json | None = None) -> Any:
        """Return the data of an answer; None if the object does not exist."""
        answer = await self.whole(method, path, body)
        return None if answer is None else answer.get("data")

    async def whole(self, method: str, path: str, body: Json | None = None) -> Any:
        """Return an answer with its envelope; an empty one has nothing in it."""
        content = None if body is None else json.dumps(body)
        answer = await self._http.request(method, path, content=content)
        if method == "GET" and answer.status_code == 404:
            return None
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}


State = Callable[[Json, Json], Json]
"""The state that an answer makes, given the configuration or the state before it."""


@dataclass(frozen=True)
class Resource:
    """A resource of the provider.

    ``body`` returns what the provider sends for a configuration, given the state before. ``ignored`` are the
    attributes that an import cannot know.
    """

    path: str
    attributes: Attributes
    body: Callable[[Json, Json | None], Json]
    state: State
    ignored: frozenset[str] = field(default_factory=frozenset)

    def at(self, state: Json) -> str:
        return f"{self.path}/{state['id']}"


def differences(attributes: Attributes, config: Json, state: Json, path: str = "") -> Iterator[str]:
    """Yield the attributes whose state contradicts a configuration."""
    for name, kind in attributes.items():
        given, kept = config.get(name), state.get(name)
        if given is None:
            if kind == PLAIN and kept is not None:
                yield f"{path}{name}: null became {kept!r}"
        elif isinstance(kind, Nested):
            yield from _nested_differences(kind, given, kept, f"{path}{name}")
        elif given != kept:
            yield f"{path}{name}: {given!r} became {kept!r}"


def _nested_differences(kind: Nested, given: Any, kept: Any, path: str) -> Iterator[str]:
    if kept is None:
        yield f"{path}: {given!r} became null"
    elif not kind.is_set:
        yield from differences(kind.attributes, given, kept, f"{path}.")
    elif len(given) != len(kept):
        yield f"{path}: {given!r} became {kept!r}"
    else:
        for each in given:
            found = [list(differences(kind.attributes, each, other, f"{path}.")) for other in kept]
            if [] not in found:
                yield min(found, key=len, default=[f"{path} is lost"])[0]


def comparable(value: Any) -> Any:
    """Return a value in which the order of a set's elements does not matter."""
    if isinstance(value, dict):
        return {key: comparable(part) for key, part in value.items()}
    if isinstance(value, list):
        return sorted((comparable(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


def require_no_drift(resource: Resource, config: Json, before: Json, after: Json) -> None:
    """Require that a refresh changes nothing, and that the next plan is empty."""
    assert comparable(after) == comparable(before)
    assert list(differences(resource.attributes, config, after)) == []


async def apply(api: Api, resource: Resource, config: Json, state: Json | None = None) -> Json:
    """Create the resource, or update it from a state, and return the state that the answer makes."""
    body = resource.body(config, state)
    if state is None:
        answer = await api.call("POST", resource.path, body)
    else:
        answer = await api.call("PUT", resource.at(state), body)
    made = resource.state(answer, config)
    assert list(differences(resource.attributes, config, made)) == []
    return made


async def read(api: Api, resource: Resource, state: Json) -> Json | None:
    """Refresh a state; None if the object does not exist any more."""
    answer = await api.call("GET", resource.at(state))
    return None if answer is None else resource.state(answer, state)


async def cycle(api: Api, resource: Resource, *configs: Json) -> Json:
    """Apply the configurations in turn, each with a refresh and an empty plan; return the last state."""
    state: Json | None = None
    for config in configs:
        state = await apply(api, resource, config, state)
        refreshed = await read(api, resource, state)
        assert refreshed is not None
        require_no_drift(resource, config, state, refreshed)
        state = refreshed
    assert state is not None
    return state


async def import_(api: Api, resource: Resource, state: Json) -> None:
    """Import the object by its id alone, and require that it is what the state has."""
    imported = await read(api, resource, {"id": state["id"], "organization": state.get("organization")})
    assert imported is not None
    known = {name: value for name, value in state.items() if name not in resource.ignored}
    assert comparable({name: imported.get(name) for name in known}) == comparable(known)


async def destroy(api: Api, resource: Resource, state: Json) -> None:
    """Delete the object, which a refresh then does not find."""
    await api.call("DELETE", resource.at(state))
    assert await read(api, resource, state) is None


async def live(api: Api, resource: Resource, *configs: Json) -> None:
    """Go through the whole life of a resource: each configuration in turn, an import, and the deletion."""
    state = await cycle(api, resource, *configs)
    await import_(api, resource, state)
    await destroy(api, resource, state)
