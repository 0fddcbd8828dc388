"""The story of one message of the detect role."""

from collections.abc import Callable
from typing import Any

from chassis import logs, trace
from chassis.broker import Broker
from chassis.metrics import Metrics
from chassis.produce import Producer
from chassis.records import Record
from hazard.detect.look import DETECTOR, Looker
from hazard.detect.streams import Recent, Stream, stream_of
from hazard.reading import SOURCE, read, read_or_none
from tablewatch_schemas import (
    CameraStatus,
    FrameExtracted,
    HazardCandidate,
    Received,
    VideoCommand,
    about,
    encode,
    to_ms,
)

TOPICS = ("frame.extracted", "video.command")
BLIND = frozenset({"dark", "moved"})
_FORGOTTEN = 20_000
_LIVE_BACK_MS = 15 * 60_000
_CLOCKS_APART_MS = 3_600_000


class Detect:
    """Frames to candidates; commands to forgotten runs. `learn_*` are fed by readers of whole topics."""

    def __init__(
        self,
        broker: Broker,
        looker: Looker,
        producer: Producer,
        *,
        streams: int,
        rebuild_frames: int,
        beat: Callable[[], None],
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._broker, self._looker, self._producer = broker, looker, producer
        self._streams: Recent[Stream] = Recent(streams)
        self._rebuild_frames, self._beat, self._metrics, self._log = rebuild_frames, beat, metrics, log
        self._unwanted: Recent[str] = Recent(_FORGOTTEN)
        self._blind: dict[str, str] = {}

    async def handle(self, record: Record) -> None:
        """One record of TOPICS."""
        received = read(record)
        logs.also(**about(received.event))
        if isinstance(received.event, VideoCommand):
            await self._command(received, received.event)
        elif isinstance(received.event, FrameExtracted):
            await self._frame(record, received, received.event)

    def learn_command(self, record: Record) -> None:
        """Which runs nobody wants any more; known before the first frame is looked at."""
        command = read_or_none(record)
        if isinstance(command, VideoCommand):
            self._remember(command)

    def learn_status(self, record: Record) -> None:
        """Which cameras see nothing that can be judged."""
        status = read_or_none(record)
        if isinstance(status, CameraStatus):
            self._blind.pop(status.camera_id, None)
            if status.status in BLIND:
                self._blind[status.camera_id] = f"camera_{status.status}"
        elif status is None and record.value is None and record.key is not None:
            self._blind.pop(record.key.decode(errors="replace"), None)

    async def _frame(self, record: Record, received: Received[Any], frame: FrameExtracted) -> None:
        if "hazards" not in frame.make:
            return
        if frame.run_id is not None and self._unwanted.get(frame.run_id):
            self._metrics.count("dropped_total", what="frame", reason="run_unwanted")
            return
        stream = self._streams.get(stream_of(frame)) or await self._rebuilt(record, frame)
        candidate = await self._next(stream, frame)
        if candidate is not None:
            await self._send(candidate, received)
        if frame.last:
            self._streams.drop(stream_of(frame))

    async def _next(self, stream: Stream, frame: FrameExtracted) -> HazardCandidate | None:
        """The frame's candidate: made, or the same again for a repeated frame; None for one that is long past."""
        place = _place(frame)
        if place < stream.at:
            return None
        if place > stream.at or stream.said is None:
            suspended = None if frame.run_id else self._blind.get(frame.camera_id or "")
            stream.said = await self._looker.candidate(stream, frame, suspended)
            stream.at = place
        return stream.said

    async def _rebuilt(self, record: Record, frame: FrameExtracted) -> Stream:
        """A new stream that has seen what came before, so that a restart changes no result."""
        stream = Stream()
        if frame.index != 0 and frame.previous_frame_id is not None:
            earlier = await self._earlier(record, frame)
            self._log.info("floor_rebuilt_from", stream=stream_of(frame), frames=len(earlier))
            for past in earlier:
                await self._next(stream, past)
                self._beat()
        self._streams.put(stream_of(frame), stream)
        return stream

    async def _earlier(self, record: Record, frame: FrameExtracted) -> list[FrameExtracted]:
        """The frames of the same stream that stand before this record in its partition."""
        since_ms = _began_ms(frame) - _CLOCKS_APART_MS if frame.run_id else to_ms(frame.captured_at) - _LIVE_BACK_MS
        records = await self._broker.earlier(record, max(0, since_ms))
        frames = [event for event in map(read_or_none, records) if isinstance(event, FrameExtracted)]
        return [past for past in frames if stream_of(past) == stream_of(frame)][-self._rebuild_frames :]

    async def _command(self, received: Received[Any], command: VideoCommand) -> None:
        """Forget a run that was cancelled or deleted, and tell the fold so."""
        self._remember(command)
        if command.action not in ("cancel", "delete"):
            return
        self._streams.drop(command.run_id)
        word = "run_deleted" if command.action == "delete" else "run_cancelled"
        candidate = HazardCandidate(
            site_id=command.site_id,
            camera_id=command.camera_id,
            run_id=command.run_id,
            frame_id=f"{command.run_id}-{command.action}",
            frame_key=None,
            captured_at=command.requested_at,
            observations=(),
            suspended=word,
            detector=DETECTOR,
            last=True,
        )
        await self._send(candidate, received)

    def _remember(self, command: VideoCommand) -> None:
        if command.action in ("cancel", "delete"):
            self._unwanted.put(command.run_id, command.action)
        elif command.action == "retry":
            self._unwanted.drop(command.run_id)

    async def _send(self, candidate: HazardCandidate, cause: Received[Any]) -> None:
        # The cause's time and not the clock's: a repeated frame gives the same bytes again.
        await self._producer.send(
            encode(candidate, source=SOURCE, time=cause.time, cause=cause, traceparent=trace.current())
        )
        self._metrics.count("work_total", stage="hazard_frame", outcome=candidate.suspended or "looked")


def _place(frame: FrameExtracted) -> tuple[int, int]:
    """Order within a stream; the last marker of a run may share the index of its last picture."""
    at = frame.index if frame.run_id and frame.index is not None else to_ms(frame.captured_at)
    return at, int(frame.last)


def _began_ms(frame: FrameExtracted) -> int:
    """When the run was made: its id is a UUIDv7, and begins with 48 bits of milliseconds; 0 when it is not."""
    try:
        return int((frame.run_id or "").removeprefix("run_")[:12], 16)
    except ValueError:
        return 0
