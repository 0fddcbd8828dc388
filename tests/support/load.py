"""Uploads that go on whatever dies meanwhile, as a client does that follows the documentation."""

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from tests.support.private_stack import PrivateStack, until
from tests.support.road import Place, job, ok, wait_done

from tablewatch_cli.upload import send

STARTED_AT = "2026-11-01T12:00:00Z"  # the same for all runs, so that times can be compared
EVERY_MS = 3000
ANNOUNCE_S = 120
DONE_S = 420
PASSING = {409, 429, 502, 503, 504}
Announced = Callable[[dict[str, Any]], None]


@dataclass
class Sent:
    """One upload; `job` is what the announcement answered, once it did. Times are monotonic seconds."""

    began_at: float = field(default_factory=time.monotonic)
    ended_at: float = 0.0
    job: dict[str, Any] = field(default_factory=dict)
    ending: "Future[dict[str, Any]]" = field(default_factory=Future)

    @property
    def run_id(self) -> str:
        return str(self.job["run_id"])

    @property
    def video_id(self) -> str:
        return str(self.job["video_id"])

    def ended(self) -> dict[str, Any]:
        """Wait for the last job document; raises what went wrong on the client's side."""
        return self.ending.result(DONE_S)


class Load:
    """Uploads of one clip to one place, each in a thread. Leaving the context waits for the threads."""

    def __init__(self, stack: PrivateStack, place: Place, clip: Path) -> None:
        self.stack, self.place, self.clip = stack, place, clip
        self.sent: list[Sent] = []
        self._threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="upload")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._threads.shutdown(wait=error is None, cancel_futures=True)

    def start(self, count: int = 1, before_sending: Announced = lambda job: None) -> list[Sent]:
        """So many uploads more, at once; `before_sending` is called when one has its ids and nothing was sent yet."""
        fresh = [Sent() for _ in range(count)]
        for sent in fresh:
            sent.ending = self._threads.submit(self._whole, sent, before_sending)
        self.sent += fresh
        return fresh

    def under_way(self) -> int:
        """Uploads that have not ended."""
        return sum(not sent.ending.done() for sent in self.sent)

    def until_published(self, sent: Sent, frames: int) -> None:
        """Wait until so many frames of it are published."""

        def there() -> bool | None:
            if sent.ending.done():
                sent.ending.result()
            if not sent.job:
                return None
            with self.stack.client() as client:
                try:
                    published = int(job(client, sent.video_id)["frames"]["published"])
                except (httpx.TransportError, AssertionError):
                    return None
            return True if published >= frames else None

        until(there, 240, f"{frames} frames of an upload")

    def _whole(self, sent: Sent, before_sending: Announced) -> dict[str, Any]:
        """Announce, send, wait for the end."""
        with self.stack.client() as client:
            sent.job = _announced(client, self.place, self.clip.name)
            before_sending(sent.job)
            door = sent.job["upload"]
            send(self.clip, door["create_url"], door["token"], lambda sent, total: None)
            ended = wait_done(client, sent.video_id, DONE_S)
            sent.ended_at = time.monotonic()
            return ended


def _announced(client: httpx.Client, place: Place, name: str) -> dict[str, Any]:
    """POST /v1/videos until it is answered; the Idempotency-Key makes one video of however many tries."""
    body = {
        "camera_id": place.camera_id,
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
        if response is not None and (response.is_success or response.status_code not in PASSING):
            return dict(ok(response))
        assert time.monotonic() < deadline, f"no video was announced within {ANNOUNCE_S} s: {response}"
        time.sleep(0.5)
