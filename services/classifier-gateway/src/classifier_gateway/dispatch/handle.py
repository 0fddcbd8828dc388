"""The story of one message: crops become verdicts, and all that speaks for a table becomes its evidence."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis import logs, trace
from chassis.attempts import kept
from chassis.clock import Clock
from chassis.consume import Busy, Invalid
from chassis.metrics import Metrics
from chassis.objects import Gone, ObjectStore
from chassis.produce import Producer
from chassis.records import Record
from classifier_gateway.dispatch import evidence as make
from classifier_gateway.dispatch.ask import Asker
from classifier_gateway.dispatch.commands import Notes
from classifier_gateway.dispatch.known import Known
from classifier_gateway.dispatch.patience import Patience
from inference import FrameRequest, TableVerdict, Unavailable, Unreadable
from tablewatch_schemas import (
    CameraConfig,
    CameraStatus,
    ContractError,
    CropReady,
    Received,
    TableEvidence,
    TableSignal,
    VideoCommand,
    about,
    decode,
    encode,
)

SOURCE = "tablewatch/classifier-gateway"
_ASKED_SINCE = "asked_since"


class Dispatch:
    """Handles crop.ready, video.command, camera.status and table.signal; see the README for each failure."""

    def __init__(
        self, objects: ObjectStore, asker: Asker, producer: Producer, patience: Patience, *, clock: Clock,
        metrics: Metrics, log: Any,
    ) -> None:  # fmt: skip
        self._objects = objects
        self._known = Known(objects)
        self._asker = asker
        self._producer = producer
        self._patience = patience
        self._clock = clock
        self._metrics = metrics
        self._log = log
        self.notes = Notes()
        metrics.count("frames_total", 0, outcome="classified", reason="")  # increase() misses what a series begins with

    async def handle(self, record: Record) -> None:
        """One record of the group. Raises Invalid, Busy."""
        received = _decoded(record)
        logs.also(**about(received.event))
        try:
            match received.event:
                case CropReady() as ready:
                    await self._crops(received, ready)
                case VideoCommand() as command:
                    await self._command(received, command)
                case CameraStatus() as status:
                    tables = await self._known.tables(self.notes.layout_of(status.camera_id))
                    await self._tell(received, make.health(status, tables))
                case TableSignal() as signal:
                    await self._tell(received, [make.signal(signal)])
        except (ContractError, Unreadable) as error:
            raise Invalid(getattr(error, "code", "unreadable_frame"), str(error)) from error

    def learn(self, record: Record) -> None:
        """video.command and camera.config as every copy reads them, without a group; bad ones are others' to bury."""
        try:
            event = _decoded(record).event
        except Invalid:
            return
        if isinstance(event, VideoCommand):
            self.notes.command(event)
        elif isinstance(event, CameraConfig):
            self.notes.camera(event)

    async def _command(self, received: Received[Any], command: VideoCommand) -> None:
        """The fold alone writes states: it is told that the run's tables end, and whether to erase them."""
        self.notes.command(command)
        if command.action not in ("cancel", "delete"):
            return
        tables = await self._tables_of(command)
        await self._tell(received, make.stopped(command, tables))

    async def _tables_of(self, command: VideoCommand) -> list[str]:
        """Tables of the run; when its manifest is deleted already, those that its camera has now."""
        manifest = await self._known.manifest(command.site_id, command.run_id)
        if manifest is not None:
            return await self._known.tables(manifest.layout_key, manifest.make)
        self._metrics.count("objects_gone_total", what="manifest")
        return await self._known.tables(self.notes.layout_of(command.camera_id or ""))

    async def _crops(self, received: Received[Any], ready: CropReady) -> None:
        if self.notes.unwanted(ready.run_id):
            self._metrics.count("dropped_total", what="crops", reason="run_unwanted")
            self._metrics.count("frames_total", outcome="dropped", reason="run_unwanted")
            return
        manifest = ready.run_id and await self._known.manifest(ready.site_id, ready.run_id)
        limits = make.thresholds(manifest or None)
        trouble: Exception | None = None
        found: list[TableEvidence] = []
        try:
            found = await self._judged(ready, limits)
        except (ContractError, Unreadable) as error:
            trouble = error
        if ready.last:
            found += make.ends(ready, await self._known.tables(ready.layout_key, ready.make), limits)
        await self._tell(received, found)
        if trouble is not None:
            raise trouble

    async def _judged(self, ready: CropReady, limits: Any) -> list[TableEvidence]:
        """Evidence from the frame's crops. Raises Busy while a run may still wait, Unreadable, ContractError."""
        if ready.crops_key is None or ready.frame_key is None or ready.layout_key is None:
            return []
        patience = self._patience.turn(ready, self._asked_since(), self._clock.now())
        if patience <= 0:
            return self._given_up(ready, limits, "late")
        try:
            answered = await self._asked(ready, patience)
        except Gone:
            self._metrics.count("objects_gone_total", what="crops")
            return self._given_up(ready, limits, "gone")
        except Unavailable as error:
            if self._patience.left_s(ready, self._asked_since(), self._clock.now()) > 0:
                raise Busy(1.0) from error
            return self._given_up(ready, limits, f"unavailable: {error}")
        self._metrics.count("frames_total", outcome="classified", reason="")
        return make.verdicts(ready, answered, limits)

    def _asked_since(self) -> datetime:
        """When the classifier was first asked about this record: waiting for the store uses up no patience."""
        since: datetime = kept().get(_ASKED_SINCE, self._clock.now())
        return since

    def _given_up(self, ready: CropReady, limits: Any, reason: str) -> list[TableEvidence]:
        self._metrics.count("dropped_total", what="crops", reason=reason.partition(":")[0])
        self._metrics.count("frames_total", outcome="dropped", reason=reason.partition(":")[0])
        return make.unavailable(ready, limits, reason)

    async def _asked(self, ready: CropReady, patience_s: float) -> Sequence[TableVerdict]:
        layout, jpeg, crops = await asyncio.gather(
            self._known.layout(ready.layout_key or ""),
            self._objects.get(ready.frame_key or ""),
            self._objects.get(ready.crops_key or ""),
        )
        kept().setdefault(_ASKED_SINCE, self._clock.now())
        request = FrameRequest(
            frame_id=ready.frame_id,
            site_id=ready.site_id,
            jpeg=jpeg,
            regions=make.regions(layout, (crop.table_id for crop in ready.crops)),
            crops={crop.table_id: crops[crop.offset : crop.offset + crop.length] for crop in ready.crops},
        )
        return await self._asker.ask(request, patience_s, live=ready.run_id is None)

    async def _tell(self, received: Received[Any], found: Sequence[TableEvidence]) -> None:
        now, traceparent = self._clock.now(), trace.current()
        made = [encode(each, source=SOURCE, time=now, cause=received, traceparent=traceparent) for each in found]
        await self._producer.send_all(made)


def _decoded(record: Record) -> Received[Any]:
    try:
        return decode(record.topic, record.key, record.value, record.headers)
    except ContractError as error:
        raise Invalid(error.code, error.reason) from error
