"""What somebody without a key can do to a real api and a real ingest: memory, open connections, others' wait.

usage: python -m bench.strangers [ATTACK ...]     (headers value url half-heads half-bodies wrong-keys)

Each attack has fresh processes on real Kafka and Postgres. `rss` is resident memory before and at most, `wait` the
longest that another client's request took, `open` how many of the attack's connections were open 15 s later. The
figures are in docs/measurements/strangers.md.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.processes import Server, free_port, listens, server
from bench.sse_thousand import KEY, resident_mib
from bench.workspace import Workspace
from tablewatch_schemas import new_id

MB = 1_000_000
LATER_S = 15.0
WRONG = "twk_abcdef01_" + "0" * 48
HEAD = b"GET /v1/session HTTP/1.1\r\nHost: a\r\n"
_REST = b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"
ASKED = {"api": "/v1/session", "ingest": "/v1/uploads/vid_1"}
HALF_BODY = {"api": b"POST /v1/cameras" + _REST, "ingest": b"POST /v1/uploads" + _REST}


@dataclass
class Watched:
    """A server under attack, its largest memory, and the longest wait of a client that does nothing wrong."""

    name: str
    port: int
    process: Server
    largest_mib: float = 0.0
    longest_s: float = 0.0
    refused: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Look ten times a second, with a connection of its own each time, until it is over."""
        while not self.over.wait(0.1):
            began = time.monotonic()
            try:
                client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                client.request("GET", "/v1/session", headers={"Authorization": f"Bearer {KEY}"})
                status = client.getresponse().status
                client.close()
            except OSError:
                status = 0
            self.refused += status not in (200, 404)  # ingest has none
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            self.largest_mib = max(self.largest_mib, resident_mib(self.process.process.pid))

    def connect(self) -> socket.socket:
        """A connection of the attack."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


def send(watched: Watched, begin: bytes, filler: bytes, total: int) -> str:
    """One request that goes on for `total` bytes; what came of it."""
    sent = 0
    with watched.connect() as client:
        with suppress(OSError):
            client.sendall(begin)
            while sent < total:
                client.sendall(filler)
                sent += len(filler)
        with suppress(OSError):
            client.shutdown(socket.SHUT_WR)
        return f"sent={sent / MB:.0f}MB answer={_status(client)}"


def hold(watched: Watched, number: int, head: bytes) -> str:
    """So many connections that do not go on; how many are open later."""
    with ExitStack() as held:
        clients = []
        for _ in range(number):
            with suppress(OSError):
                client = held.enter_context(watched.connect())
                client.sendall(head)
                clients.append(client)
        time.sleep(LATER_S)
        return f"made={len(clients)} open={sum(map(_is_open, clients))}"


def try_keys(watched: Watched, seconds: float) -> str:
    """Wrong keys one after the other, on one connection."""
    counts: dict[int, int] = {}
    client, until = http.client.HTTPConnection("127.0.0.1", watched.port, timeout=60), time.monotonic() + seconds
    while time.monotonic() < until:
        client.request("GET", ASKED[watched.name], headers={"Authorization": f"Bearer {WRONG}"})
        answer = client.getresponse()
        answer.read()
        counts[answer.status] = counts.get(answer.status, 0) + 1
    return " ".join(f"{status}={number / seconds:.0f}/s" for status, number in sorted(counts.items()))


ATTACKS: dict[str, Callable[[Watched], str]] = {
    "headers": lambda watched: send(watched, HEAD, (b"X: " + b"y" * 995 + b"\r\n") * 1000, 150 * MB),
    "value": lambda watched: send(watched, HEAD + b"X: ", b"y" * MB, 111 * MB),
    "url": lambda watched: send(watched, b"GET /", b"u" * MB, 60 * MB),
    "half-heads": lambda watched: hold(watched, 3000, b"GET / HTTP/1.1\r\nHost: "),
    "half-bodies": lambda watched: hold(watched, 50, HALF_BODY[watched.name]),
    "wrong-keys": lambda watched: try_keys(watched, 5.0),
}


def _status(client: socket.socket) -> str:
    with suppress(OSError):
        return client.recv(65536)[9:12].decode() or "none"
    return "reset"


def _is_open(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def under_attack(workspace: Workspace, module: str) -> Iterator[Watched]:
    """A fresh process, watched."""
    infra = workspace.infra
    with TemporaryDirectory(dir=workspace.folder) as home:
        port = free_port()
        settings = {
            "KAFKA_BOOTSTRAP": infra.kafka_bootstrap, "DATABASE_URL": infra.new_database(), "OPS_PORT": "0",
            "TABLEWATCH_HOME": home, "LINK_SECRET": "l" * 32, "UPLOAD_TOKEN_SECRET": "u" * 32,
            "API_PORT": str(port), "INGEST_PORT": str(port), "API_BOOTSTRAP_KEY": KEY, "INGEST_GROUP": new_id("key"),
        }  # fmt: skip
        with server([sys.executable, "-m", module], settings, Path(home) / "log") as process:
            process.wait_for(lambda: listens(port), module)
            yield Watched(module, port, process)


def attacked(workspace: Workspace, module: str, attack: str) -> str:
    """One line of figures."""
    with under_attack(workspace, module) as watched:
        before = resident_mib(watched.process.process.pid)
        watching = threading.Thread(target=watched.watch)
        watching.start()
        began = time.monotonic()
        found = ATTACKS[attack](watched)
        took = time.monotonic() - began
        time.sleep(1)
        watched.over.set()
        watching.join()
        return (
            f"{attack} {module}: {found} took={took:.1f}s rss={before:.0f}->{watched.largest_mib:.0f}MiB"
            f" wait={watched.longest_s * 1000:.0f}ms others_refused={watched.refused}"
        )


def main() -> None:
    """Every attack on both servers, or those that are named."""
    workspace = Workspace(Path(os.environ.get("TABLEWATCH_HOME") or ".local").resolve() / "bench", quick=False)
    try:
        for attack in sys.argv[1:] or ATTACKS:
            for module in ("api", "ingest"):
                print(attacked(workspace, module, attack), flush=True)
    finally:
        workspace.close()


if __name__ == "__main__":
    main()
