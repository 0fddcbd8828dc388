"""Wiring of the extractor."""

import os
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import events.metrics
import extractor.metrics
from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.database import DISCONNECTED, connect
from chassis.migrations import migrate
from chassis.outbox import Relay
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from dependencies.watch import watch_dependencies
from events.consume import after_tables
from events.documents import Documents
from events.producers import FUSE
from events.recent import RecentFrames
from events.table import TableReader
from extractor.discovery.discoverer import Discoverer
from extractor.files.crop_count import CropCount
from extractor.files.decoder import DecoderLimits
from extractor.files.flow_control import GroupLag, PublishWindow
from extractor.files.housekeeping import Housekeeping
from extractor.files.intake import Intake
from extractor.files.originals import Originals
from extractor.files.publisher import Publisher
from extractor.files.worker import Worker, WorkerOptions
from extractor.live.capture import CaptureParts
from extractor.live.configs import Configs
from extractor.live.drops import Drops
from extractor.live.frames import FrameWriter
from extractor.live.lease import Lease
from extractor.live.opening import SiteHours
from extractor.live.readers import Readers
from extractor.live.retention import Retention
from extractor.live.secrets import Secrets, announce
from extractor.live.sources.decoders import Decoders
from extractor.live.sources.source import SourceParts
from extractor.live.supervisor import Supervisor
from extractor.probe.intake import ProbeIntake
from extractor.probe.leftovers import Leftovers
from extractor.probe.prober import Prober
from extractor.probe.sources import ProbeParts
from extractor.settings import ExtractorSettings
from objects.open import open_objects, store_probe, store_space
from objects.space import StoreSpace
from objects.store import ObjectStore
from sandbox.kernel import examine_kernel
from sandbox.layers import Layers
from sandbox.report import report
from tablewatch_schemas import (
    CameraCommand,
    CameraConfig,
    CropReady,
    FrameExtracted,
    SiteConfig,
    VideoCommand,
    VideoUploaded,
)

if TYPE_CHECKING:
    import asyncpg

SCHEMA = "extractor"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
GROUP, CROPS_GROUP, PROBES_GROUP = "extractor", "extractor-crops", "extractor-probes"
TOPICS = (VideoUploaded.TOPIC, VideoCommand.TOPIC, SiteConfig.TOPIC)


async def build(service: Service, settings: ExtractorSettings) -> None:
    """What all roles need, and the tasks of those that this process has."""
    service.metrics.declare(events.metrics, extractor.metrics)
    space = store_space(settings, service.clock, service.metrics)
    watch_dependencies(service, settings, database=True, store=store_probe(settings, space))
    dsn = settings.database_url.get_secret_value()
    await migrate(dsn, SCHEMA, MIGRATIONS, parts=settings.migrate, clock=service.clock)
    pool = await connect(dsn, SCHEMA, size=6 + 2 * settings.extractor_workers, clock=service.clock)
    service.on_close(pool.close)
    producer = KafkaProducer(
        settings.kafka_bootstrap, "extractor", settings.partitions, service.metrics, clock=service.clock
    )
    await producer.start()
    service.on_close(producer.stop)
    store = open_objects(settings, service.metrics, service.clock)
    service.task("outbox", Relay(pool, producer, clock=service.clock, metrics=service.metrics, log=service.log).run)
    layers = await examine_kernel()
    report(layers, service.log, service.metrics)
    shared = Shared(pool, producer, store, space, layers, f"{socket.gethostname()}-{os.getpid()}")
    if "files" in settings.roles:
        build_files(service, settings, shared)
    if "cameras" in settings.roles:
        build_cameras(service, settings, shared)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the roles share; `owner` names this process."""

    pool: "asyncpg.Pool"
    producer: KafkaProducer
    store: ObjectStore
    space: StoreSpace
    layers: Layers
    owner: str


def build_files(service: Service, settings: ExtractorSettings, shared: Shared) -> None:
    """The tasks of the role `files`: intake, count of crops, housekeeping, publisher, workers."""
    pool, producer, store, owner = shared.pool, shared.producer, shared.store, shared.owner
    observed = {"clock": service.clock, "metrics": service.metrics, "log": service.log}
    options = ConsumeOptions(group=GROUP, topics=TOPICS, busy_on=DISCONNECTED, fuse=FUSE)
    intake = Intake(pool, service.clock)
    consumer = Consumer(_broker(service, settings, "extractor"), options, intake.handle, producer,
                        health=service.health, **observed)  # fmt: skip
    service.task("intake", consumer.run)
    crops = CropCount(pool, settings.site_picture_bytes, settings.partitions, clock=service.clock, log=service.log)
    crop_options = ConsumeOptions(group=CROPS_GROUP, topics=(CropReady.TOPIC,), busy_on=DISCONNECTED, fuse=FUSE)
    counter = Consumer(_broker(service, settings, CROPS_GROUP), crop_options, crops.handle, producer,
                       health=service.health, **observed)  # fmt: skip
    service.task("crop count", counter.run)
    housekeeping = Housekeeping(pool, store, settings.extractor_retry_s, clock=service.clock, log=service.log)
    service.task("chores", housekeeping.run)

    lag = GroupLag(settings.kafka_bootstrap, settings.extractor_window_group, FrameExtracted.TOPIC, settings.partitions)
    service.on_close(lag.stop)
    window = PublishWindow(settings.extractor_run_window, lag, service.clock)
    service.task("publisher", Publisher(owner, pool, store, producer, window, **observed).run)

    worker_opts = worker_options(settings, shared.layers)
    originals = Originals(store, settings.extractor_cache_mb << 20, service.clock)
    service.on_close(originals.close)
    for number in range(settings.extractor_workers):
        worker = Worker(
            f"{owner}-{number}", pool, store, shared.space, originals, worker_opts, health=service.health, **observed
        )
        service.task(f"worker {number}", worker.run)


def build_cameras(service: Service, settings: ExtractorSettings, shared: Shared) -> None:
    """The tasks of the role `cameras`: their configurations, the supervisor, retention."""
    observed = {"clock": service.clock, "log": service.log}
    configs = Configs(shared.pool, **observed)
    broker = _broker(service, settings, "extractor")
    table = TableReader(broker, CameraConfig.TOPIC, configs.apply_record, health=service.health, clock=service.clock)
    service.task("camera configs", table.run)
    hours = SiteHours(service.log)
    sites = TableReader(broker, SiteConfig.TOPIC, hours.apply_record, health=service.health, clock=service.clock)
    service.task("site hours", sites.run)
    service.task("camera rows", configs.run)
    readers = Readers(settings.camera_memory_mb << 20, clock=service.clock)
    service.on_close(readers.close)
    decoders = Decoders(settings.camera_memory_mb << 20)
    service.on_close(decoders.close)
    secrets = Secrets(shared.store, settings.camera_secret.get_secret_value())
    lease = Lease(service.clock, timedelta(seconds=settings.extractor_lease_s))
    recent = RecentFrames("captured", service.clock, service.metrics)
    service.task("recent", recent.run)
    drops = Drops(shared.pool, recent, metrics=service.metrics, **observed)
    service.task("camera drops", drops.run)
    parts = CaptureParts(
        readers=readers,
        store=shared.store,
        documents=Documents(shared.store),
        aligner=decoders,
        drops=drops,
        sources=_source_parts(service, settings, decoders),
        secrets=secrets,
        hours=hours,
        writer=FrameWriter(
            shared.store, shared.space, shared.producer, lease, drops, clock=service.clock, metrics=service.metrics
        ),
        policy=settings.camera_policy,
        authority=ssl.create_default_context(cafile=settings.camera_ca),
        quality=settings.extractor_jpeg_quality,
        clock=service.clock,
        metrics=service.metrics,
        log=service.log,
    )
    supervisor = Supervisor(shared.owner, shared.pool, parts, lease, service.health, settings.camera_limit)
    service.task("cameras", after_tables([sites], supervisor))
    service.task("camera key", partial(announce, secrets, **observed))
    retention = Retention(shared.pool, shared.store, secrets, timedelta(hours=settings.camera_retention_h), **observed)
    service.task("live retention", retention.run)
    build_probes(service, settings, shared, secrets)


def build_probes(service: Service, settings: ExtractorSettings, shared: Shared, secrets: Secrets) -> None:
    """The tasks that open cameras which are not registered. Their processes are not those of cameras."""
    memory = settings.camera_memory_mb << 20
    readers, decoders = Readers(memory, slots=1, clock=service.clock), Decoders(memory)
    service.on_close(readers.close)
    service.on_close(decoders.close)
    parts = ProbeParts(
        readers=readers,
        decoders=decoders,
        sources=_source_parts(service, settings, decoders),
        policy=settings.camera_policy,
        authority=ssl.create_default_context(cafile=settings.camera_ca),
        quality=settings.extractor_jpeg_quality,
        clock=service.clock,
    )
    discoverer = Discoverer(
        *(settings.camera_policy, parts.authority, settings.camera_discovery_interfaces),
        clock=service.clock,
        log=service.log,
    )
    observed = {"metrics": service.metrics, "log": service.log}
    prober = Prober(
        *(shared.owner, shared.pool, parts, shared.store, secrets, discoverer, settings.camera_probes),
        health=service.health,
        **observed,
    )
    options = ConsumeOptions(group=PROBES_GROUP, topics=(CameraCommand.TOPIC,), busy_on=DISCONNECTED, fuse=FUSE)
    intake = ProbeIntake(shared.pool, prober)
    consumer = Consumer(_broker(service, settings, PROBES_GROUP), options, intake.handle, shared.producer,
                        clock=service.clock, health=service.health, **observed)  # fmt: skip
    service.task("probe intake", consumer.run)
    service.task("probes", prober.run)
    leftovers = Leftovers(shared.pool, shared.store, secrets, clock=service.clock, **observed)
    service.task("probes left over", leftovers.run)


def _source_parts(service: Service, settings: ExtractorSettings, decoders: Decoders) -> SourceParts:
    return SourceParts(
        decoders=decoders,
        policy=settings.camera_policy,
        tls=ssl.create_default_context(cafile=settings.camera_ca),
        quality=settings.extractor_jpeg_quality,
        clock=service.clock,
        files=settings.camera_files,
    )


def _broker(service: Service, settings: ExtractorSettings, client: str) -> KafkaBroker:
    return KafkaBroker(settings.kafka_bootstrap, client, clock=service.clock, metrics=service.metrics)


def worker_options(settings: ExtractorSettings, layers: Layers) -> WorkerOptions:
    memory = settings.extractor_memory_mb << 20
    limits = DecoderLimits(memory, settings.extractor_stall_s, layers.network_namespace)
    return WorkerOptions(
        *(settings.extractor_lease_s, settings.extractor_attempts, settings.extractor_jpeg_quality, limits),
        site_picture_bytes=settings.site_picture_bytes,
    )


if __name__ == "__main__":
    main("extractor", ExtractorSettings, build)
