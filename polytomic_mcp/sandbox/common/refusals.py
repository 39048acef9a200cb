"""The refusal of a request: one exception, rendered in the shape of the requested version."""

from typing import Any


class RefusalError(Exception):
    """An answer with an error status, raised by any stage or route and rendered by the gateway.

    Its shapes were seen in the 2025-09-18 SDK (``ApiError``) and the 2024-02-08 SDK (``RestErrResponse``, for
    401 only).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        key: str | None = None,
        metadata: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.key = key
        self.metadata = metadata
        self.headers = headers or {}

    def body(self, version: str) -> dict[str, Any]:
        """Return the body that clients of the version expect."""
        if self.status == 401 and version < "2025-09-18":  # noqa: PLR2004 - HTTP's own number
            return {"code": self.status, "error": self.message, "status": "Unauthorized", "context": {}}
        error: dict[str, Any] = {"status": self.status, "message": self.message}
        if self.key is not None:
            error["key"] = self.key
        if self.metadata is not None:
            error["metadata"] = self.metadata
        return error


def bad_request(operation: str, message: str) -> RefusalError:
    """Return the refusal, 400, of arguments that make no sense; a full stop is added if it is missing."""
    return RefusalError(400, _sentence(operation, message), key="bad_request")


def unprocessable(operation: str, message: str) -> RefusalError:
    """Return the refusal, 422, of arguments that an object cannot have; a full stop is added if missing."""
    return RefusalError(422, _sentence(operation, message), key="unprocessable")


def not_found(noun: str, id_: object) -> RefusalError:
    """Return the 404 refusal for an object that does not exist."""
    return RefusalError(404, f"{noun} {id_} not found", key="not_found")


def _sentence(operation: str, message: str) -> str:
    return f"{operation}: {message.removesuffix('.')}."
