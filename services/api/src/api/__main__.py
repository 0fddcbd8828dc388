"""`python -m api`: the HTTP server, the projector, or both."""

from datetime import timedelta

import asyncpg

import api.metrics
from api.bootstrap import ensure_admin_key, open_database
from api.events.hub import Hub
from api.events.judged import Judged
from api.events.views import Views
from api.http.app import create_app, warm_up
from api.http.consumer_groups import ConsumerGroups
from api.http.dependencies import HttpDependencies
from api.http.layout_pulls import LayoutPulls
from api.http.nightly_scores import NightlyScores
from api.model.deletion import SweepOptions
from api.model.parts import groups_of, services
from api.project.job_metrics import JobMetrics
from api.project.live_crops import LiveCrops
from api.project.projector import Dependencies, Projector
from api.project.storage_metrics import StorageMetrics
from api.project.sweeper import Sweeper
from api.settings import ApiSettings
from api.store import row_security
from api.store.row_security import RowSecurity
from chassis.kafka import KafkaBroker
from chassis.outbox import Relay
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from dependencies.watch import watch_dependencies
from events.live_cuts import LiveCuts
from objects.links import LinkSigner
from objects.open import open_objects, store_probe, store_space

POOL_SIZE = 10


async def build(service: Service, settings: ApiSettings) -> None:
    """Wire the roles of this process."""
    service.metrics.declare(api.metrics)
    # Every role uses the store: HTTP serves its objects, the sweeper beside the projector deletes them
    watch_dependencies(service, settings, database=True, store=store_probe(settings))
    pool = await open_database(settings, size=POOL_SIZE, clock=service.clock)
    service.on_close(pool.close)
    if settings.api_bootstrap_key is not None:
        await ensure_admin_key(pool, settings.api_bootstrap_key.get_secret_value(), service.clock)
    database = await row_security.enable(pool)
    producer = KafkaProducer(settings.kafka_bootstrap, "api", settings.partitions, service.metrics, clock=service.clock)
    await producer.start()
    service.on_close(producer.stop)
    relay = Relay(pool, producer, clock=service.clock, metrics=service.metrics, log=service.log)
    service.task("outbox", relay.run)
    if "http" in settings.roles:
        await _add_http(service, settings, database)
    if "projector" in settings.roles:
        _add_projector(service, settings, pool, producer)
        _add_sweeper(service, settings, pool)
        usage = StorageMetrics(
            *(pool, settings.storage_limits, settings.api_upload_ttl_s), clock=service.clock, metrics=service.metrics
        )
        service.task("usage", usage.run)


async def _add_http(service: Service, settings: ApiSettings, database: RowSecurity) -> None:
    settings.check_secrets()
    hub = Hub(database.pool, service.clock, service.metrics, service.log)
    broker = KafkaBroker(settings.kafka_bootstrap, "api-http", clock=service.clock, metrics=service.metrics)
    objects = open_objects(settings, service.metrics, service.clock)
    judged = Judged(LiveCuts(broker, settings.partitions), objects)
    wanted = groups_of(services(settings.api_ingest_groups))
    groups = ConsumerGroups(settings.kafka_bootstrap, wanted, service.clock)
    service.on_close(groups.close)
    views = Views(broker, judged, settings.api_link_ttl_s, service.health, service.clock, service.log)
    deps = HttpDependencies(
        settings=settings,
        row_security=database,
        objects=objects,
        space=store_space(settings, service.clock, service.metrics),
        signer=LinkSigner(settings.link_secret, settings.public_url),
        hub=hub,
        clock=service.clock,
        metrics=service.metrics,
        live_crops=LiveCrops(LiveCuts(broker, settings.partitions)),
        judged=judged,
        views=views,
        groups=groups,
        complaints=service.health.unready,
    )
    service.task("events", hub.run)
    service.task("views", views.run)
    service.task("layout pulls", LayoutPulls(deps, settings.outbound_policy, service.log).run)
    service.task("nightly scores", NightlyScores(deps, service.log).run)
    app = create_app(deps)
    service.task("request counts", app.state.limiter.shared.run)
    await warm_up(app)
    service.serve(app, settings.api_host, settings.api_port)


def _add_projector(service: Service, settings: ApiSettings, pool: asyncpg.Pool, producer: KafkaProducer) -> None:
    needs = Dependencies(
        broker=KafkaBroker(settings.kafka_bootstrap, "api-projector", clock=service.clock, metrics=service.metrics),
        pool=pool,
        dead_letters=producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
        partitions=settings.partitions,
        max_records=settings.api_batch_records,
    )
    job_metrics = JobMetrics(pool, settings.api_job_stuck_s, service.clock, service.metrics)
    service.task("jobs", job_metrics.run)
    service.task("projector", Projector(needs).run)


def _add_sweeper(service: Service, settings: ApiSettings, pool: asyncpg.Pool) -> None:
    options = SweepOptions(
        every_s=settings.api_sweep_every_s,
        owners_s=settings.api_sweep_patience_s,
        late=timedelta(hours=settings.api_late_sweep_h),
        event_retention=timedelta(hours=settings.api_events_kept_h),
        history_retention=timedelta(days=settings.api_history_kept_d),
    )
    objects = open_objects(settings, service.metrics, service.clock)
    service.task("sweeper", Sweeper(pool, objects, options, service.clock, service.log).run)


if __name__ == "__main__":
    main("api", ApiSettings, build)
