"""A real S3 server for tests: versitygw, built once with Go into .local/tools; nanio (from PyPI) where there is no Go.

Both verify signatures and expiry. TEST_S3=nanio takes the second one on purpose. Run as a program this builds the
server, so that no test's timeout counts the build.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
TOOLS = REPO / ".local" / "tools"
PACKAGE = "github.com/versity/versitygw/cmd/versitygw@v1.7.0"
READY_S = 20


@dataclass(frozen=True, slots=True)
class S3Server:
    """Address and keys of a running server."""

    url: str
    access_key: str
    secret_key: str


def versitygw() -> Path | None:
    """The server's program, built when it is not there yet; None on a machine without Go."""
    if os.environ.get("TEST_S3") == "nanio":
        return None
    program = TOOLS / "versitygw"
    if program.exists():
        return program
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        return None
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "versitygw.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest workers ask for it at the same time
        if not program.exists():
            _build(go, program)
    return program


def _build(go: str, program: Path) -> None:
    building = TOOLS / "building"
    building.mkdir(exist_ok=True)
    try:
        subprocess.run([go, "install", PACKAGE], env={**os.environ, "GOBIN": str(building)}, check=True, timeout=900)
        (building / program.name).replace(program)
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def running(directory: Path) -> Iterator[S3Server]:
    """Serve `directory` on a free port of the loopback until the context ends."""
    server = S3Server(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(8), secrets.token_hex(16))
    host, port = server.url.removeprefix("http://").split(":")
    directory.mkdir(parents=True, exist_ok=True)
    with (directory.parent / "s3.log").open("wb") as log:
        process = subprocess.Popen(_command(directory, host, port), env=_keys(server), stdout=log, stderr=log)
    try:
        _wait_until_open(process, host, int(port))
        yield server
    finally:
        process.terminate()
        process.wait(10)


def _command(directory: Path, host: str, port: str) -> list[str]:
    program = versitygw()
    if program is not None:
        return [str(program), "--port", f"{host}:{port}", "posix", str(directory)]
    nanio = str(Path(sys.executable).with_name("nanio"))
    return [nanio, "serve", "--data-dir", str(directory), "--host", host, "--port", port]


def _keys(server: S3Server) -> dict[str, str]:
    keys = {"ROOT_ACCESS_KEY": server.access_key, "ROOT_SECRET_KEY": server.secret_key}
    return {**os.environ, **keys, **{name.replace("ROOT", "NANIO"): key for name, key in keys.items()}}


def _wait_until_open(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    for _ in range(READY_S * 10):
        if process.poll() is not None:
            raise RuntimeError(f"the S3 server ended with {process.returncode}")
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"the S3 server did not open {host}:{port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    versitygw()
