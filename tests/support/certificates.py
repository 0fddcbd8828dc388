"""Certificates of cameras, signed by themselves: who trusts one has an authority of its own."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """`authority` is the file to trust it by."""

    authority: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.authority, self.key)
        return made

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))


def certificate(folder: Path, name: str) -> Certificate:
    """Of a host name as openssl writes it: `DNS:camera.example` or `IP:127.0.0.1`."""
    folder.mkdir(exist_ok=True)
    made = Certificate(folder / "camera.crt", folder / "camera.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=camera", "-addext", f"subjectAltName={name}", "-days", "2"]
    subprocess.run([*command, *names, "-keyout", made.key, "-out", made.authority], check=True, capture_output=True)
    return made
