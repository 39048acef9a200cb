"""Who the caller is, and the Authorization header that says so."""

import base64
import re
from dataclasses import dataclass, field
from typing import Final

from polytomic_mcp.errors import ConfigurationError
from polytomic_mcp.settings import AuthMode

__all__ = ["Credential"]

_HEADER_SAFE: Final = re.compile(r"[\x21-\x7e]+")
_MASK: Final = "**********"
_SHORTEST_REDACTED: Final = 8


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key and how it is presented.

    A partner or deployment key acts inside one organization as Basic ``organization:key``, which is
    how the Terraform provider does it; every other key goes as Bearer. A user's key belongs to its
    organization, so ``organization_id`` does not count for it.
    """

    api_key: str | None = field(repr=False)
    mode: AuthMode = "user"
    organization_id: str | None = None

    def authorization(self) -> str:
        """Return the header's value.

        Raises:
            ConfigurationError: The key or the organization is absent or cannot stand in a header.
        """
        key = self._key()
        if self.mode == "user" or (self.mode == "partner" and self.organization_id is None):
            return f"Bearer {key}"
        return f"Basic {_encoded(f'{self._organization()}:{key}')}"

    def redact(self, content: bytes) -> bytes:
        """Mask the key where somebody else's text, such as a proxy's error page, repeats it.

        A key too short to be one is left alone, as masking it would garble the text.
        """
        if self.api_key is None or len(self.api_key) < _SHORTEST_REDACTED:
            return content
        forms = (self.api_key, _encoded(f"{self.organization_id}:{self.api_key}"))
        for form in forms:
            content = content.replace(form.encode(), _MASK.encode())
        return content

    def _key(self) -> str:
        if not self.api_key:
            raise ConfigurationError(
                "There is no API key: set POLYTOMIC_API_KEY, or start with --sandbox to work without one."
            )
        if not _HEADER_SAFE.fullmatch(self.api_key):
            raise ConfigurationError(
                "POLYTOMIC_API_KEY holds a space, a line break or a character that no key has: copy it again."
            )
        return self.api_key

    def _organization(self) -> str:
        organization = self.organization_id or ""
        if not _HEADER_SAFE.fullmatch(organization) or ":" in organization:
            raise ConfigurationError(
                f"POLYTOMIC_AUTH_MODE is {self.mode}: set POLYTOMIC_ORGANIZATION_ID to the organization's id."
            )
        return organization


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
