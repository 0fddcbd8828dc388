"""Uploads that survive whatever is killed meanwhile, as a client does that follows the documentation."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from tests.support.pipeline import Site, job, ok, wait_done
from tests.support.private_stack import PrivateStack, until

from tablewatch_cli.source import opened
from tablewatch_cli.upload import send

STARTED_AT = "2026-11-01T12:00:00Z"  # the same for all runs, so that times can be compared
EVERY_MS = 3000
ANNOUNCE_S = 120
DONE_S = 900
RETRIED = {409, 429, 502, 503, 504}
Announced = Callable[[dict[str, Any]], None]


@dataclass
class Upload:
    """One upload. `job` is the response to its announcement, empty before; times are monotonic seconds."""

    began_at: float = field(default_factory=time.monotonic)
    ended_at: float = 0.0
    job: dict[str, Any] = field(default_factory=dict)
    last_job: "Future[dict[str, Any]]" = field(default_factory=Future)

    @property
    def run_id(self) -> str:
        return str(self.job["run_id"])

    @property
    def video_id(self) -> str:
        return str(self.job["video_id"])

    def wait(self) -> dict[str, Any]:
        """The last job document; raises the error of the client's side, if there was one."""
        return self.last_job.result(DONE_S)


class Uploads:
    """Uploads of one clip to one site, each in a thread. Leaving the context waits for the threads."""

    def __init__(self, stack: PrivateStack, site: Site, clip: Path) -> None:
        self.stack, self.site, self.clip = stack, site, clip
        self.started: list[Upload] = []
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="upload")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(wait=error is None, cancel_futures=True)

    def start(self, count: int = 1, before_sending: Announced = lambda job: None) -> list[Upload]:
        """Start `count` more at once; `before_sending` is called when one has its ids and no byte was sent yet."""
        fresh = [Upload() for _ in range(count)]
        for upload in fresh:
            upload.last_job = self._threads.submit(self._run, upload, before_sending)
        self.started += fresh
        return fresh

    def running(self) -> int:
        """How many have not ended."""
        return sum(not upload.last_job.done() for upload in self.started)

    def wait_published(self, upload: Upload, frames: int) -> None:
        """Wait until so many of its frames are published."""

        def published() -> bool | None:
            if upload.last_job.done():
                upload.last_job.result()
            if not upload.job:
                return None
            with self.stack.client() as client:
                try:
                    count = int(job(client, upload.video_id)["frames"]["published"])
                except (httpx.TransportError, AssertionError):
                    return None
            return True if count >= frames else None

        until(published, 240, f"{frames} frames of an upload")

    def _run(self, upload: Upload, before_sending: Announced) -> dict[str, Any]:
        """Announce, send, wait for the end."""
        with self.stack.client() as client:
            upload.job = _announce(client, self.site, self.clip.name)
            before_sending(upload.job)
            target = upload.job["upload"]
            with opened(self.clip) as source:
                send(source, target["create_url"], target["token"], lambda sent, total: None)
            last_job = wait_done(client, upload.video_id, DONE_S)
            upload.ended_at = time.monotonic()
            return last_job


def _announce(client: httpx.Client, site: Site, name: str) -> dict[str, Any]:
    """POST /v1/videos until it succeeds; the Idempotency-Key makes one video of however many attempts."""
    body = {
        "camera_id": site.camera_id,
        "sampling": {"mode": "cadence", "every_ms": EVERY_MS},
        "make": ["frames", "tables", "hazards"],
        "started_at": STARTED_AT,
        "filename": name,
    }
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    deadline = time.monotonic() + ANNOUNCE_S
    while True:
        try:
            response = client.post("/v1/videos", json=body, headers=headers)
        except httpx.TransportError:
            response = None
        if response is not None and (response.is_success or response.status_code not in RETRIED):
            return dict(ok(response))
        assert time.monotonic() < deadline, f"no video was announced within {ANNOUNCE_S} s: {response}"
        time.sleep(0.5)
