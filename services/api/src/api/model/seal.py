"""Encryption of stored values that nobody may read in the database: AES-256-GCM, with a key from outside of it."""

import hashlib
import hmac
import secrets

from Crypto.Cipher import AES

NONCE, TAG = 12, 16


class SealBroken(Exception):
    """It was sealed with another key, or changed since."""


def derive(secret: str, *parts: str) -> bytes:
    """A key of 32 bytes, from the service's secret and parts that only the caller has."""
    return hmac.new(secret.encode(), "\n".join(("seal", *parts)).encode(), hashlib.sha256).digest()


def seal(key: bytes, plain: bytes) -> bytes:
    """Nonce, tag and ciphertext."""
    nonce = secrets.token_bytes(NONCE)
    sealed, tag = AES.new(key, AES.MODE_GCM, nonce=nonce).encrypt_and_digest(plain)
    return nonce + tag + sealed


def unseal(key: bytes, sealed: bytes) -> bytes:
    """What `seal` was given. Raises SealBroken."""
    nonce, tag, rest = sealed[:NONCE], sealed[NONCE : NONCE + TAG], sealed[NONCE + TAG :]
    try:
        return AES.new(key, AES.MODE_GCM, nonce=nonce).decrypt_and_verify(rest, tag)
    except ValueError as error:
        raise SealBroken from error
