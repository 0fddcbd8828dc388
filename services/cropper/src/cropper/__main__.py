"""python -m cropper"""

import asyncio
from collections.abc import Awaitable, Callable

from chassis.consume import ConsumeOptions, Consumer, KafkaBroker, TableReader
from chassis.objects import open_objects
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from cropper.handle import Handler
from cropper.pictures import Pictures
from cropper.settings import Settings

TOPICS = ("frame.extracted", "video.command")


async def build(service: Service, settings: Settings) -> None:
    """Wire the process."""
    broker = KafkaBroker(settings.kafka_bootstrap, "cropper")
    producer = KafkaProducer(settings.kafka_bootstrap, "cropper", settings.partitions, service.metrics)
    await producer.start()
    service.closing(producer.stop)
    objects = open_objects(settings, service.metrics)
    handler = Handler(
        objects,
        Pictures(objects, settings.cropper_threads),
        producer,
        changed_at=settings.cropper_changed_at,
        clock=service.clock,
        metrics=service.metrics,
        log=service.log,
    )
    options = ConsumeOptions(group="cropper", topics=TOPICS, in_flight=settings.cropper_in_flight, busy_on=(OSError,))
    consumer = Consumer(
        broker, options, handler.handle, producer,
        clock=service.clock, metrics=service.metrics, health=service.health, log=service.log,
    )  # fmt: skip
    commands = TableReader(broker, "video.command", handler.learn)
    service.task("commands", commands.run)
    service.task("consume", after(commands, consumer))


def after(commands: TableReader, consumer: Consumer) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Consume once every command so far is known, so that a run deleted before a restart stays unwanted."""

    async def run(stop: asyncio.Event) -> None:
        waiting = asyncio.create_task(commands.ready()), asyncio.create_task(stop.wait())
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        await consumer.run(stop)

    return run


if __name__ == "__main__":
    main("cropper", Settings, build)
