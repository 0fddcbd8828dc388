"""Answers to a camera that asks who is there: Digest (RFC 2069, 2617, 7616), or Basic if that is all. Pure."""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from credentials import Credentials

ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
SESSION = "-SESS"
SCHEME = re.compile(r"(?:^|,\s*)(digest|basic)\s+", re.IGNORECASE)
MAX_CHALLENGE = 2048
"""Characters. Each is answered with what is in it, again and again, and comes from whoever sits at the address."""
FIELD = re.compile(r'(?<![\w-])([\w-]{1,64})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(slots=True)
class Challenge:
    """Of Digest. `count`: requests that were answered with its nonce."""

    fields: dict[str, str]
    count: int = field(default=0)

    @property
    def nonce(self) -> str:
        return self.fields.get("nonce", "")

    @property
    def algorithm(self) -> str:
        return self.fields.get("algorithm", "").upper()

    @property
    def known(self) -> bool:
        """Whether it can be answered."""
        qop = self.fields.get("qop")
        fits = qop is None or "auth" in [each.strip() for each in qop.lower().split(",")]
        return fits and bool(self.nonce) and (self.algorithm or "MD5").removesuffix(SESSION) in ALGORITHMS

    def header(self, credentials: Credentials, method: str, address: str, random: Callable[[], str]) -> str:
        """The value of `Authorization`."""
        self.count += 1
        cnonce, number, is_counted = random(), f"{self.count:08x}", "qop" in self.fields
        mine = self._hash(credentials.user, self.fields.get("realm", ""), credentials.password)
        if self.algorithm.endswith(SESSION):
            mine = self._hash(mine, self.nonce, cnonce)
        counted = (number, cnonce, "auth") if is_counted else ()
        response = self._hash(mine, self.nonce, *counted, self._hash(method, address))
        given = {"username": credentials.user, "realm": self.fields.get("realm", ""), "nonce": self.nonce}
        given |= {"uri": address, "response": response}
        given |= {"opaque": self.fields["opaque"]} if "opaque" in self.fields else {}
        given |= {"cnonce": cnonce} if is_counted or self.algorithm.endswith(SESSION) else {}
        bare = [f"algorithm={self.fields['algorithm']}"] if self.algorithm else []
        bare += ["qop=auth", f"nc={number}"] if is_counted else []
        return "Digest " + ", ".join([*(f'{name}="{_quoted(value)}"' for name, value in given.items()), *bare])

    def _hash(self, *parts: str) -> str:
        name = ALGORITHMS[(self.algorithm or "MD5").removesuffix(SESSION)]
        return hashlib.new(name, ":".join(parts).encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Basic:
    """The password itself, in another alphabet."""

    def header(self, credentials: Credentials, method: str, address: str, random: Callable[[], str]) -> str:
        """The value of `Authorization`."""
        return "Basic " + base64.b64encode(f"{credentials.user}:{credentials.password}".encode()).decode()


def chosen(headers: Sequence[str]) -> Challenge | Basic | None:
    """Of the `WWW-Authenticate` headers of an answer: the first Digest that is known, else Basic, if it is offered.

    A camera that offers a Digest which is not known is never told the password by Basic. What is too long counts as a
    Digest that is not known.
    """
    if any(len(header) > MAX_CHALLENGE for header in headers):
        return None
    offered = [each for header in headers for each in _split(header)]
    digests = [Challenge(_fields(rest)) for scheme, rest in offered if scheme == "digest"]
    known = next((each for each in digests if each.known), None)
    return known if digests else Basic() if any(scheme == "basic" for scheme, _ in offered) else None


def _split(header: str) -> list[tuple[str, str]]:
    """Challenges of one header, which may have several: scheme and the rest."""
    begins = list(SCHEME.finditer(header))
    ends = [*(each.start() for each in begins[1:]), len(header)]
    return [(each[1].lower(), header[each.end() : end]) for each, end in zip(begins, ends, strict=False)]


def _fields(text: str) -> dict[str, str]:
    return {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in FIELD.findall(text)}


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
