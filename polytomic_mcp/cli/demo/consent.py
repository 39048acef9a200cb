"""Uses the sandbox's pages as a person would: gives consent, or fills in a form."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from polytomic_mcp.errors import PolytomicError


class ConsentError(PolytomicError):
    """A page of the sandbox could not be used."""


class _Form(HTMLParser):
    """The first form of a page: its action, and the value that its first button sends."""

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
    with _translated_errors(auth_url):
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
            page = (await browser.get(auth_url)).raise_for_status()
            form = _Form(page.text)
            if form.action is None:
                raise ConsentError(f"The consent page at {auth_url} has no form.")
            answer = await browser.post(urljoin(auth_url, form.action), data=form.button)
            answer.raise_for_status()


async def fill_in(url: str, inputs: Mapping[str, str]) -> str:
    """Submit the form of a page and return the address it redirects to, without visiting it.

    Raises:
        ConsentError: The page cannot be reached, or it refuses the form.
    """
    with _translated_errors(url):
        async with httpx.AsyncClient(trust_env=False) as browser:
            (await browser.get(url)).raise_for_status()
            answer = await browser.post(url, data=dict(inputs))
    if answer.next_request is None:
        raise ConsentError(f"The form at {url} was refused with status {answer.status_code}.")
    return str(answer.next_request.url)


@contextmanager
def _translated_errors(url: str) -> Generator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise ConsentError(f"The page at {url} could not be used: {error}") from error
