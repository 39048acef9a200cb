"""A person at a consent page, played."""

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from polytomic_mcp.cli.demo.consent import ConsentError, consent, fill_in
from polytomic_mcp.cli.shared.web import listening

FORM = (
    "<button name=outside value=no></button><form action='{action}'><input><button name='decision' "
    "value='a&amp;b'>Yes</button><button name='decision' value='deny'>No</button></form>"
    "<form action='/2'></form>"
)
Visit = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def visit() -> Visit:
    """Visit a page with this content; return where forms were sent, and what they held."""

    def go(content: str, answer: Response | None = None) -> list[tuple[str, str]]:
        posted: list[tuple[str, str]] = []

        async def show(request: Request) -> Response:
            if request.method == "GET":
                return HTMLResponse(content)
            posted.append((request.url.path, (await request.body()).decode()))
            return answer or PlainTextResponse("thanks")

        with listening(Starlette(routes=[Route("/{path:path}", show, methods=["GET", "POST"])])) as server:
            anyio.run(consent, f"{server.url}/consent/token")
        return posted

    return go


@pytest.mark.parametrize(
    ("action", "path"), [("", "/consent/token"), ("/done?a=1&amp;b=2", "/done"), ("../other", "/other")]
)
def test_the_first_button_of_the_first_form_is_pressed(visit: Visit, action: str, path: str) -> None:
    assert visit(FORM.format(action=action)) == [(path, "decision=a%26b")]


def test_a_form_without_an_action_goes_to_its_own_page(visit: Visit) -> None:
    assert visit("<form><button></button></form>") == [("/consent/token", "=")]


def test_where_the_page_leads_is_followed(visit: Visit) -> None:
    assert len(visit(FORM.format(action=""), RedirectResponse("/welcome", 303))) == 1


def test_a_page_without_a_form_is_refused(visit: Visit) -> None:
    with pytest.raises(ConsentError, match="has no form"):
        visit("<h1>Gone</h1>")


def test_a_form_that_is_refused_is_reported(visit: Visit) -> None:
    with pytest.raises(ConsentError, match=r"could not be used.*422"):
        visit(FORM.format(action=""), PlainTextResponse("no", 422))


def test_a_page_that_cannot_be_reached_is_reported() -> None:
    with listening(Starlette()) as server:
        gone: Any = server.url

    with pytest.raises(ConsentError, match="could not be used"):
        anyio.run(consent, gone)


async def test_a_form_is_sent_and_where_it_leads_is_not_visited() -> None:
    posted: list[str] = []

    async def show(request: Request) -> Response:
        if request.method == "GET":
            return HTMLResponse("<form></form>")
        posted.append((await request.body()).decode())
        return RedirectResponse("https://app.acme.example/connected?id=1", 303)

    with listening(Starlette(routes=[Route("/form", show, methods=["GET", "POST"])])) as server:
        led_to = await fill_in(f"{server.url}/form", {"configuration.domain": "acme"})

    assert posted == ["configuration.domain=acme"]
    assert led_to == "https://app.acme.example/connected?id=1"


async def test_a_form_that_is_shown_again_is_reported() -> None:
    async def show(request: Request) -> Response:
        return HTMLResponse("<form></form>", 200 if request.method == "GET" else 422)

    routes = [Route("/form", show, methods=["GET", "POST"])]
    with (
        listening(Starlette(routes=routes)) as server,
        pytest.raises(ConsentError, match="refused with status 422"),
    ):
        await fill_in(f"{server.url}/form", {})
