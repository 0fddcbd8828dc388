"""API keys, their scopes, and the sites that they open. Pure."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from api.model.errors import KeyExpired, KeyInvalid, ScopeMissing, ScopeTooWide

Scope = Literal["asset", "read", "write", "upload", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_IMPLIED: dict[Scope, frozenset[Scope]] = {
    "asset": frozenset({"asset"}),
    "read": frozenset({"asset", "read"}),
    "write": frozenset({"asset", "read", "write"}),
    "upload": frozenset({"upload"}),
    "admin": frozenset(SCOPES),
}
_FORM = re.compile(r"twk_([A-Za-z0-9]{6,32})_([A-Za-z0-9_-]{16,128})")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request: a key, its scopes, and the sites that it opens (None: all)."""

    key_id: str
    scopes: frozenset[str]
    sites: frozenset[str] | None
    by_cookie: bool = False

    def allows(self, scope: Scope) -> bool:
        """Whether one of the key's scopes is or implies `scope`."""
        return any(scope in _IMPLIED[held] for held in SCOPES if held in self.scopes)

    def require(self, scope: Scope) -> None:
        """Raises ScopeMissing."""
        if not self.allows(scope):
            raise ScopeMissing(f"This needs a key with the scope {scope}.", scope=scope)

    def sees(self, site_id: str) -> bool:
        """Whether the key opens a site."""
        return self.sites is None or site_id in self.sites

    @property
    def site_list(self) -> list[str] | None:
        """The sites that every query of the request is bound to; None for all."""
        return None if self.sites is None else sorted(self.sites)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key. `text` is shown once and never stored."""

    text: str
    prefix: str
    secret_hash: bytes


def mint() -> NewKey:
    """A new key: a prefix of 8 characters to find it by, and 192 random bits."""
    return adopt(f"twk_{secrets.token_hex(4)}_{secrets.token_hex(24)}")


def adopt(text: str) -> NewKey:
    """A key with a given text. Raises ValueError when that is not the form of a key."""
    prefix, secret = split(text)
    return NewKey(text, prefix, hash_secret(secret))


def split(text: str) -> tuple[str, str]:
    """(prefix, secret) of a key. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("a key has the form twk_<prefix>_<secret>, the secret at least 16 letters long")
    return match[1], match[2]


def hash_secret(secret: str) -> bytes:
    """SHA-256: enough for a secret of 192 random bits, which no dictionary has."""
    return hashlib.sha256(secret.encode()).digest()


def check(
    secret: str, secret_hash: bytes, revoked_at: datetime | None, expires_at: datetime | None, now: datetime
) -> None:
    """Raises KeyInvalid or KeyExpired."""
    if not secrets.compare_digest(hash_secret(secret), secret_hash) or revoked_at is not None:
        raise KeyInvalid("The key is unknown or was revoked.")
    if expires_at is not None and expires_at <= now:
        raise KeyExpired(f"The key expired at {expires_at.isoformat()}; make a new one.")


def check_grant(giver: Caller, scopes: Iterable[str], sites: Iterable[str] | None) -> None:
    """Raises ScopeTooWide when a new key would have a scope or site that the key of its creator does not have."""
    if giver.sites is not None and (sites is None or not set(sites) <= giver.sites):
        raise ScopeTooWide("The new key would open sites that yours does not.")
    if any(not giver.allows(scope) for scope in SCOPES if scope in set(scopes)):
        raise ScopeTooWide("The new key would have scopes that yours has not.")


def check_all_sites(caller: Caller, what: str) -> None:
    """For what concerns the whole installation. Raises ScopeTooWide unless the caller opens all sites."""
    if caller.sites is not None:
        raise ScopeTooWide(f"{what} with a key that opens all sites; yours opens some.")
