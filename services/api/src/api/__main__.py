"""`python -m api`: the HTTP server, the projector, or both."""

from datetime import timedelta

import asyncpg

from api.bootstrap import SCHEMA, bootstrap
from api.deletion.sweeper import Sweeper, Times
from api.events.hub import Hub
from api.http.app import create_app
from api.http.parts import Parts
from api.live_crops import LiveCrops
from api.project.measure import JobMeter
from api.project.projector import Projector, Tools
from api.settings import ApiSettings
from api.store import wall
from api.store.wall import Wall
from chassis.database import connect, migrate
from chassis.kafka import KafkaBroker
from chassis.links import LinkSigner
from chassis.objects import open_objects
from chassis.outbox import Relay
from chassis.produce import KafkaProducer
from chassis.service import Service, main, serve_asgi


async def build(service: Service, settings: ApiSettings) -> None:
    """Put the process together."""
    dsn = settings.database_url.get_secret_value()
    await migrate(dsn, SCHEMA, settings.api_migrations, settings=wall.OWNER)
    pool = await connect(dsn, SCHEMA, size=10, settings=wall.OWNER)
    service.closing(pool.close)
    if settings.api_bootstrap_key is not None:
        async with pool.acquire() as conn:
            await bootstrap(conn, settings.api_bootstrap_key.get_secret_value(), service.clock)
    producer = KafkaProducer(settings.kafka_bootstrap, "api", settings.partitions, service.metrics)
    await producer.start()
    service.closing(producer.stop)
    relay = Relay(pool, producer, clock=service.clock, metrics=service.metrics, log=service.log)
    service.task("outbox", relay.run)
    second = await wall.build(pool)
    if "http" in settings.roles:
        _serve(service, settings, second)
    if "projector" in settings.roles:
        _project(service, settings, pool, producer)


def _serve(service: Service, settings: ApiSettings, second: Wall) -> None:
    settings.check_secrets()
    hub = Hub(second.pool, service.clock, service.metrics, service.log)
    parts = Parts(
        settings=settings,
        wall=second,
        objects=open_objects(settings, service.metrics),
        signer=LinkSigner(settings.link_secret, settings.public_url),
        hub=hub,
        clock=service.clock,
        metrics=service.metrics,
        live_crops=LiveCrops(KafkaBroker(settings.kafka_bootstrap, "api-http"), settings.partitions),
    )
    service.task("events", hub.run)
    service.task("http", serve_asgi(create_app(parts), settings.api_host, settings.api_port))


def _project(service: Service, settings: ApiSettings, pool: asyncpg.Pool, producer: KafkaProducer) -> None:
    tools = Tools(
        broker=KafkaBroker(settings.kafka_bootstrap, "api-projector"),
        pool=pool,
        dead_letters=producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
        partitions=settings.partitions,
        most=settings.api_batch_records,
    )
    times = Times(
        every_s=settings.api_sweep_every_s,
        patience_s=settings.api_sweep_patience_s,
        late=timedelta(hours=settings.api_late_sweep_h),
        keep_events=timedelta(hours=settings.api_events_kept_h),
        keep_history=timedelta(days=settings.api_history_kept_d),
    )
    sweeper = Sweeper(pool, open_objects(settings, service.metrics), times, service.clock, service.log)
    service.task("jobs", JobMeter(pool, settings.api_job_stuck_s, service.clock, service.metrics).run)
    service.task("projector", Projector(tools).run)
    service.task("sweeper", sweeper.run)


if __name__ == "__main__":
    main("api", ApiSettings, build)
