"""Signed links to objects: a link gives access to one object until it expires, and to nothing else."""

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from pydantic import SecretStr


class BadLink(Exception):
    """A link that gives no access. `code`: link_expired or link_invalid."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LinkSigner:
    """HMAC-SHA256 over key, part, expiry and download name; `base_url` is the public address of the api.

    A part is `offset-length` in bytes: such a link gives access to that range of the object only.
    """

    def __init__(self, secret: "SecretStr", base_url: str) -> None:
        self._secret, self._base_url = secret, base_url.rstrip("/")

    def sign(self, key: str, expires_at_s: int, filename: str | None = None, part: str | None = None) -> str:
        """Absolute URL of `key` until `expires_at_s` (Unix seconds), saved as `filename` when given."""
        query = {"expires": str(expires_at_s), "signature": self._signature(key, expires_at_s, filename, part)}
        if part is not None:
            query["part"] = part
        if filename is not None:
            query["filename"] = filename
        return f"{self._base_url}/v1/objects/{quote(key)}?{urlencode(query)}"

    def verify(
        self, key: str, expires: int, signature: str, now: float, filename: str | None = None, part: str | None = None
    ) -> None:
        """Raises BadLink unless `sign` made this link and it is valid at `now` (Unix seconds)."""
        expected = self._signature(key, expires, filename, part)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise BadLink("link_invalid")
        if now >= expires:
            raise BadLink("link_expired")

    def _signature(self, key: str, expires_at_s: int, filename: str | None, part: str | None) -> str:
        # No key and no number has a line feed, so that no field can be shifted into the next
        text = f"{key}\n{expires_at_s}\n{filename or ''}"
        if part is not None:
            text = f"part={part}\n{text}"  # no key has an equals sign
        return hmac.new(self._secret.get_secret_value().encode(), text.encode(), hashlib.sha256).hexdigest()
