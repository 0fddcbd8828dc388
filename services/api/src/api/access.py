"""Keys, scopes and the wall between sites: pure, so that every rule can be tried."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from api.problems import Problem

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
    """Who asks: a key, what it may do, and the sites it may see (None: all)."""

    key_id: str
    scopes: frozenset[str]
    sites: frozenset[str] | None
    by_cookie: bool = False

    def allows(self, scope: Scope) -> bool:
        """Whether one of the scopes is or implies `scope`."""
        return any(scope in _IMPLIED[held] for held in SCOPES if held in self.scopes)

    def require(self, scope: Scope) -> None:
        """Raises Problem scope_missing."""
        if not self.allows(scope):
            raise Problem("scope_missing", f"This needs a key with the scope {scope}.", scope=scope)

    def sees(self, site_id: str) -> bool:
        """Whether the wall lets through to a site."""
        return self.sites is None or site_id in self.sites

    @property
    def site_list(self) -> list[str] | None:
        """What every query is bound to: the sites, or None for no wall."""
        return None if self.sites is None else sorted(self.sites)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made. `text` is shown once and never kept."""

    text: str
    prefix: str
    secret_hash: bytes


def mint() -> NewKey:
    """A new key: an 8 character prefix to find it by and 192 random bits."""
    return adopt(f"twk_{secrets.token_hex(4)}_{secrets.token_hex(24)}")


def adopt(text: str) -> NewKey:
    """A key given by somebody else. Raises ValueError when it has not the form of one."""
    prefix, secret = split(text)
    return NewKey(text, prefix, hash_secret(secret))


def split(text: str) -> tuple[str, str]:
    """(prefix, secret) of a key. Raises ValueError."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("a key has the form twk_<prefix>_<secret>, the secret at least 16 letters long")
    return match[1], match[2]


def hash_secret(secret: str) -> bytes:
    """SHA-256: enough for a secret of 192 random bits, which cannot be guessed from a list."""
    return hashlib.sha256(secret.encode()).digest()


def check(
    secret: str, secret_hash: bytes, revoked_at: datetime | None, expires_at: datetime | None, now: datetime
) -> None:
    """Raises Problem key_invalid or key_expired."""
    if not secrets.compare_digest(hash_secret(secret), secret_hash) or revoked_at is not None:
        raise Problem("key_invalid", "The key is unknown or was revoked.")
    if expires_at is not None and expires_at <= now:
        raise Problem("key_expired", f"The key expired at {expires_at.isoformat()}; make a new one.")


def check_grant(giver: Caller, scopes: Iterable[str], sites: Iterable[str] | None) -> None:
    """Raises Problem scope_too_wide when a key would give more than it has itself."""
    if giver.sites is not None and (sites is None or not set(sites) <= giver.sites):
        raise Problem("scope_too_wide", "The new key would open sites that yours does not.")
    if any(not giver.allows(scope) for scope in SCOPES if scope in set(scopes)):
        raise Problem("scope_too_wide", "The new key would have scopes that yours has not.")
