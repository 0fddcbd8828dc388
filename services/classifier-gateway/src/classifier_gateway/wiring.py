"""The two roles, made from settings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from chassis.consume import ConsumeOptions, Consumer, KafkaBroker, TableReader
from chassis.fold import Fold, FoldOptions
from chassis.objects import open_objects
from chassis.produce import KafkaProducer
from chassis.service import Service
from classifier_gateway.dispatch.ask import Asker, AskOptions
from classifier_gateway.dispatch.handle import Dispatch
from classifier_gateway.dispatch.patience import Patience
from classifier_gateway.fold.narrate import narrated
from classifier_gateway.fold.row import Thresholds
from classifier_gateway.fold.step import TableFold, lane_of, tick_record
from classifier_gateway.settings import Settings
from inference import Classifier
from inference import build as build_classifier

DISPATCH_GROUP, FOLD_GROUP = "classifier-gateway-dispatch", "classifier-gateway-fold"
READS = ("crop.ready", "video.command", "camera.status", "table.signal")


async def build(service: Service, settings: Settings, *, classifier: Classifier | None = None) -> None:
    """Wire the process. `classifier` takes the place of the one that the settings name."""
    producer = KafkaProducer(settings.kafka_bootstrap, "classifier-gateway", settings.partitions, service.metrics)
    await producer.start()
    service.closing(producer.stop)
    if "dispatch" in settings.roles:
        dispatch(service, settings, producer, classifier or _classifier(settings))
    if "fold" in settings.roles:
        fold(service, settings, producer)


def _classifier(settings: Settings) -> Classifier:
    """Raises ModelMissing before set-up."""
    return build_classifier(
        settings.classifier_gateway_backend, models_dir=settings.models, threads=settings.classifier_gateway_threads
    )


def dispatch(service: Service, settings: Settings, producer: KafkaProducer, classifier: Classifier) -> None:
    """Add the role dispatch."""
    service.closing(classifier.close)
    clock, metrics, log = service.clock, service.metrics, service.log
    asking = AskOptions(
        in_flight=settings.classifier_gateway_in_flight, timeout_s=settings.classifier_gateway_timeout_s
    )
    patience = Patience(
        live_s=settings.classifier_gateway_live_deadline_s, run_s=settings.classifier_gateway_run_patience_s
    )
    asker = Asker(classifier, asking, clock=clock, metrics=metrics, log=log)
    handler = Dispatch(
        open_objects(settings, service.metrics), asker, producer, patience, clock=clock, metrics=metrics, log=log
    )
    broker = KafkaBroker(settings.kafka_bootstrap, "classifier-gateway")
    options = ConsumeOptions(group=DISPATCH_GROUP, topics=READS, busy_on=(OSError,))
    consumer = Consumer(
        broker, options, handler.handle, producer, clock=clock, metrics=metrics, health=service.health, log=log
    )
    readers = [TableReader(broker, topic, handler.learn) for topic in ("video.command", "camera.config")]
    for name, reader in zip(("commands", "cameras"), readers, strict=True):
        service.task(name, reader.run)
    service.task("dispatch", _after(readers, consumer))


def fold(service: Service, settings: Settings, producer: KafkaProducer) -> None:
    """Add the role fold."""
    defaults = Thresholds(
        enter_ms=settings.classifier_gateway_enter_ms,
        leave_ms=settings.classifier_gateway_leave_ms,
        hold_ms=settings.classifier_gateway_hold_ms,
        ttl_ms=settings.classifier_gateway_ttl_ms,
    )
    step = TableFold(defaults, round(settings.classifier_gateway_forget_s * 1000)).step
    options = FoldOptions(
        app=FOLD_GROUP,
        topic="table.evidence",
        partitions=settings.partitions,
        bootstrap=settings.kafka_bootstrap,
        datadir=settings.tablewatch_home / "faust" / FOLD_GROUP,
        lane_of=lane_of,
        tick_s=settings.classifier_gateway_tick_s,
        stalled_s=settings.classifier_gateway_stalled_s,
    )
    folding = Fold(
        options, narrated(step, service.log), producer, tick=tick_record, clock=service.clock, metrics=service.metrics,
        health=service.health, log=service.log,
    )  # fmt: skip
    service.task("fold", folding.run)


def _after(readers: list[TableReader], consumer: Consumer) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Consume once every command so far is known, so that a run deleted before a restart stays unwanted."""

    async def run(stop: asyncio.Event) -> None:
        ready: asyncio.Future[Any] = asyncio.gather(*(reader.ready() for reader in readers))
        stopped: asyncio.Future[Any] = asyncio.ensure_future(stop.wait())
        await asyncio.wait([ready, stopped], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        stopped.cancel()
        await consumer.run(stop)

    return run
