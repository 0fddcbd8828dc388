"""What a bulk upload costs a live table: seconds from a live frame's record to its evidence and its state.

Real processes on real Kafka and Postgres of their own. The live frames are made here (no camera is needed for them):
one every second and a half, stored and published on the live lane as by a camera's extractor. Hysteresis is turned off,
so that every frame becomes a state. The bulk is a long video of which every frame is asked for, tables too, and it has
to last longer than the live frames.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from msgspec.structs import replace
from pydantic import SecretStr

from bench import clips
from bench.cases.extraction import uploaded
from bench.harness import Failed, Measure, Usage
from bench.infrastructure import Infrastructure
from bench.processes import Server, server
from bench.workspace import Workspace
from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from objects.links import LinkSigner
from objects.local import LocalObjects
from tablewatch_schemas import FrameExtracted, TableEvidence, TableState, VideoUploaded, decode, encode, keys
from tablewatch_schemas.defaults import LIVE_THRESHOLDS
from tablewatch_schemas.ids import live_frame_id, new_id
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Manifest, Sampling

EVERY_S = 1.5
FRAMES = 40
ATTEMPT_S = 15
TIMEOUT_S = 180
SOURCE = "tablewatch/bench"
PUBLISHED = "SELECT coalesce(sum(published), 0) FROM extractor.jobs"
STATE = "SELECT state FROM extractor.jobs"

Seen = dict[tuple[str, datetime], float]
"""When (monotonic) the first record of a topic about the frame captured then came."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A camera with four tables, its pictures, the store, and the upload."""

    objects: LocalObjects
    site: str
    camera: str
    pictures: Sequence[bytes]
    bulk: VideoUploaded

    @property
    def layout_key(self) -> str:
        return keys.layout(self.site, self.camera, 1)

    def frame(self, captured_at: datetime, before: datetime | None) -> FrameExtracted:
        """The record of a live frame."""
        return FrameExtracted(
            frame_id=live_frame_id(self.camera, captured_at), site_id=self.site, camera_id=self.camera, run_id=None,
            video_id=None, index=None, media_ms=None, captured_at=captured_at,
            object_key=keys.live_frame(self.site, self.camera, captured_at), width=1920, height=1080,
            size_bytes=len(self.pictures[0]), keyframe=True, sharpness=1.0, brightness=0.4, layout_key=self.layout_key,
            previous_frame_id=None if before is None else live_frame_id(self.camera, before),
            previous_object_key=None if before is None else keys.live_frame(self.site, self.camera, before),
            make=("frames", "tables"), last=False,
        )  # fmt: skip


@dataclass
class Arrivals:
    """When evidence and states of live tables come."""

    bootstrap: str
    camera: str
    seen: Seen = field(default_factory=dict)
    unavailable: int = 0
    """Pieces of evidence that came because a frame was late: the classifier was not called."""

    async def read(self, topic: str) -> None:
        """Until cancelled."""
        subscription = await KafkaBroker(self.bootstrap, "bench-arrivals").read(topic)
        while True:
            for record in await subscription.poll(0.1, 500):
                came = time.monotonic()
                event = decode(record.topic, record.key, record.value, record.headers).event
                if isinstance(event, TableEvidence) and event.run_id is None:
                    self.unavailable += event.kind == "unavailable"
                    self.seen.setdefault((topic, event.captured_at), came)
                elif isinstance(event, TableState) and event.run_id is None:
                    self.seen.setdefault((topic, event.as_of), came)


@dataclass(frozen=True, slots=True)
class LiveFrames:
    """The latency of live frames, alone or while a bulk upload is processed."""

    workspace: Workspace
    under_bulk: bool

    def run(self) -> Usage:
        self.workspace.folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.workspace.folder) as folder, fresh_infrastructure(Path(folder)) as infra:
            home = Path(folder)
            scene = make_scene(self.workspace, home)
            with ExitStack() as running:
                started = {name: running.enter_context(self._start(name, infra, home)) for name in SERVICES}
                try:
                    return asyncio.run(self._measured(scene, infra, started))
                except Failed as reason:
                    logs = [f"{name}: {each.log.read_text()[-1000:]}" for name, each in started.items()]
                    raise Failed(f"{' | '.join(logs)} | {reason}") from reason

    def _start(self, name: str, infra: Infrastructure, home: Path) -> AbstractContextManager[Server]:
        settings = {
            "KAFKA_BOOTSTRAP": infra.kafka_bootstrap, "DATABASE_URL": infra.database_url, "OPS_PORT": "0",
            "TABLEWATCH_HOME": str(home), "LINK_SECRET": "b" * 32,
            "MODELS_DIR": str(self.workspace.folder.parent / "models"), "CLASSIFIER_GATEWAY_TTL_MS": "2000",
            "CLASSIFIER_GATEWAY_ENTER_MS": "0", "CLASSIFIER_GATEWAY_LEAVE_MS": "0", "CLASSIFIER_GATEWAY_HOLD_MS": "0",
        }  # fmt: skip
        return server([sys.executable, "-m", name], settings, home / f"{name}.log")

    async def _measured(self, scene: Scene, infra: Infrastructure, started: dict[str, Server]) -> Usage:
        arrivals = Arrivals(infra.kafka_bootstrap, scene.camera)
        reading = [asyncio.create_task(arrivals.read(topic)) for topic in TOPICS]
        producer = KafkaProducer(infra.kafka_bootstrap, "bench", 6, Metrics())
        await producer.start()
        conn = await asyncpg.connect(infra.database_url)
        try:
            before = await self._warm(scene, producer, arrivals)
            if self.under_bulk:
                await producer.send(encode(scene.bulk, source=SOURCE, time=datetime.now(UTC)))
                await wait_until(partial(published, conn), "the bulk's first frames")
            at_begin = await published(conn) if self.under_bulk else 0
            sent, _ = await send_frames(scene, producer, self.workspace.count(FRAMES), before)
            await wait_until(
                partial(all_arrived, arrivals, list(sent), TableEvidence.TOPIC), "evidence of every live frame"
            )
            await asyncio.sleep(2)
            at_end = await published(conn) if self.under_bulk else 0
            if self.under_bulk and not self.workspace.quick and await conn.fetchval(STATE) == "done":
                raise Failed("the bulk upload was over before the live frames were")
        finally:
            for task in reading:
                task.cancel()
            await producer.stop()
            await conn.close()
        return usage(arrivals, sent, at_end - at_begin, sum(each.cpu_s() for each in started.values()))

    async def _warm(self, scene: Scene, producer: KafkaProducer, arrivals: Arrivals) -> datetime | None:
        """Every service is up once a live frame has become a verdict."""
        until, before = time.monotonic() + TIMEOUT_S, None
        while time.monotonic() < until:
            arrivals.unavailable = 0
            sent, before = await send_frames(scene, producer, 1, before)
            deadline = time.monotonic() + ATTEMPT_S
            while time.monotonic() < deadline:
                if await all_arrived(arrivals, list(sent), TableEvidence.TOPIC) and not arrivals.unavailable:
                    return before
                await asyncio.sleep(0.1)
        raise Failed("no live frame was classified")


TOPICS = (TableEvidence.TOPIC, TableState.TOPIC)
SERVICES = ("extractor", "cropper", "classifier_gateway")


@contextmanager
def fresh_infrastructure(home: Path) -> Iterator[Infrastructure]:
    """Kafka and Postgres that have seen nothing: what an earlier round left would be bulk too."""
    infra = Infrastructure.start(home / "infrastructure")
    try:
        yield infra
    finally:
        infra.stop()


def make_scene(workspace: Workspace, home: Path) -> Scene:
    """Pictures out of the clip, the layout, the original and the manifest of the bulk upload, all stored."""
    clip = workspace.clip("camera_4min.mp4")
    clips.ffmpeg("-i", str(clip), "-frames:v", "8", "-vf", "fps=1", "-q:v", "2", str(home / "%d.jpg"))
    pictures = [(home / f"{number}.jpg").read_bytes() for number in range(1, 6)]
    (home / "objects").mkdir()
    objects = LocalObjects(home / "objects", LinkSigner(SecretStr("b" * 32), "http://127.0.0.1"))
    bulk = uploaded(clip, "all", None)
    camera = bulk.camera_id or ""
    layout_key = keys.layout(bulk.site_id, camera, 1)
    manifest_key = keys.manifest(bulk.site_id, bulk.run_id)
    bulk = replace(bulk, layout_key=layout_key, manifest_key=manifest_key, make=("frames", "tables"))
    scene = Scene(objects, bulk.site_id, camera, pictures, bulk)
    asyncio.run(stored(scene, clip))
    return scene


async def stored(scene: Scene, clip: Path) -> None:
    """Store what the records name."""
    bulk, now = scene.bulk, datetime.now(UTC)
    zones = [((x, 0.2), (x + 0.2, 0.2), (x + 0.2, 0.8), (x, 0.8)) for x in (0.0, 0.25, 0.5, 0.75)]
    tables = tuple(
        LayoutTable(table_id=new_id("tbl"), label=str(number), seats=4, section_id=None, polygon=zone, top=None)
        for number, zone in enumerate(zones)
    )
    layout = Layout(
        layout_key=scene.layout_key, site_id=scene.site, camera_id=scene.camera, version=1, created_at=now,
        width=1920, height=1080, tables=tables, floor=(),
    )  # fmt: skip
    manifest = Manifest(
        run_id=bulk.run_id, video_id=bulk.video_id, site_id=scene.site, camera_id=scene.camera,
        layout_key=scene.layout_key, sampling=Sampling(mode="all", every_ms=None), make=bulk.make, started_at=now,
        model=None, thresholds=LIVE_THRESHOLDS, created_at=now,
    )  # fmt: skip
    await scene.objects.put(scene.layout_key, layout.to_json())
    await scene.objects.put(bulk.manifest_key, manifest.to_json())
    await scene.objects.put(bulk.object_key, clip)


async def send_frames(
    scene: Scene, producer: KafkaProducer, frames: int, before: datetime | None
) -> tuple[dict[datetime, float], datetime | None]:
    """Store and publish live frames, one every EVERY_S; when (monotonic) each was sent, and the time of the last."""
    sent: dict[datetime, float] = {}
    due = time.monotonic()
    for number in range(frames):
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += EVERY_S
        now = datetime.now(UTC)
        captured_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        key = keys.live_frame(scene.site, scene.camera, captured_at)
        await scene.objects.put(key, scene.pictures[number % len(scene.pictures)], "image/jpeg")
        sent[captured_at] = time.monotonic()
        await producer.send(encode(scene.frame(captured_at, before), source=SOURCE, time=now))
        before = captured_at
    return sent, before


async def all_arrived(arrivals: Arrivals, sent: Sequence[datetime], topic: str) -> bool:
    """Whether a record of the topic came for each of these frames."""
    return all((topic, captured_at) in arrivals.seen for captured_at in sent)


async def published(conn: asyncpg.Connection) -> int:
    """Frames of the bulk upload that are on the topic."""
    return int(await conn.fetchval(PUBLISHED))


async def wait_until(condition: Callable[[], Awaitable[object]], what: str) -> None:
    """Raises Failed when it does not come true."""
    until = time.monotonic() + TIMEOUT_S
    while not await condition():
        if time.monotonic() > until:
            raise Failed(f"{what} did not come within {TIMEOUT_S} s")
        await asyncio.sleep(0.05)


def usage(arrivals: Arrivals, sent: dict[datetime, float], bulk: int, cpu_s: float) -> Usage:
    """The median latency as wall clock; the other figures of the line beside it."""
    found = {
        topic: [arrivals.seen[topic, at] - began for at, began in sent.items() if (topic, at) in arrivals.seen]
        for topic in TOPICS
    }
    evidence, states = found[TableEvidence.TOPIC], found[TableState.TOPIC]
    if not states:
        raise Failed("no live frame became a state")
    more = {
        "evidence_p99": percentile(evidence, 99), "state_p50": statistics.median(states),
        "state_p99": percentile(states, 99), "bulk_frames": float(bulk), "late": float(arrivals.unavailable),
    }  # fmt: skip
    return Usage(cpu_s, statistics.median(evidence), more=more)


def percentile(values: Sequence[float], per_cent: float) -> float:
    """The smallest value that so many per cent are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * per_cent / 100) - 1)]


def live_under_bulk(workspace: Workspace) -> Measure:
    """The median may grow by half: two cores are shared with decoders that take whatever nobody else does."""
    return Measure(
        "live-under-bulk", LiveFrames(workspace, True), LiveFrames(workspace, False), "no-bulk", 0.67, "wall"
    )
