"""python -m classifier_gateway"""

import classifier_gateway.metrics
import events.metrics
from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.produce import KafkaProducer
from chassis.records import Record
from chassis.service import Service, main
from classifier_gateway.classifier import open_or_end
from classifier_gateway.dispatch.choices import DetectorChoices
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dispatch.deadlines import Deadlines
from classifier_gateway.dispatch.gate import Gate
from classifier_gateway.dispatch.handle import Handler
from classifier_gateway.dry_runs import DryRuns
from classifier_gateway.fold.log import with_logging
from classifier_gateway.fold.step import TableFold, tick_message
from classifier_gateway.settings import Settings
from dependencies.watch import watch_dependencies
from events.cameras import CameraLayouts
from events.consume import after_tables
from events.producers import FUSE
from events.recent import RecentFrames
from events.runs import UnwantedRuns
from events.table import TableReader
from folding.fold import Fold
from folding.options import FoldOptions
from inference import Classifier
from objects.open import open_objects, store_probe
from tablewatch_schemas.keys import lane_of_key

DISPATCH = "classifier-gateway-dispatch"
FOLD = "classifier-gateway-fold"
TOPICS = ("crop.ready", "video.command", "camera.status", "camera.config", "table.signal", "frame.command")


async def build(service: Service, settings: Settings, *, classifier: Classifier | None = None) -> None:
    """Wire the process. `classifier` takes the place of the one that the settings name."""
    service.metrics.declare(events.metrics, classifier_gateway.metrics)
    watch_dependencies(service, settings, store=store_probe(settings) if "dispatch" in settings.roles else None)
    producer = KafkaProducer(
        settings.kafka_bootstrap, "classifier-gateway", settings.partitions, service.metrics, clock=service.clock
    )
    await producer.start()
    service.on_close(producer.stop)
    if "dispatch" in settings.roles:
        choices = DetectorChoices()
        _dispatch(service, settings, producer, choices, classifier or open_or_end(service, settings, choices))
    if "fold" in settings.roles:
        _fold(service, settings, producer)


def _dispatch(
    service: Service, settings: Settings, producer: KafkaProducer, choices: DetectorChoices, classifier: Classifier
) -> None:
    service.on_close(classifier.close)
    broker = KafkaBroker(settings.kafka_bootstrap, "classifier-gateway", clock=service.clock, metrics=service.metrics)
    unwanted, layouts = UnwantedRuns(), CameraLayouts()
    client = ClassifierClient(
        classifier,
        ClientOptions(in_flight=settings.classifier_gateway_in_flight, timeout_s=settings.classifier_gateway_timeout_s),
        clock=service.clock,
        metrics=service.metrics,
        log=service.log,
    )
    recent = RecentFrames("judged", service.clock, service.metrics)
    service.task("recent", recent.run)
    objects = open_objects(settings, service.metrics, service.clock)
    dry_runs = DryRuns(objects, client, settings.live_thresholds, clock=service.clock, metrics=service.metrics)
    handler = Handler(
        objects,
        client,
        producer,
        Deadlines(live_s=settings.classifier_gateway_live_deadline_s, run_s=settings.classifier_gateway_run_patience_s),
        unwanted,
        layouts,
        gate=_gate(settings),
        recent=recent,
        has_newer=lambda record: consumer.has_newer(record),
        dry_run=dry_runs.look,
        clock=service.clock,
        metrics=service.metrics,
    )
    consumer = Consumer(
        broker,
        ConsumeOptions(group=DISPATCH, topics=TOPICS, busy_on=(OSError,), fuse=FUSE),
        handler.handle,
        producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    commands = TableReader(broker, "video.command", unwanted.apply_record, health=service.health, clock=service.clock)

    def configured(record: Record) -> None:
        layouts.apply_record(record)
        choices.apply_record(record)

    cameras = TableReader(broker, "camera.config", configured, health=service.health, clock=service.clock)
    sites = TableReader(broker, "site.config", choices.apply_record, health=service.health, clock=service.clock)
    service.task("commands", commands.run)
    service.task("cameras", cameras.run)
    service.task("sites", sites.run)
    service.task("dispatch", after_tables([commands, cameras, sites], consumer))


def _gate(settings: Settings) -> Gate:
    gated_ms = settings.classifier_gateway_gated_ms if settings.classifier_gateway_gate else 0
    return Gate(gated_ms, settings.live_thresholds)


def _fold(service: Service, settings: Settings, producer: KafkaProducer) -> None:
    step = TableFold(settings.live_thresholds, settings.forget_ms, settings.classifier_gateway_gated_ms).step
    options = FoldOptions(
        group=FOLD,
        topic="table.evidence",
        partitions=settings.partitions,
        bootstrap=settings.kafka_bootstrap,
        datadir=settings.tablewatch_home / "faust" / FOLD,
        lane_of=lane_of_key,
        fuse=FUSE,
        tick_s=settings.classifier_gateway_tick_s,
        stall_timeout_s=settings.classifier_gateway_stalled_s,
    )
    fold = Fold(
        options,
        with_logging(step, service.log),
        producer,
        tick=tick_message,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    service.task("fold", fold.run)


if __name__ == "__main__":
    main("classifier-gateway", Settings, build)
