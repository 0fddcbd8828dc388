"""Handles one record: a frame becomes crops and a crop.ready; a delete removes a run's crops."""

from typing import Any

from chassis import logs, trace
from chassis.clock import Clock
from chassis.consume import Invalid
from chassis.metrics import DROPPED, WORK, WORK_SECONDS, Metrics
from chassis.produce import Producer
from chassis.records import Record
from cropper.crop import Unreadable
from cropper.events import SOURCE, crop_ready_event, crops_key, needs_crops
from cropper.frame_crops import FrameCropper, FrameCrops
from events.decode import decode_record
from events.metrics import FRAMES, lane_of
from events.runs import UnwantedRuns
from objects.metrics import OBJECTS_GONE
from objects.store import Gone, ObjectStore
from tablewatch_schemas import ContractError, FrameExtracted, Received, VideoCommand, about, encode, keys


class Handler:
    """Handles frame.extracted and video.command; see the README for what each failure leads to."""

    def __init__(
        self, objects: ObjectStore, cropper: FrameCropper, producer: Producer, unwanted: UnwantedRuns, *,
        clock: Clock, metrics: Metrics, log: Any,
    ) -> None:  # fmt: skip
        self._objects = objects
        self._cropper = cropper
        self._producer = producer
        self._unwanted = unwanted
        self._clock = clock
        self._metrics = metrics
        self._log = log

    async def handle(self, record: Record) -> None:
        """One record of the group. Raises Invalid."""
        received = decode_record(record)
        logs.bind(**about(received.event))
        if isinstance(received.event, FrameExtracted):
            await self._frame(received, received.event)
        elif isinstance(received.event, VideoCommand):
            await self._command(received.event)

    async def _command(self, command: VideoCommand) -> None:
        self._unwanted.apply(command)
        if command.action == "delete":
            deleted = await self._objects.delete_prefix(keys.crops_prefix(command.site_id, command.run_id))
            self._log.info("crops_deleted", run_id=command.run_id, objects=deleted)

    async def _frame(self, received: Received[Any], frame: FrameExtracted) -> None:
        if frame.run_id in self._unwanted:
            self._count_unwanted(frame)
            return
        made, failure = await self._crop(frame)
        if made is not None and made.stored.crops and not await self._stored(frame, made):
            self._count_unwanted(frame)
            return
        # Published without crops too, when there was nothing to crop: the topics show what became of each frame.
        if (failure is None and needs_crops(frame)) or frame.last:
            await self._publish(received, frame, made)
            if failure is None and (made is None or not made.stored.crops):
                self._count_frame_dropped(frame, "nothing_to_cut")
        if failure is not None:
            raise failure

    async def _stored(self, frame: FrameExtracted, made: FrameCrops) -> bool:
        """Whether the crops may be published: they are there, and the run was not deleted while they were cut."""
        if made.data is not None:
            # The object first: an event never names an object that is not there.
            await self._objects.put(crops_key(frame), made.data)
        if self._unwanted.is_deleted(frame.run_id):
            await self._objects.delete(crops_key(frame))
            return False
        self._cropper.handled(frame, made)
        return True

    async def _crop(self, frame: FrameExtracted) -> tuple[FrameCrops | None, Invalid | None]:
        """The crops; or None, and Invalid when that is the frame's or the layout's fault."""
        if not needs_crops(frame):
            return None, None
        started = self._clock.monotonic()
        try:
            made = await self._cropper.crop(frame, frame.layout_key or "", frame.object_key or "")
        except Gone as error:
            self._metrics.count(OBJECTS_GONE, what=keys.object_kind(error.key))
            return None, None
        except ContractError as error:
            return None, Invalid(error.code, str(error))
        except Unreadable as error:
            return None, Invalid("unreadable_frame", str(error))
        self._metrics.observe(WORK_SECONDS, self._clock.monotonic() - started, stage="crop")
        return made, None

    async def _publish(self, received: Received[Any], frame: FrameExtracted, made: FrameCrops | None) -> None:
        about_crops = (made.layout_version, made.stored, made.changes) if made else (None, None, ())
        event = crop_ready_event(frame, *about_crops)
        await self._producer.send(
            encode(event, source=SOURCE, time=self._clock.now(), cause=received, traceparent=trace.current())
        )
        self._metrics.count(WORK, stage="crop", outcome=_outcome(made))

    def _count_unwanted(self, frame: FrameExtracted) -> None:
        self._metrics.count(DROPPED, what="frame", reason="run_unwanted")
        self._count_frame_dropped(frame, "run_unwanted")

    def _count_frame_dropped(self, frame: FrameExtracted, reason: str) -> None:
        if needs_crops(frame):
            self._metrics.count(FRAMES, outcome="dropped", reason=reason, lane=lane_of(frame.run_id))


def _outcome(made: FrameCrops | None) -> str:
    if made is None or not made.stored.crops:
        return "passed_on"
    return "reused" if made.data is None else "cut"
