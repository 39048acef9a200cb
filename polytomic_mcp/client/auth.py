"""The caller's credential, and the Authorization header that presents it."""

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.client.names import ARGUMENTS, Names
from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import AuthMode

__all__ = ["Credential"]

_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]+")
_MASK: Final = "**********"
_SHORTEST_REDACTED: Final = 8


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key and how it is presented.

    A partner or deployment key that acts in one organization is sent as Basic ``organization:key``, as the
    Terraform provider does; every other key is sent as Bearer. A user's key belongs to one organization, so
    ``organization_id`` is ignored for it.
    """

    api_key: str | None = field(repr=False)
    mode: AuthMode = "user"
    organization_id: str | None = None
    names: Names = field(repr=False, default=ARGUMENTS)

    def authorization(self) -> str:
        """Return the header's value.

        Raises:
            ConfigurationError: The key or the organization is missing or not valid in a header.
        """
        key = self._key()
        if self.mode == "user" or (self.mode == "partner" and self.organization_id is None):
            return f"Bearer {key}"
        return f"Basic {_encoded(f'{self._organization()}:{key}')}"

    def redact(self, content: bytes) -> bytes:
        """Mask the key in text from another source that may repeat it, such as a proxy's error page.

        A very short key is not masked, since that would garble the text.
        """
        if self.api_key is None or len(self.api_key) < _SHORTEST_REDACTED:
            return content
        forms = (self.api_key, _encoded(f"{self.organization_id}:{self.api_key}"))
        for form in forms:
            content = content.replace(form.encode(), _MASK.encode())
        return content

    def _key(self) -> str:
        if not self.api_key:
            name = self.names.api_key
            raise ConfigurationError(
                f"No API key is set.{self.names.note(name)} Set {name}, or start with --sandbox to work "
                "without one."
            )
        if not _HEADER_SAFE.fullmatch(self.api_key):
            raise ConfigurationError(
                f"{self.names.api_key} contains a space, a line break or an invalid character. Copy it again."
            )
        return self.api_key

    def _organization(self) -> str:
        organization = self.organization_id or ""
        if not _HEADER_SAFE.fullmatch(organization) or ":" in organization:
            mode, name = self.names.auth_mode, self.names.organization_id
            raise ConfigurationError(
                f"{mode} is {self.mode}. Set {name} to the organization's id.{self.names.note(name)}"
            )
        return organization


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
