"""Sealing what is kept and must not be read in the database. AES-256-GCM; the key is not in the database."""

import hashlib
import hmac
import secrets

from Crypto.Cipher import AES

NONCE, TAG = 12, 16


class Broken(Exception):
    """It was sealed with another key, or changed since."""


def derive(secret: str, *parts: str) -> bytes:
    """A key of 32 bytes out of the service's secret and what only the asker knows."""
    return hmac.new(secret.encode(), "\n".join(("seal", *parts)).encode(), hashlib.sha256).digest()


def seal(key: bytes, plain: bytes) -> bytes:
    """Nonce, tag and ciphertext."""
    nonce = secrets.token_bytes(NONCE)
    sealed, tag = AES.new(key, AES.MODE_GCM, nonce=nonce).encrypt_and_digest(plain)
    return nonce + tag + sealed


def unseal(key: bytes, sealed: bytes) -> bytes:
    """What `seal` was given. Raises Broken."""
    nonce, tag, rest = sealed[:NONCE], sealed[NONCE : NONCE + TAG], sealed[NONCE + TAG :]
    try:
        return AES.new(key, AES.MODE_GCM, nonce=nonce).decrypt_and_verify(rest, tag)
    except ValueError as error:
        raise Broken from error
