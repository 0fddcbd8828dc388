"""python -m cropper"""

import events.metrics
from chassis.clock import Clock
from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from cropper.events import Limits
from cropper.frame_crops import FrameCropper
from cropper.handle import Handler
from cropper.settings import Settings
from dependencies.watch import watch_dependencies
from events.consume import after_tables
from events.producers import FUSE
from events.runs import UnwantedRuns
from events.table import TableReader
from objects.open import open_objects, store_probe
from objects.store import ObjectStore

GROUP = "cropper"
TOPICS = ("frame.extracted", "video.command")


async def build(service: Service, settings: Settings) -> None:
    """Wire the process."""
    service.metrics.declare(events.metrics)
    watch_dependencies(service, settings, store=store_probe(settings))
    broker = KafkaBroker(settings.kafka_bootstrap, "cropper", clock=service.clock, metrics=service.metrics)
    producer = KafkaProducer(
        settings.kafka_bootstrap, "cropper", settings.partitions, service.metrics, clock=service.clock
    )
    await producer.start()
    service.on_close(producer.stop)
    objects = open_objects(settings, service.metrics, service.clock)
    unwanted = UnwantedRuns()
    handler = Handler(
        objects,
        _frame_cropper(objects, settings, service.clock),
        producer,
        unwanted,
        clock=service.clock,
        metrics=service.metrics,
        log=service.log,
    )
    options = ConsumeOptions(
        group=GROUP, topics=TOPICS, in_flight=settings.cropper_in_flight, busy_on=(OSError,), fuse=FUSE
    )
    consumer = Consumer(
        broker, options, handler.handle, producer,
        clock=service.clock, metrics=service.metrics, health=service.health, log=service.log,
    )  # fmt: skip
    commands = TableReader(broker, "video.command", unwanted.apply_record, health=service.health, clock=service.clock)
    service.task("commands", commands.run)
    service.task("consume", after_tables([commands], consumer))


def _frame_cropper(objects: ObjectStore, settings: Settings, clock: Clock) -> FrameCropper:
    limits = Limits(mean=settings.cropper_changed_at, spot=settings.cropper_spot_changed_at)
    return FrameCropper(
        objects, settings.cropper_threads, limits=limits, reused_ms=settings.cropper_reused_ms, clock=clock
    )


if __name__ == "__main__":
    main("cropper", Settings, build)
