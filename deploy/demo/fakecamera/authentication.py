"""How a fake camera asks who is there: Basic, or Digest (RFC 2069, 2617 and 7616). Pure."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

REALM = "camera"
FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Scheme:
    """One challenge. `algorithm` "": none is named, as by cameras of old, which means MD5."""

    name: str = "Digest"
    algorithm: str = ""
    qop: bool = False

    def challenge(self, nonce: str, *, stale: bool) -> str:
        if self.name == "Basic":
            return f'Basic realm="{REALM}"'
        fields = [f'realm="{REALM}"', f'nonce="{nonce}"']
        fields += ['qop="auth"'] if self.qop else []
        fields += [f'algorithm="{self.algorithm}"'] if self.algorithm else []
        return "Digest " + ", ".join([*fields, f'stale="{"TRUE" if stale else "FALSE"}"'])

    def admits(self, header: str, method: str, nonce: str, credentials: tuple[str, str]) -> bool:
        """Whether an `Authorization` header knows the password, and this nonce."""
        if not header.startswith(f"{self.name} "):
            return False
        if self.name == "Basic":
            return secrets.compare_digest(header[6:].encode(), base64.b64encode(":".join(credentials).encode()))
        given = {name: quoted or bare for name, quoted, bare in FIELD.findall(header)}
        wanted = self._response(given, method, nonce, credentials)
        same = secrets.compare_digest(given.get("response", ""), wanted)
        return same and (given.get("username"), given.get("nonce")) == (credentials[0], nonce)

    def _response(self, given: Mapping[str, str], method: str, nonce: str, credentials: tuple[str, str]) -> str:
        def digest(*parts: str) -> str:
            data = ":".join(parts).encode()
            name = self.algorithm.replace("-", "").lower() or "md5"
            return hashlib.new(name, data, usedforsecurity=False).hexdigest()

        user, password = credentials
        mine, asked = digest(user, REALM, password), digest(method, given.get("uri", ""))
        counted = (given.get("nc", ""), given.get("cnonce", ""), "auth") if self.qop else ()
        return digest(mine, nonce, *counted, asked)


DIGEST = Scheme()
