"""User names and passwords of cameras, sealed so that the api can write them and only the extractor can read them.

HPKE (RFC 9180) in base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305. Camera and address are authenticated with what is
sealed: whoever may change a camera's address, and does not know its password, cannot have it sent to a host of theirs.
"""

import hashlib
import json
from dataclasses import dataclass

from Crypto.Protocol import HPKE
from Crypto.PublicKey import ECC

INFO = b"tablewatch camera credentials v1"
ENCAPSULATED = 32
"""Bytes of the encapsulated key, which the sealed object begins with."""
PADDING = 256
"""What is sealed is as long as a multiple of that: its length says little about the password."""
LEAST_SECRET = 32


class NotReadable(Exception):
    """Sealed to another key, for another camera or address, or damaged."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """For a camera's Basic or Digest authentication."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


def private_key(secret: str) -> ECC.EccKey:
    """The same for the same secret, so that all replicas have it. Raises ValueError if the secret is too short."""
    if len(secret) < LEAST_SECRET:
        raise ValueError(f"a secret of less than {LEAST_SECRET} characters")
    seed = hashlib.blake2b(secret.encode(), digest_size=32, person=b"camera key v1").digest()
    return ECC.construct(curve="Curve25519", seed=seed)


def public_pem(key: ECC.EccKey) -> bytes:
    """The public half, as text that openssl reads too."""
    return str(key.public_key().export_key(format="PEM")).encode()


def seal(pem: bytes, camera_id: str, address: str, credentials: Credentials) -> bytes:
    """Bytes that only the owner of the private key can read. Raises ValueError if `pem` is no such key."""
    text = json.dumps({"user": credentials.user, "password": credentials.password}).encode()
    cipher = HPKE.new(receiver_key=ECC.import_key(pem.decode()), aead_id=HPKE.AEAD.CHACHA20_POLY1305, info=INFO)
    padded = text.ljust(-(-len(text) // PADDING) * PADDING)
    return bytes(cipher.enc) + bytes(cipher.seal(padded, auth_data=_bound_to(camera_id, address)))


def unseal(key: ECC.EccKey, camera_id: str, address: str, sealed: bytes) -> Credentials:
    """Raises NotReadable."""
    try:
        cipher = HPKE.new(receiver_key=key, aead_id=HPKE.AEAD.CHACHA20_POLY1305, enc=sealed[:ENCAPSULATED], info=INFO)
        text = cipher.unseal(sealed[ENCAPSULATED:], auth_data=_bound_to(camera_id, address))
        fields = json.loads(text)
        return Credentials(str(fields["user"]), str(fields["password"]))
    except (ValueError, KeyError, TypeError) as error:
        raise NotReadable(type(error).__name__) from error


def _bound_to(camera_id: str, address: str) -> bytes:
    return f"{camera_id}\n{address}".encode()
