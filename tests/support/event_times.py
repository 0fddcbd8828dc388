"""When the events of a run were seen on the topics, by a clock that no fault touches."""

import json
import threading
import time
from collections import defaultdict
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer
from kafka.errors import KafkaError

STEPS = {"frame.extracted": "frame", "crop.ready": "crop", "table.evidence": "evidence"}


class EventTimes:
    """Consumes the topics of STEPS from the start, in a thread. Times are monotonic seconds of this process."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._first_seen: dict[tuple[str, str], dict[bytes, float]] = defaultdict(dict)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._consume, name="event times", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(30)

    def of(self, run_id: str, topic: str) -> list[float]:
        """When each event of a run was first seen, in order; a redelivered or republished one does not count."""
        return sorted(self._first_seen[run_id, topic].values())

    def _consume(self) -> None:
        consumer = KafkaConsumer(*STEPS, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        try:
            while not self._stop.is_set():
                self._poll(consumer)
        finally:
            consumer.close()

    def _poll(self, consumer: KafkaConsumer) -> None:
        try:
            batches = consumer.poll(timeout_ms=200)
        except KafkaError:  # the broker is down; the next poll tries again
            self._stop.wait(0.5)
            return
        now = time.monotonic()
        for record in (record for batch in batches.values() for record in batch):
            run_id = json.loads(record.value or b"{}").get("run_id")
            self._first_seen[run_id, record.topic].setdefault(dict(record.headers)["ce_id"], now)
