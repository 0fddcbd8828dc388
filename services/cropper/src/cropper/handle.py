"""The story of one message: a frame becomes crops and a crop.ready, a delete removes a run's crops."""

from typing import Any

from chassis import logs, trace
from chassis.clock import Clock
from chassis.consume import Invalid
from chassis.metrics import Metrics
from chassis.objects import Gone, ObjectStore
from chassis.produce import Producer
from chassis.records import Record
from cropper.commands import Unwanted
from cropper.cut import Unreadable
from cropper.events import crop_ready, crops_key, wanted
from cropper.pictures import Cut, Pictures
from tablewatch_schemas import ContractError, FrameExtracted, Received, VideoCommand, about, decode, encode, keys

SOURCE = "tablewatch/cropper"


class Handler:
    """Handles frame.extracted and video.command; see the README for what each failure leads to."""

    def __init__(
        self, objects: ObjectStore, pictures: Pictures, producer: Producer, *, changed_at: float, clock: Clock,
        metrics: Metrics, log: Any,
    ) -> None:  # fmt: skip
        self._objects = objects
        self._pictures = pictures
        self._producer = producer
        self._changed_at = changed_at
        self._clock = clock
        self._metrics = metrics
        self._log = log
        self.unwanted = Unwanted()

    async def handle(self, record: Record) -> None:
        """One record of the group. Raises Invalid."""
        received = _decoded(record)
        logs.also(**about(received.event))
        if isinstance(received.event, FrameExtracted):
            await self._frame(received, received.event)
        elif isinstance(received.event, VideoCommand):
            await self._command(received.event)

    def learn(self, record: Record) -> None:
        """A command as every copy of the service reads it, without a group; a bad one is the group's to bury."""
        try:
            event = _decoded(record).event
        except Invalid:
            return
        if isinstance(event, VideoCommand):
            self.unwanted.apply(event)

    async def _command(self, command: VideoCommand) -> None:
        self.unwanted.apply(command)
        if command.action == "delete":
            deleted = await self._objects.delete_prefix(keys.crops_prefix(command.site_id, command.run_id))
            self._log.info("crops_deleted", run_id=command.run_id, objects=deleted)

    async def _frame(self, received: Received[Any], frame: FrameExtracted) -> None:
        if frame.run_id in self.unwanted:
            self._metrics.count("dropped_total", what="frame", reason="run_unwanted")
            self._dropped(frame, "run_unwanted")
            return
        cut, trouble = await self._cut(frame)
        if cut is not None and cut.crops:
            # The object first: an event never names what is not there.
            await self._objects.put(crops_key(frame), b"".join(crop.jpeg for crop in cut.crops))
        # Told without crops too, when there was nothing to cut: every frame's end is then to be read on the topics.
        if (trouble is None and wanted(frame)) or frame.last:
            await self._tell(received, frame, cut)
            if trouble is None and (cut is None or not cut.crops):
                self._dropped(frame, "nothing_to_cut")
        if trouble is not None:
            raise trouble

    async def _cut(self, frame: FrameExtracted) -> tuple[Cut | None, Invalid | None]:
        """The crops, or None and perhaps why the frame is never going to work."""
        if not wanted(frame):
            return None, None
        started = self._clock.monotonic()
        try:
            cut = await self._pictures.cut(frame, frame.layout_key or "", frame.object_key or "")
        except Gone:
            self._metrics.count("objects_gone_total", what="frame")
            return None, None
        except (Unreadable, ContractError) as error:
            return None, Invalid(getattr(error, "code", "unreadable_frame"), str(error))
        self._metrics.observe("work_seconds", self._clock.monotonic() - started, stage="crop")
        return cut, None

    async def _tell(self, received: Received[Any], frame: FrameExtracted, cut: Cut | None) -> None:
        version, crops = (cut.layout_version, cut.crops) if cut else (None, ())
        event = crop_ready(frame, version, crops, self._changed_at)
        await self._producer.send(
            encode(event, source=SOURCE, time=self._clock.now(), cause=received, traceparent=trace.current())
        )
        self._metrics.count("work_total", stage="crop", outcome="cut" if crops else "passed_on")

    def _dropped(self, frame: FrameExtracted, reason: str) -> None:
        if wanted(frame):
            self._metrics.count("frames_total", outcome="dropped", reason=reason)


def _decoded(record: Record) -> Received[Any]:
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error
