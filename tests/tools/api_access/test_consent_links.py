"""The links at which a person consents: the latest of each connection, as long as it may work."""

from datetime import UTC, datetime, timedelta

from polytomic_mcp.tools.api_access.consent_links import LIFETIME, ConsentLink, ConsentLinks

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def link(url: str, made: datetime = NOW) -> ConsentLink:
    return ConsentLink(url, "CODE", made, frozenset())


def test_the_latest_link_is_kept_until_it_expires() -> None:
    links = ConsentLinks()
    links.keep("c", link("first"))
    links.keep("c", latest := link("second"))

    assert links.read("c", NOW) is latest
    assert links.read("c", NOW + LIFETIME - timedelta(seconds=1)) is latest
    assert links.read("c", NOW + LIFETIME) is None
    assert links.read("other", NOW) is None


def test_expired_links_are_forgotten_with_the_next_one() -> None:
    links = ConsentLinks()
    links.keep("old", link("old"))
    links.keep("new", link("new", NOW + LIFETIME))

    assert links.read("old", NOW) is None


def test_a_link_and_its_code_are_in_no_repr() -> None:
    links = ConsentLinks()
    links.keep("c", link("https://secret"))

    assert "secret" not in repr(links)
    assert "CODE" not in repr(links)
