"""The versions of the API, and the header that names one."""

from typing import Final

HEADER: Final = "X-Polytomic-Version"

SERVED: Final = ("2024-02-08", "2025-09-18")
"""The versions that the sandbox serves, as dates, so that they compare as text."""

CURRENT: Final = SERVED[-1]

UNNAMED: Final = "2021-05-23"
"""The version of a request that names none (the documentation).

Guides send such requests, so they are served: like those of 2024-02-08 (a choice).
"""

NOT_SERVED: Final = (UNNAMED, "2022-12-12", "2023-04-25")
"""Versions of the API that a request cannot name here, because too little is known of them."""
