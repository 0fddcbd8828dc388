"""ingest as a process: wiring only."""

import asyncio
from pathlib import Path

import ingest.metrics
from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.database import DISCONNECTED, connect
from chassis.metrics import AUTHENTICATIONS_FAILED
from chassis.migrations import migrate
from chassis.outbox import Relay
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from dependencies.watch import watch_dependencies
from events.producers import FUSE
from ingest.admission.probe import ProbeOptions
from ingest.borrowed_body import BorrowingConnection
from ingest.http.app import make_app
from ingest.http.rate_limit import RequestLimiter
from ingest.settings import Settings
from ingest.store.quota import SiteLimits
from ingest.store.uploads import Uploads
from ingest.upload.commands import Commands
from ingest.upload.finish import Finisher
from ingest.upload.multipart import MultipartService, MultipartSweep
from ingest.upload.room import Room
from ingest.upload.service import UploadService
from ingest.upload.sweep import Sweep
from objects.multipart import open_multipart
from objects.open import open_objects, store_probe, store_space
from ratelimit.limiter import SharedLimiter
from sandbox.kernel import ISOLATION, examine_kernel
from sandbox.report import report
from tablewatch_schemas import SiteConfig, VideoCommand
from webserver.bodies import BodyBudget
from webserver.wrong_keys import WrongKeys

SCHEMA = "ingest"
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


async def build(service: Service, settings: Settings) -> None:
    """Wire the tasks of the service: HTTP, finishing, sweep, commands, outbox relay."""
    service.metrics.declare(ingest.metrics)
    directory = settings.uploads_root.resolve()
    if settings.ingest_uploads_dir is None:  # one that the operator named is made by the operator: it may be a mount
        await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    space = store_space(settings, service.clock, service.metrics)
    watch_dependencies(service, settings, database=True, store=store_probe(settings, space), uploads=directory)
    dsn = settings.database_url.get_secret_value()
    await migrate(dsn, SCHEMA, MIGRATIONS, parts=settings.migrate, clock=service.clock)
    pool = await connect(dsn, SCHEMA, size=10, clock=service.clock)
    service.on_close(pool.close)
    producer = KafkaProducer(
        settings.kafka_bootstrap, SCHEMA, settings.partitions, service.metrics, clock=service.clock
    )
    await producer.start()
    service.on_close(producer.stop)

    objects = open_objects(settings, service.metrics, service.clock)
    bucket = open_multipart(settings)
    limits = SiteLimits(settings.ingest_site_uploads, settings.ingest_site_day_bytes, settings.site_original_bytes)
    uploads = Uploads(pool, settings.ingest_upload_ttl_s, limits)
    probe = await _probe_options(service, settings)
    room = Room(directory, space, pool, min_free=settings.ingest_min_free_bytes, clock=service.clock)
    finisher = Finisher(
        *(uploads, objects, directory, room),
        probe=probe,
        max_pixels=settings.ingest_max_pixels,
        max_streams=settings.ingest_max_streams,
        at_once=settings.ingest_admissions,
        clock=service.clock,
        metrics=service.metrics,
        log=service.log,
        bucket=bucket,
    )
    upload_service = UploadService(
        *(uploads, finisher, directory, room), idle_s=settings.ingest_idle_s, clock=service.clock
    )
    multipart = multipart_sweep = None
    if bucket is not None:
        multipart = MultipartService(upload_service, uploads, finisher, bucket, objects, service.clock)
        multipart_sweep = MultipartSweep(multipart, uploads, finisher, bucket, settings.ingest_upload_ttl_s)
    shared_limits = SharedLimiter(pool, clock=service.clock, metrics=service.metrics, log=service.log)
    limiter = RequestLimiter(settings.ingest_rate_limit, settings.ingest_site_rate_limit, shared_limits)
    wrong_keys = _wrong_keys(service, settings)
    app = make_app(
        *(upload_service, settings.token_secret, settings.origins, service.clock, limiter, wrong_keys),
        BodyBudget(settings.http_body_budget_bytes),
        multipart_service=multipart,
    )
    sweep = Sweep(uploads, finisher, directory, service.clock, service.log, objects, multipart_sweep)
    consumer = _consumer(service, settings, producer, Commands(uploads, objects, directory, service.clock, bucket))
    relay = Relay(pool, producer, clock=service.clock, metrics=service.metrics, log=service.log)
    service.task("request counts", shared_limits.run)
    service.task("relay", relay.run)
    service.task("finish", finisher.run)
    service.task("sweep", sweep.run)
    service.task("commands", consumer.run)
    service.serve(app, settings.ingest_host, settings.ingest_port, BorrowingConnection)


async def _probe_options(service: Service, settings: Settings) -> ProbeOptions:
    """What an admission's child may take, and whether this kernel gives it a network namespace of its own."""
    layers = await examine_kernel()
    report(layers, service.log, service.metrics)
    return ProbeOptions(
        *(settings.ingest_probe_seconds, settings.ingest_probe_memory_mb),
        prefix=ISOLATION if layers.network_namespace else (),
        entries=settings.ingest_max_index_entries,
    )


def _wrong_keys(service: Service, settings: Settings) -> WrongKeys:
    return WrongKeys(
        settings.http_failed_keys_per_minute,
        now=service.clock.monotonic,
        count=lambda what, outcome: service.metrics.count(AUTHENTICATIONS_FAILED, what=what, outcome=outcome),
        log=service.log,
    )


def _consumer(service: Service, settings: Settings, producer: KafkaProducer, commands: Commands) -> Consumer:
    broker = KafkaBroker(settings.kafka_bootstrap, SCHEMA, clock=service.clock, metrics=service.metrics)
    options = ConsumeOptions(
        group=settings.ingest_group, topics=(VideoCommand.TOPIC, SiteConfig.TOPIC), busy_on=DISCONNECTED, fuse=FUSE
    )
    return Consumer(
        *(broker, options, commands, producer),
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )


if __name__ == "__main__":
    main(SCHEMA, Settings, build)
