"""Handles one record of the detect role: a frame becomes a candidate; a cancel or delete ends its run."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from cachetools import LRUCache

from chassis import logs, trace
from chassis.broker import Broker
from chassis.metrics import DROPPED, WORK, Metrics
from chassis.produce import Producer
from chassis.records import Record
from events.decode import decode_record, event_or_none
from events.runs import UnwantedRuns
from hazard.candidate import SOURCE
from hazard.detect.cameras import BlindCameras
from hazard.detect.events import candidate_event, command_end_event
from hazard.detect.inspect import Inspector
from hazard.detect.streams import Stream, position_of, stream_key
from tablewatch_schemas import FrameExtracted, HazardCandidate, Received, VideoCommand, about, encode, to_ms

TOPICS = ("frame.extracted", "video.command")
_LIVE_REBUILD_MS = 15 * 60_000
_CLOCKS_APART_MS = 3_600_000


class Handler:
    """Handles frame.extracted and video.command. `streams` are in memory at most; a stream that is not is rebuilt from
    up to `rebuild_frames` earlier frames of its partition, with a `beat` for each."""

    def __init__(
        self,
        broker: Broker,
        inspector: Inspector,
        producer: Producer,
        unwanted: UnwantedRuns,
        blind: BlindCameras,
        *,
        streams: int,
        rebuild_frames: int,
        beat: Callable[[], None],
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._broker, self._inspector, self._producer = broker, inspector, producer
        self._unwanted, self._blind = unwanted, blind
        self._streams: LRUCache[str, Stream] = LRUCache(streams)
        self._rebuild_frames, self._beat, self._metrics, self._log = rebuild_frames, beat, metrics, log

    async def handle(self, record: Record) -> None:
        """One record of TOPICS. Raises Invalid."""
        received = decode_record(record)
        logs.bind(**about(received.event))
        if isinstance(received.event, FrameExtracted):
            await self._frame(record, received, received.event)
        elif isinstance(received.event, VideoCommand):
            await self._command(received, received.event)

    async def _frame(self, record: Record, received: Received[Any], frame: FrameExtracted) -> None:
        if "hazards" not in frame.make:
            return
        if frame.run_id in self._unwanted:
            self._metrics.count(DROPPED, what="frame", reason="run_unwanted")
            return
        key = stream_key(frame)
        stream = self._streams.get(key) or await self._rebuilt(record, frame)
        candidate = await self._candidate(stream, frame, received.time)
        if candidate is not None:
            await self._publish(candidate, received)
        if frame.last:
            self._streams.pop(key, None)

    async def _command(self, received: Received[Any], command: VideoCommand) -> None:
        """The fold ends, or erases, the alerts of a run that is not wanted any more."""
        self._unwanted.apply(command)
        if command.action in ("cancel", "delete"):
            self._streams.pop(command.run_id, None)
            await self._publish(command_end_event(command), received)

    async def _candidate(
        self, stream: Stream, frame: FrameExtracted, published_at: datetime | None
    ) -> HazardCandidate | None:
        """Of a frame: a new one, or the same as before when the newest is redelivered; None for older frames."""
        position = position_of(frame)
        if position < stream.position:
            return None
        if position > stream.position or stream.candidate is None:
            stream.candidate = await self._new_candidate(stream, frame, published_at)
            stream.position = position
        return stream.candidate

    async def _new_candidate(
        self, stream: Stream, frame: FrameExtracted, published_at: datetime | None
    ) -> HazardCandidate:
        suspended = None if frame.run_id else self._blind.suspended(frame.camera_id)
        if suspended:
            return candidate_event(frame, (), suspended)
        return await self._inspector.candidate(stream, frame, published_at)

    async def _rebuilt(self, record: Record, frame: FrameExtracted) -> Stream:
        """A new stream that has seen the frames before this one, so that a restart changes no result."""
        stream = Stream()
        if frame.index != 0 and frame.previous_frame_id is not None:
            earlier = await self._earlier(record, frame)
            self._log.info("floor_rebuilt_from", stream=stream_key(frame), frames=len(earlier))
            for past in earlier:
                await self._candidate(stream, past, None)  # what was judged is there by now
                self._beat()
        self._streams[stream_key(frame)] = stream
        return stream

    async def _earlier(self, record: Record, frame: FrameExtracted) -> list[FrameExtracted]:
        """The frames of the same stream that stand before this record in its partition."""
        since_ms = (
            _created_ms(frame.run_id) - _CLOCKS_APART_MS
            if frame.run_id
            else to_ms(frame.captured_at) - _LIVE_REBUILD_MS
        )
        records = await self._broker.read_earlier(record, max(0, since_ms))
        frames = [event for event in map(event_or_none, records) if isinstance(event, FrameExtracted)]
        return [past for past in frames if stream_key(past) == stream_key(frame)][-self._rebuild_frames :]

    async def _publish(self, candidate: HazardCandidate, cause: Received[Any]) -> None:
        # The cause's time and not the clock's: a redelivered frame gives the same bytes.
        await self._producer.send(
            encode(candidate, source=SOURCE, time=cause.time, cause=cause, traceparent=trace.current())
        )
        self._metrics.count(WORK, stage="hazard_frame", outcome=candidate.suspended or "looked")


def _created_ms(run_id: str) -> int:
    """When a run was made: its id is a UUIDv7, and begins with 48 bits of milliseconds; 0 when it is not."""
    try:
        return int(run_id.removeprefix("run_")[:12], 16)
    except ValueError:
        return 0
