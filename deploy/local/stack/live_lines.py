"""One line for a person about each event of the topics, as it happens."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError

from progress.aiokafka_patches import read_any_header_name
from tablewatch_schemas import (
    TOPICS,
    ContractError,
    CropReady,
    FrameExtracted,
    HazardAlert,
    Received,
    TableState,
    VideoProgress,
    VideoRejected,
    VideoUploaded,
    decode,
)

# internal to a stage: some thousands a minute, and their outcome is printed anyway
QUIET = {"table.evidence", "hazard.candidate"}
RETRY_S = 2.0
read_any_header_name()


class Lines:
    """Sentences about events; `names` maps ids of tables and cameras to the names that people gave them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._started: dict[str, datetime] = {}
        self._states: dict[tuple[str, str | None], str] = {}

    def of(self, received: Received[Any]) -> str:
        """The sentence, without a time before it."""
        event = received.event
        if event is None:
            return f"{received.topic} {self._name(received.key or '?')} forgotten"
        sentence = self._sentence(event)
        return sentence or f"{received.topic} {self._name(received.key or '')}".rstrip()

    def _sentence(self, event: object) -> str | None:
        match event:
            case VideoUploaded():
                return self._uploaded(event)
            case VideoRejected():
                return f"video {_short(event.video_id)} refused: {event.code}. {event.reason}"
            case VideoProgress():
                count = f"{event.frames_published}/{event.frames_expected or '?'}"
                return f"frames of video {_short(event.video_id)} {event.status}, {count}"  # tables may take longer
            case FrameExtracted():
                return f"frame {self._where(event)}{', the last' if event.last else ''}"
            case CropReady():
                return f"crops of {len(event.crops)} tables {self._where(event)}"
            case TableState():
                return self._state(event)
            case HazardAlert():
                return self._alert(event)
        return None

    def _uploaded(self, event: VideoUploaded) -> str:
        self._started[event.run_id] = event.started_at or event.uploaded_at
        size = f"{event.width}x{event.height}, {(event.duration_ms or 0) / 1000:.1f} s, {event.codec}"
        return f"video {_short(event.video_id)} stored: {size}"

    def _state(self, event: TableState) -> str:
        key = (event.table_id, event.run_id)
        before = self._states.get(key) or event.previous_state
        known, self._states[key] = key in self._states, event.state
        change = f"{before} -> {event.state}" if before else event.state
        words = f"still {event.state}" if known and before == event.state else change
        end = ", end of the run" if event.last else ""
        return f"table {self._name(event.table_id)} {words} ({event.confidence:.2f}) {self._at(event)}{end}"

    def _alert(self, event: HazardAlert) -> str:
        if event.last:
            return f"hazards of run {_short(event.run_id or '')} ended"
        near = ", ".join(self._name(table) for table in event.near_table_ids)
        where = f" near {near}" if near else ""
        return f"hazard {event.kind} {event.status}{where} ({event.confidence:.2f}) {self._at(event)}"

    def _where(self, event: FrameExtracted | CropReady) -> str:
        if event.run_id is None:
            return f"of {self._name(event.camera_id or '?')}"
        self._started.setdefault(event.run_id, event.captured_at)
        at = "" if event.media_ms is None else f" at {_clock(event.media_ms / 1000)}"
        return f"{event.index} of run {_short(event.run_id)}{at}"

    def _at(self, event: TableState | HazardAlert) -> str:
        """When in the video, or when in the day for a live camera."""
        started = self._started.get(event.run_id or "")
        if started is None:
            return f"as of {event.as_of:%H:%M:%S}"
        return f"at {_clock((event.as_of - started).total_seconds())}"

    def _name(self, key: str) -> str:
        own, _, run = key.partition("@")
        return self._names.get(own, _short(own)) + (f" of run {_short(run)}" if run else "")


async def follow(bootstrap: str, lines: Lines, write: Callable[[str], None], started: asyncio.Event) -> None:
    """Print every event from now on, until cancelled. Sets `started` once its positions in the topics are fixed."""
    while True:
        try:
            await _follow(bootstrap, lines, write, started)
        except (KafkaError, OSError) as error:
            write(f"{time.strftime('%H:%M:%S')} the live lines wait for Kafka: {error}")
            await asyncio.sleep(RETRY_S)


async def _follow(bootstrap: str, lines: Lines, write: Callable[[str], None], started: asyncio.Event) -> None:
    topics = [name for name in TOPICS if name not in QUIET]
    async with AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="latest"
    ) as consumer:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)
        started.set()
        async for record in consumer:
            line = _line(lines, record)
            if line is not None:
                write(f"{time.strftime('%H:%M:%S')} {line}")


def _line(lines: Lines, record: "ConsumerRecord[bytes, bytes]") -> str | None:
    """None for the frames of live cameras: they never end, and what they lead to is printed."""
    try:
        received = decode(record.topic, record.key, record.value, record.headers)
        live = isinstance(received.event, FrameExtracted | CropReady) and received.event.run_id is None
        return None if live else lines.of(received)
    except ContractError as error:
        return f"{record.topic} at {record.partition}:{record.offset} cannot be read: {error.reason}"


def _short(identity: str) -> str:
    """The end of an id: its beginning is a time and alike for many."""
    return f"…{identity[-6:]}" if len(identity) > 12 else identity


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
