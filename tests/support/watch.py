"""When the topics told what of which run: heard as it is said, by a clock that no fault touches."""

import json
import threading
import time
from collections import defaultdict
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer
from kafka.errors import KafkaError

STEPS = {"frame.extracted": "frame", "crop.ready": "crop", "table.evidence": "evidence"}


class Watch:
    """Listens from the start to the three topics of the road. Times are monotonic seconds of this process."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._heard: dict[tuple[str, str], dict[bytes, float]] = defaultdict(dict)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(30)

    def told(self, run_id: str, topic: str) -> list[float]:
        """When each event of a run was first heard, in order; one that comes again does not count."""
        return sorted(self._heard[run_id, topic].values())

    def _listen(self) -> None:
        consumer = KafkaConsumer(*STEPS, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest")
        try:
            while not self._stop.is_set():
                self._take(consumer)
        finally:
            consumer.close()

    def _take(self, consumer: KafkaConsumer) -> None:
        try:
            batches = consumer.poll(timeout_ms=200)
        except KafkaError:  # a broker that is away; it is asked again
            self._stop.wait(0.5)
            return
        now = time.monotonic()
        for record in (record for batch in batches.values() for record in batch):
            run_id = json.loads(record.value or b"{}").get("run_id")
            self._heard[run_id, record.topic].setdefault(dict(record.headers)["ce_id"], now)
