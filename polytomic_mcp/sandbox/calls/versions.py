"""The versions of the API, and the header that names one."""

from typing import Final

HEADER: Final = "X-Polytomic-Version"

VERSIONS: Final = ("2021-05-23", "2022-12-12", "2023-04-25", "2024-02-08", "2025-09-18")
"""The versions that exist, as dates, so that they compare as text.

The sandbox behaves like the last two; the older ones are served as 2024-02-08.
"""

OLDEST, CURRENT = VERSIONS[0], VERSIONS[-1]
