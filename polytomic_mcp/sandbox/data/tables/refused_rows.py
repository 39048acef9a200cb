"""The refusal of rows by the real server behind a table."""

from collections.abc import Mapping

from polytomic_mcp.sandbox.common.refusals import RefusalError

_MOST_TOLD = 3


class RefusedRowsError(RefusalError):
    """A server refused some rows of a call, so nothing of the call was written; the rest can be sent again.

    ``reasons`` holds the server's own words: by position in ``rows`` where they were inserted, by row
    id where they were updated or deleted. Who does not catch it refuses all, as with every refusal.
    """

    def __init__(self, reasons: Mapping[int, str]) -> None:
        told = "; ".join(dict.fromkeys([*reasons.values()][:_MOST_TOLD]))
        super().__init__(422, f"{len(reasons)} records were refused: {told}", key="records_refused")
        self.reasons = reasons
