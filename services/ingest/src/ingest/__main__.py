"""ingest as a process: wiring only."""

import asyncio
from pathlib import Path

from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.database import DISCONNECTED, connect, migrate
from chassis.kafka import PATIENT_FETCH_WAIT_MS
from chassis.multipart import open_multipart
from chassis.objects import open_objects
from chassis.outbox import Relay
from chassis.produce import KafkaProducer
from chassis.service import Service, main, serve_asgi
from ingest.admission.probe import Child, no_network
from ingest.commands import Commands
from ingest.door import Door
from ingest.finish import Finisher
from ingest.http.app import make_app
from ingest.parts import PartsDoor, PartsSweep
from ingest.quota import SiteLimits
from ingest.settings import Settings
from ingest.sweep import Sweep
from ingest.uploads import Uploads

SCHEMA = "ingest"
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


async def build(service: Service, settings: Settings) -> None:
    """Put the parts together and hand their tasks to the service."""
    directory = settings.uploads_root.resolve()
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    dsn = settings.database_url.get_secret_value()
    await migrate(dsn, SCHEMA, MIGRATIONS)
    pool = await connect(dsn, SCHEMA, size=10)
    service.closing(pool.close)
    producer = KafkaProducer(settings.kafka_bootstrap, SCHEMA, settings.partitions, service.metrics)
    await producer.start()
    service.closing(producer.stop)

    objects = open_objects(settings, service.metrics)
    bucket = open_multipart(settings)
    limits = SiteLimits(settings.ingest_site_uploads, settings.ingest_site_day_bytes)
    uploads = Uploads(pool, settings.ingest_upload_ttl_s, limits)
    child = Child(
        *(settings.ingest_probe_seconds, settings.ingest_probe_memory_mb, await no_network()),
        entries=settings.ingest_max_index_entries,
    )
    finisher = Finisher(
        uploads,
        objects,
        directory,
        child=child,
        max_pixels=settings.ingest_max_pixels,
        max_streams=settings.ingest_max_streams,
        at_once=settings.ingest_admissions,
        clock=service.clock,
        metrics=service.metrics,
        log=service.log,
        bucket=bucket,
    )
    door = Door(
        *(uploads, finisher, directory),
        idle_s=settings.ingest_idle_s,
        min_free=settings.ingest_min_free_bytes,
        clock=service.clock,
    )
    parts = parts_sweep = None
    if bucket is not None:
        parts = PartsDoor(door, uploads, finisher, bucket, objects, service.clock)
        parts_sweep = PartsSweep(parts, uploads, finisher, bucket, settings.ingest_upload_ttl_s)
    app = make_app(door, settings.token_secret, settings.origins, parts)
    consumer = Consumer(
        KafkaBroker(settings.kafka_bootstrap, SCHEMA, fetch_wait_ms=PATIENT_FETCH_WAIT_MS),
        ConsumeOptions(group=settings.ingest_group, topics=("video.command",), busy_on=DISCONNECTED),
        Commands(uploads, objects, directory, service.clock, bucket),
        producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    relay = Relay(pool, producer, clock=service.clock, metrics=service.metrics, log=service.log)
    service.task("relay", relay.run)
    service.task("finish", finisher.run)
    service.task("sweep", Sweep(uploads, finisher, directory, service.clock, service.log, objects, parts_sweep).run)
    service.task("commands", consumer.run)
    service.task("http", serve_asgi(app, settings.ingest_host, settings.ingest_port))


if __name__ == "__main__":
    main(SCHEMA, Settings, build)
