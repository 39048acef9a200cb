"""A person at the sandbox's consent page: opens it and presses the first button."""

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
    try:
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
            page = (await browser.get(auth_url)).raise_for_status()
            form = _Form(page.text)
            if form.action is None:
                raise ConsentError(f"The consent page at {auth_url} has no form.")
            answer = await browser.post(urljoin(auth_url, form.action), data=form.button)
            answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ConsentError(f"The consent page at {auth_url} did not let us through: {error}") from error
