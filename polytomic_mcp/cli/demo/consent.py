"""A person at the sandbox's pages: fills in a form, or presses the first button of a page of consent."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from polytomic_mcp.errors import PolytomicError


class ConsentError(PolytomicError):
    """The page did not let the person through."""


class _Form(HTMLParser):
    """The first form of a page: where it goes, and what its first button sends."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.button: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
        elif tag == "button" and self.action is not None and not self.button:
            self.button = {given.get("name", ""): given.get("value", "")}


async def consent(auth_url: str) -> None:
    """Visit a consent page and press its first button, as a person would.

    Raises:
        ConsentError: The page cannot be reached, has no form, or its form was refused.
    """
    with _explained(auth_url):
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
            page = (await browser.get(auth_url)).raise_for_status()
            form = _Form(page.text)
            if form.action is None:
                raise ConsentError(f"The consent page at {auth_url} has no form.")
            answer = await browser.post(urljoin(auth_url, form.action), data=form.button)
            answer.raise_for_status()


async def fill_in(url: str, inputs: Mapping[str, str]) -> str:
    """Send the form of a page and return where that leads, which is not visited.

    Raises:
        ConsentError: The page cannot be reached, or shows the form again.
    """
    with _explained(url):
        async with httpx.AsyncClient(trust_env=False) as browser:
            (await browser.get(url)).raise_for_status()
            answer = await browser.post(url, data=dict(inputs))
    if answer.next_request is None:
        raise ConsentError(f"The form at {url} was not taken: {answer.status_code}.")
    return str(answer.next_request.url)


@contextmanager
def _explained(url: str) -> Generator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise ConsentError(f"The page at {url} did not let us through: {error}") from error
