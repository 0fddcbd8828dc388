"""Wiring of the extractor."""

import os
import socket
from pathlib import Path

from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.database import DISCONNECTED, connect, migrate
from chassis.kafka import PATIENT_FETCH_WAIT_MS
from chassis.objects import open_objects
from chassis.outbox import Relay
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from extractor.files.children import Limits, can_isolate
from extractor.files.commands import Intake
from extractor.files.publish import Publisher
from extractor.files.sources import Sources
from extractor.files.sweep import Chores
from extractor.files.window import GroupBacklog, Window
from extractor.files.worker import Worker, WorkOptions
from extractor.settings import ExtractorSettings
from tablewatch_schemas import FrameExtracted, VideoCommand, VideoUploaded

SCHEMA = "extractor"
MIGRATIONS = Path(__file__).parents[2] / "migrations"
GROUP = "extractor"


async def build(service: Service, settings: ExtractorSettings) -> None:
    """The tasks of the role `files`: intake, workers, publisher, outbox relay, chores."""
    dsn = settings.database_url.get_secret_value()
    await migrate(dsn, SCHEMA, MIGRATIONS)
    pool = await connect(dsn, SCHEMA, size=4 + 2 * settings.extractor_workers)
    service.closing(pool.close)
    parts = {"clock": service.clock, "metrics": service.metrics, "log": service.log}
    producer = KafkaProducer(settings.kafka_bootstrap, "extractor", settings.partitions, service.metrics)
    await producer.start()
    service.closing(producer.stop)
    store = open_objects(settings, service.metrics)

    options = ConsumeOptions(group=GROUP, topics=(VideoUploaded.TOPIC, VideoCommand.TOPIC), busy_on=DISCONNECTED)
    broker = KafkaBroker(settings.kafka_bootstrap, "extractor", fetch_wait_ms=PATIENT_FETCH_WAIT_MS)
    intake = Intake(pool, service.clock)
    service.task("intake", Consumer(broker, options, intake.handle, producer, health=service.health, **parts).run)
    service.task("outbox", Relay(pool, producer, **parts).run)
    chores = Chores(pool, store, settings.extractor_retry_s, clock=service.clock, log=service.log)
    service.task("chores", chores.run)

    backlog = GroupBacklog(
        settings.kafka_bootstrap, settings.extractor_window_group, FrameExtracted.TOPIC, settings.partitions
    )
    service.closing(backlog.stop)
    window = Window(settings.extractor_run_window, backlog, service.clock)
    owner = f"{socket.gethostname()}-{os.getpid()}"
    service.task("publisher", Publisher(owner, pool, store, producer, window, **parts).run)
    work = await work_options(settings)
    sources = Sources(store, settings.extractor_cache_mb << 20, service.clock)
    service.closing(sources.close)
    for number in range(settings.extractor_workers):
        worker = Worker(f"{owner}-{number}", pool, store, sources, work, health=service.health, **parts)
        service.task(f"worker {number}", worker.run)


async def work_options(settings: ExtractorSettings) -> WorkOptions:
    """Limits of the decoders; without a network namespace they are still confined otherwise."""
    limits = Limits(settings.extractor_memory_mb << 20, settings.extractor_stall_s, await can_isolate())
    return WorkOptions(settings.extractor_lease_s, settings.extractor_attempts, settings.extractor_jpeg_quality, limits)


if __name__ == "__main__":
    main("extractor", ExtractorSettings, build)
