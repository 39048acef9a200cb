"""The links at which a person consents to a connection: the API answers each link once, when it makes it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

LIFETIME: Final = timedelta(days=1)
"""How long a link may work; a guess. It is long, because a new link may end an earlier one."""


@dataclass(frozen=True, slots=True)
class ConsentLink:
    """A link, the code that the person enters there (if any), and when the API made it.

    ``errors`` are the reasons that the connection gave for its status before and after the link was made: a
    link ends with another reason.
    """

    url: str = field(repr=False)
    code: str | None = field(repr=False)
    made: datetime
    errors: frozenset[str]


@dataclass(slots=True)
class ConsentLinks:
    """The latest link of each connection, by the connection's id."""

    _links: dict[str, ConsentLink] = field(default_factory=dict[str, ConsentLink])

    def keep(self, connection_id: str, link: ConsentLink) -> None:
        """Remember a connection's link instead of its earlier one, and forget those that have expired."""
        self._links = {id_: each for id_, each in self._links.items() if link.made - each.made < LIFETIME}
        self._links[connection_id] = link

    def read(self, connection_id: str, now: datetime) -> ConsentLink | None:
        """Return a connection's link; None if it is unknown or has expired."""
        link = self._links.get(connection_id)
        return link if link is not None and now - link.made < LIFETIME else None

    def forget(self, connection_id: str) -> None:
        """Forget a connection's link."""
        self._links.pop(connection_id, None)
