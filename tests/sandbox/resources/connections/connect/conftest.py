"""A browser without an API key, and pages of connect sessions for it to open."""

from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette


class Page(HTMLParser):
    """A page as a browser sees it: its inputs by name, its links and its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.inputs = {
            str(attributes["name"]): attributes
            for tag, attributes in self.tags
            if tag in {"input", "select", "textarea"}
        }
        self.links = [str(attributes["href"]) for tag, attributes in self.tags if tag == "a"]
        self.ids = {attributes.get("id") for _, attributes in self.tags}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture
def browser(sandbox: Starlette) -> httpx.AsyncClient:
    """Return a client without an API key."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")


@pytest.fixture
def read_page() -> type[Page]:
    return Page


@pytest.fixture
def open_page(http: httpx.AsyncClient) -> Callable[..., Awaitable[str]]:
    """Create a session and return the address of its page: ``await open_page("gong")``."""

    async def opened(*whitelist: str, **more: Any) -> str:
        back = "https://acme.example/back?a=1"
        body = {"name": "Theirs <b>&", "redirect_url": back, "whitelist": list(whitelist), **more}
        answer = await http.post("/api/connections/connect", json=body)
        assert answer.status_code == 200, answer.text
        address: str = answer.json()["data"]["redirect_url"]
        return address

    return opened


@pytest.fixture
def connections(http: httpx.AsyncClient) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await http.get("/api/connections")).json()["data"]
        return found

    return listed


@pytest.fixture
def right_form() -> dict[str, str]:
    """Return valid inputs for a PostgreSQL connection."""
    return {
        "configuration.hostname": "db.acme.example",
        "configuration.username": "ada",
        "configuration.password": "pw",
        "configuration.database": "app",
        "configuration.port": "5432",
    }
