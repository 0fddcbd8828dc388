"""python -m hazard"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from chassis.consume import ConsumeOptions, Consumer, KafkaBroker, TableReader
from chassis.fold import Fold
from chassis.fold_faust import FoldOptions
from chassis.objects import open_objects
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from hazard.detect.floor import FloorOptions
from hazard.detect.handle import TOPICS, Detect
from hazard.detect.look import Looker
from hazard.detect.people import finder
from hazard.follow.narrate import narrated
from hazard.follow.rules import Limits
from hazard.follow.step import lane_of, step
from hazard.follow.ticks import Ticks
from hazard.settings import Settings

DETECT = "hazard-detect"
FOLLOW = "hazard-follow"


async def build(service: Service, settings: Settings) -> None:
    """Wire the process."""
    producer = KafkaProducer(settings.kafka_bootstrap, "hazard", settings.partitions, service.metrics)
    service.closing(producer.stop)
    await producer.start()
    if "detect" in settings.hazard_roles:
        _detect(service, settings, producer)
    if "follow" in settings.hazard_roles:
        _follow(service, settings, producer)


def _detect(service: Service, settings: Settings, producer: KafkaProducer) -> None:
    broker = KafkaBroker(settings.kafka_bootstrap, DETECT)
    threads = ThreadPoolExecutor(settings.hazard_threads, thread_name_prefix="look")
    objects = open_objects(settings, service.metrics)
    looker = Looker(objects, finder(settings.models_root), threads, FloorOptions(), service.metrics)
    detect = Detect(
        broker,
        looker,
        producer,
        streams=settings.hazard_streams,
        rebuild_frames=settings.hazard_rebuild_frames,
        beat=partial(service.health.beat, f"consumer {DETECT}"),
        metrics=service.metrics,
        log=service.log,
    )
    consumer = Consumer(
        broker,
        ConsumeOptions(group=DETECT, topics=TOPICS, busy_on=(OSError,)),
        detect.handle,
        producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    commands = TableReader(broker, "video.command", detect.learn_command)
    statuses = TableReader(broker, "camera.status", detect.learn_status)
    service.task("commands", commands.run)
    service.task("statuses", statuses.run)
    service.task(DETECT, after((commands, statuses), consumer))


def _follow(service: Service, settings: Settings, producer: KafkaProducer) -> None:
    limits = Limits(
        coloured_ms=settings.hazard_coloured_ms, grey_ms=settings.hazard_grey_ms, expire_ms=settings.hazard_expire_ms
    )
    options = FoldOptions(
        app=FOLLOW,
        topic="hazard.candidate",
        also=("hazard.command",),
        partitions=settings.partitions,
        bootstrap=settings.kafka_bootstrap,
        datadir=settings.tablewatch_home / "faust" / FOLLOW,
        lane_of=lane_of,
    )
    fold = Fold(
        options,
        narrated(partial(step, limits=limits), service.log),
        producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    ticks = Ticks(fold, producer, settings.partitions, settings.hazard_tick_s, service.clock)
    service.task(FOLLOW, fold.run)
    service.task("ticks", ticks.run)


def after(readers: tuple[TableReader, ...], consumer: Consumer) -> Callable[[asyncio.Event], Awaitable[None]]:
    """Consume once the tables are read, so that a run deleted before a restart stays unwanted."""

    async def run(stop: asyncio.Event) -> None:
        stopped = asyncio.create_task(stop.wait())
        for reader in readers:
            known = asyncio.create_task(reader.ready())
            await asyncio.wait({known, stopped}, return_when=asyncio.FIRST_COMPLETED)
            known.cancel()
        stopped.cancel()
        await consumer.run(stop)

    return run


if __name__ == "__main__":
    main("hazard", Settings, build)
