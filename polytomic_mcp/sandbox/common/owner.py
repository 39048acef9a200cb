"""The owner of the sandbox: its first organization, and the user that its key belongs to."""

from typing import Final

ORGANIZATION_ID: Final = "0d1e2f30-4a5b-4c6d-8e7f-90a1b2c3d4e5"
USER_ID: Final = "1f2e3d4c-5b6a-4798-8a7b-6c5d4e3f2a1b"

ACTOR: Final = {"id": USER_ID, "name": "Ada", "type": "user"}
"""The user who created or changed something, as answers show it."""
