"""Wiring: the dependencies of a service become its readiness checks."""

from pathlib import Path

from chassis.service import Service
from chassis.settings import ServiceSettings
from dependencies.broker import BrokerProbe
from dependencies.checks import DependencyChecks, Probe
from dependencies.database import DatabaseProbe
from dependencies.directory import UPLOADS_DIRECTORY, DirectoryProbe
from dependencies.errors import BrokerUnreachable, DatabaseUnreachable, StoreUnreachable, UploadsUnreachable


def watch_dependencies(
    service: Service,
    settings: ServiceSettings,
    *,
    database: bool = False,
    store: Probe | None = None,
    uploads: Path | None = None,
) -> None:
    """Check the broker, and what else the service uses, from now on: call it before anything that waits for them.

    `store` asks the object store (`objects.open.store_probe`), `uploads` is the directory of uploads under way.
    """
    checks = DependencyChecks(service.health, service.metrics, service.clock, service.log)
    broker = BrokerProbe(settings.kafka_bootstrap)
    service.on_close(broker.close)
    checks.add(BrokerUnreachable, broker)
    if database:
        postgres = DatabaseProbe(settings.database_url.get_secret_value())
        service.on_close(postgres.close)
        checks.add(DatabaseUnreachable, postgres)
    if store is not None:
        checks.add(StoreUnreachable, store)
    if uploads is not None:
        checks.add(UploadsUnreachable, DirectoryProbe(uploads, UPLOADS_DIRECTORY))
    service.on_close(checks.close)
