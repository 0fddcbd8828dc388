"""What can be wrong with a request as HTTP; what is wrong with its meaning is in model/errors.py."""

from typing import Any

from api.model.errors import ApiError


class HttpError(ApiError):
    """An error of the request itself, or of the server. `headers` go into the response."""

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail, **members)
        self.headers = headers or {}


class InvalidRequest(HttpError):
    """The request is not valid"""

    status = 422


class InvalidHeader(HttpError):
    """A header of the request cannot be read"""

    status = 400


class InvalidJson(HttpError):
    """The body is not JSON"""

    status = 400


class InvalidCursor(HttpError):
    """The cursor is not valid"""

    status = 400

    def __init__(self) -> None:
        super().__init__("Use next_cursor as it came.")


class IdempotencyKeyReused(HttpError):
    """The Idempotency-Key came with another body"""

    status = 422


class IdempotencyInFlight(HttpError):
    """The first request with this Idempotency-Key is under way"""

    status = 409
    retryable = True


class CredentialsUnavailable(HttpError):
    """User names and passwords of cameras cannot be stored yet"""

    status = 503
    retryable = True


class VersionConflict(HttpError):
    """It was changed since it was read"""

    status = 412


class PreconditionFailed(HttpError):
    """A condition of the request does not hold"""

    status = 412


class NotFound(HttpError):
    """There is no such path"""

    status = 404


class MethodNotAllowed(HttpError):
    """The resource does not support the method"""

    status = 405


class BodyTooLarge(HttpError):
    """The body is too large"""

    status = 413


class TooManyBodies(HttpError):
    """The server, or your half of it, is full of request bodies that are under way; try again"""

    status = 503
    retryable = True


class RateLimited(HttpError):
    """Too many requests by this key"""

    status = 429
    retryable = True


class SiteRateLimited(HttpError):
    """Too many requests by the keys of this site"""

    status = 429
    retryable = True


class TooManyProbes(HttpError):
    """The site has as many probes under way as it may"""

    status = 429
    retryable = True


class TooManyDryRuns(HttpError):
    """The site has as many dry runs under way as it may, or this camera has begun too many"""

    status = 429
    retryable = True


class TooManySuggestions(HttpError):
    """Tables of this camera are suggested too often; what was looked at already can be read with GET"""

    status = 429
    retryable = True


class TooManyEventStreams(HttpError):
    """The key has too many event streams open; close some, or share one"""

    status = 429
    retryable = True


class TooManyWrongKeys(HttpError):
    """Too many keys, sessions or links from this address were wrong"""

    status = 429
    retryable = True


class Internal(HttpError):
    """An error in the server"""

    status = 500
    retryable = True


class Unavailable(HttpError):
    """Not available right now, try again"""

    status = 503
    retryable = True
