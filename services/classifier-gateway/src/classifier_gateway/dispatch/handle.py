"""Handles one record: crops become verdicts; verdicts, health, signals, commands and names become table.evidence."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from chassis import logs, trace
from chassis.attempts import retry_context
from chassis.clock import Clock
from chassis.consume import Busy, Invalid
from chassis.metrics import DROPPED, Metrics
from chassis.produce import Producer
from chassis.records import Record
from classifier_gateway.dispatch.client import ClassifierClient, TooLate
from classifier_gateway.dispatch.deadlines import Deadlines
from classifier_gateway.dispatch.events import (
    TableNames,
    camera_events,
    command_end_events,
    end_events,
    gated_events,
    name_events,
    signal_event,
    thresholds_of,
    unavailable_events,
    verdict_events,
    with_names,
)
from classifier_gateway.dispatch.gate import Gate
from classifier_gateway.dispatch.judgement import frame_judgement
from classifier_gateway.dispatch.looks import Looks
from classifier_gateway.dispatch.request import frame_request
from classifier_gateway.source import SOURCE
from events.cameras import CameraLayouts
from events.decode import decode_record
from events.documents import Documents
from events.metrics import FRAMES, lane_of
from events.recent import RecentFrames
from events.runs import UnwantedRuns
from inference import Judgement, Unavailable, Unreadable
from objects.metrics import OBJECTS_GONE
from objects.store import Gone, ObjectStore
from tablewatch_schemas import (
    CameraConfig,
    CameraStatus,
    ContractError,
    CropReady,
    FrameCommand,
    Received,
    TableEvidence,
    TableEvidenceThresholds,
    TableSignal,
    VideoCommand,
    about,
    encode,
    keys,
)
from tablewatch_schemas.manifest import Manifest

_FIRST_ATTEMPT, _JUDGED = "first_attempt", "judged"


class Handler:
    """Handles crops, commands, health, layouts and signals; see the README for each failure."""

    def __init__(
        self, objects: ObjectStore, client: ClassifierClient, producer: Producer, deadlines: Deadlines,
        unwanted: UnwantedRuns, layouts: CameraLayouts, *, gate: Gate | None = None, recent: RecentFrames | None = None,
        has_newer: Callable[[Record], bool] | None = None,
        dry_run: Callable[[FrameCommand], Awaitable[None]] | None = None, clock: Clock, metrics: Metrics,
    ) -> None:  # fmt: skip
        """Without a `gate` every frame is looked at. `has_newer`: whether a later record of the same key waits.
        `dry_run` does what is asked for with that action; None: nothing."""
        self._objects = objects
        self._documents = Documents(objects)
        self._client = client
        self._looks = Looks(objects, client, clock=clock, metrics=metrics)
        self._dry_run = dry_run
        self._producer = producer
        self._deadlines = deadlines
        self._unwanted = unwanted
        self._layouts = layouts
        self._gate = gate
        self._recent = recent or RecentFrames("judged", clock, metrics)
        self._has_newer = has_newer or (lambda _record: False)
        self._clock = clock
        self._metrics = metrics
        for lane, reason in product(("live", "run"), ("", "gated")):
            metrics.count(FRAMES, 0, outcome="classified", reason=reason, lane=lane)  # increase() misses the first one

    async def handle(self, record: Record) -> None:
        """One record of the group. Raises Invalid, Busy."""
        received = decode_record(record)
        logs.bind(**about(received.event))
        try:
            match received.event:
                case CropReady() as ready:
                    await self._crops(received, ready, partial(self._has_newer, record))
                case VideoCommand() as of_video:
                    await self._command(received, of_video)
                case CameraStatus() as status:
                    names = await self._names(self._layouts.layout_key(status.camera_id))
                    await self._publish(received, with_names(camera_events(status, names.labels), names))
                    self._unsettle(status.camera_id)
                case CameraConfig() as config:
                    names = await self._names(config.layout_key)
                    await self._publish(received, with_names(name_events(config, names.labels), names))
                case FrameCommand(action="dry_run") as of_dry_run if self._dry_run is not None:
                    await self._dry_run(of_dry_run)
                case FrameCommand() as of_frame:
                    await self._looks.look(of_frame)
                case TableSignal() as signal:
                    await self._publish(received, [signal_event(signal)])
                    self._unsettle(signal.run_id)  # of no run: which cameras see the table is not known here
        except ContractError as error:
            raise Invalid(error.code, str(error)) from error
        except Unreadable as error:
            raise Invalid("unreadable_frame", str(error)) from error

    def _unsettle(self, source: str | None) -> None:
        if self._gate is not None:
            self._gate.unsettle(source)

    async def _command(self, received: Received[Any], command: VideoCommand) -> None:
        """Only the fold writes states: evidence that the run's tables end makes it write, or erase, theirs."""
        self._unwanted.apply(command)
        if command.action == "delete":
            await self._objects.delete_prefix(keys.judgements_prefix(command.site_id, command.run_id))
        if command.action in ("cancel", "delete"):
            names = await self._names_in_run(command)
            await self._publish(received, with_names(command_end_events(command, names.labels), names))

    async def _names_in_run(self, command: VideoCommand) -> TableNames:
        """Tables of the run; when its manifest is deleted already, those that its camera has now."""
        manifest = await self._manifest(command.site_id, command.run_id)
        if manifest is not None:
            return await self._names(manifest.layout_key, manifest.make)
        self._metrics.count(OBJECTS_GONE, what="manifest")
        return await self._names(self._layouts.layout_key(command.camera_id))

    async def _manifest(self, site_id: str, run_id: str) -> Manifest | None:
        """None when it is gone. Raises ContractError."""
        try:
            return await self._documents.manifest(site_id, run_id)
        except Gone:
            return None

    async def _names(self, layout_key: str | None, make: Iterable[str] = ("tables",)) -> TableNames:
        """Tables that states are made for, and what they are called. Raises ContractError.

        None without a layout, or when it is gone.
        """
        if layout_key is None or "tables" not in make:
            return TableNames()
        try:
            layout = await self._documents.layout(layout_key)
        except Gone:
            return TableNames()
        return TableNames({table.table_id: table.label for table in layout.tables}, layout.created_at)

    async def _crops(self, received: Received[Any], ready: CropReady, newer_waits: Callable[[], bool]) -> None:
        if ready.run_id in self._unwanted:
            self._count_dropped(ready, "run_unwanted")
            return
        thresholds = await self._thresholds(ready)
        events: list[TableEvidence] = []
        failure: Exception | None = None
        try:
            events = await self._evidence(ready, thresholds, newer_waits)
        except (ContractError, Unreadable) as error:
            failure = error
        names = await self._names(ready.layout_key, ready.make) if events or ready.last else TableNames()
        if ready.last:
            events += end_events(ready, names.labels, thresholds)
        await self._publish(received, with_names(events, names))
        if failure is not None:
            raise failure

    async def _thresholds(self, ready: CropReady) -> TableEvidenceThresholds | None:
        """Of the frame's run; None for live frames, and when its manifest is gone: then the fold has defaults."""
        manifest = await self._manifest(ready.site_id, ready.run_id) if ready.run_id else None
        return None if manifest is None else thresholds_of(manifest)

    async def _evidence(
        self, ready: CropReady, thresholds: TableEvidenceThresholds | None, newer_waits: Callable[[], bool]
    ) -> list[TableEvidence]:
        """Evidence from the frame's crops. Raises Busy while a run may still wait, Unreadable, ContractError."""
        if ready.crops_key is None or ready.frame_key is None or ready.layout_key is None:
            return []
        look_every_ms = self._layouts.look_every_ms(ready.camera_id) if ready.run_id is None else 0
        if self._gate is not None and self._gate.is_shut(ready, thresholds, look_every_ms):
            self._count_classified(ready, "gated")
            return gated_events(ready, thresholds, self._gate.judgement_key(ready))
        timeout_s = self._deadlines.attempt_left_s(ready, self._first_attempt(), self._clock.now())
        if timeout_s <= 0 and (ready.run_id is None or _JUDGED not in retry_context()):
            return self._unavailable(ready, thresholds, "late")
        if self._deadlines.is_stale(ready, self._clock.now()) and _JUDGED not in retry_context() and newer_waits():
            return self._unavailable(ready, thresholds, "superseded")
        try:
            judgement = await self._judged(ready, ready.layout_key, ready.frame_key, ready.crops_key, timeout_s)
        except Gone as error:
            self._metrics.count(OBJECTS_GONE, what=keys.object_kind(error.key))
            return self._unavailable(ready, thresholds, "gone")
        except TooLate:
            return self._unavailable(ready, thresholds, "late")
        except Unavailable as error:
            if self._deadlines.left_s(ready, self._first_attempt(), self._clock.now()) > 0:
                raise Busy(1.0) from error
            return self._unavailable(ready, thresholds, f"unavailable: {error}")
        # The object first: evidence never names a judgement that is not there.
        document = frame_judgement(ready, ready.layout_key, ready.frame_key, judgement)
        await self._objects.put(document.judgement_key, document.to_json(), "application/json")
        if self._unwanted.is_deleted(ready.run_id):  # while the frame was judged
            await self._objects.delete(document.judgement_key)
            self._count_dropped(ready, "run_unwanted")
            return []
        self._count_classified(ready, "")
        if self._gate is not None:
            labels = (each.label for each in judgement.verdicts)
            self._gate.looked(ready, document.judgement_key, labels, thresholds)
        return verdict_events(ready, judgement, thresholds, document.judgement_key)

    async def _judged(
        self, ready: CropReady, layout_key: str, frame_key: str, crops_key: str, timeout_s: float
    ) -> Judgement:
        """Of this record, once: while the store does not take it, it is kept and not made again."""
        made: Judgement | None = retry_context().get(_JUDGED)
        if made is None:
            made = await self._classified(ready, layout_key, frame_key, crops_key, timeout_s)
            retry_context()[_JUDGED] = made
        return made

    async def _classified(
        self, ready: CropReady, layout_key: str, frame_key: str, crops_key: str, timeout_s: float
    ) -> Judgement:
        layout, jpeg, crops = await asyncio.gather(
            self._documents.layout(layout_key), self._objects.get(frame_key), self._objects.get(crops_key)
        )
        # The deadline of a run begins here: waiting for the store uses none of it up.
        retry_context().setdefault(_FIRST_ATTEMPT, self._clock.now())
        request = frame_request(ready, layout, jpeg, crops)
        return await self._client.classify(request, timeout_s, live=ready.run_id is None)

    def _first_attempt(self) -> datetime:
        """When the classifier was first asked about this record; now, if it was not."""
        first: datetime = retry_context().get(_FIRST_ATTEMPT, self._clock.now())
        return first

    def _unavailable(
        self, ready: CropReady, thresholds: TableEvidenceThresholds | None, reason: str
    ) -> list[TableEvidence]:
        self._count_dropped(ready, reason.partition(":")[0])
        return unavailable_events(ready, thresholds, reason)

    def _count_classified(self, ready: CropReady, reason: str) -> None:
        self._metrics.count(FRAMES, outcome="classified", reason=reason, lane=lane_of(ready.run_id))
        if ready.run_id is None:
            self._recent.count()

    def _count_dropped(self, ready: CropReady, reason: str) -> None:
        self._metrics.count(DROPPED, what="crops", reason=reason)
        self._metrics.count(FRAMES, outcome="dropped", reason=reason, lane=lane_of(ready.run_id))
        if ready.run_id is None:
            self._recent.count(reason)

    async def _publish(self, received: Received[Any], events: Sequence[TableEvidence]) -> None:
        now, traceparent = self._clock.now(), trace.current()
        await self._producer.send_all(
            [encode(each, source=SOURCE, time=now, cause=received, traceparent=traceparent) for each in events]
        )
