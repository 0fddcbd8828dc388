"""An ingest process of a test: started, killed, started again, on one folder."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt

SECRET = "a secret of the tests, long enough for HS256"


@dataclass
class Ingest:
    """`start` and `kill` as often as a test likes; settings by `environment`."""

    home: Path
    environment: dict[str, str]
    port: int = field(default_factory=lambda: free_port())
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/uploads"

    def start(self) -> "Ingest":
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "ingest.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ingest"],
                env={
                    **os.environ,
                    "TABLEWATCH_HOME": str(self.home),
                    "UPLOAD_TOKEN_SECRET": SECRET,
                    "INGEST_PORT": str(self.port),
                    "OPS_PORT": "0",
                    **self.environment,
                },
                stdout=log,
                stderr=log,
            )
        self._wait()
        return self

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(40)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill(signal.SIGTERM)

    def end(self) -> None:
        """The short way out, which does not wait for a consumer group."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def log(self) -> str:
        return (self.home / "ingest.log").read_text()

    def _wait(self) -> None:
        for _ in range(900):
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                httpx.options(self.url, timeout=1)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"ingest did not start:\n{self.log()}")


def claims(**changes: Any) -> dict[str, Any]:
    """A run and the limits of its upload, side by side as in tokens from before the claim `manifest`."""
    video = f"vid_{uuid.uuid4().hex}"
    return {
        "aud": "tablewatch-upload",
        "exp": datetime.now(UTC) + timedelta(hours=1),
        "video_id": video,
        "run_id": video.replace("vid_", "run_"),
        "site_id": "site_test",
        "camera_id": None,
        "layout_key": None,
        "manifest_key": f"manifests/site_test/{video}.json",
        "sampling": {"mode": "cadence", "every_ms": 1000},
        "make": ["frames"],
        "started_at": None,
        "max_bytes": 1 << 30,
        "max_duration_ms": 3_600_000,
    } | changes


def token_of(claims: dict[str, Any], secret: str = SECRET) -> str:
    """The claims as the api signs them."""
    return jwt.encode(claims, secret, "HS256")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
