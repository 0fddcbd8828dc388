"""python -m hazard"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from chassis.consume import ConsumeOptions, Consumer, KafkaBroker
from chassis.produce import KafkaProducer
from chassis.service import Service, main
from dependencies.watch import watch_dependencies
from events.consume import after_tables
from events.producers import FUSE
from events.runs import UnwantedRuns
from events.table import TableReader
from folding.fold import Fold
from folding.options import FoldOptions
from hazard.detect.cameras import BlindCameras
from hazard.detect.floor import FloorOptions
from hazard.detect.handle import TOPICS, Handler
from hazard.detect.inspect import Inspector
from hazard.detect.judged import Judgements
from hazard.follow.log import with_logging
from hazard.follow.rules import Timings
from hazard.follow.step import step
from hazard.follow.ticks import Ticks
from hazard.settings import Settings
from inference import build_detector
from objects.open import open_objects, store_probe
from tablewatch_schemas.keys import lane_of_key

DETECT = "hazard-detect"
FOLLOW = "hazard-follow"


async def build(service: Service, settings: Settings) -> None:
    """Wire the process."""
    watch_dependencies(service, settings, store=store_probe(settings) if "detect" in settings.hazard_roles else None)
    producer = KafkaProducer(
        settings.kafka_bootstrap, "hazard", settings.partitions, service.metrics, clock=service.clock
    )
    service.on_close(producer.stop)
    await producer.start()
    if "detect" in settings.hazard_roles:
        _detect(service, settings, producer)
    if "follow" in settings.hazard_roles:
        _follow(service, settings, producer)


def _detect(service: Service, settings: Settings, producer: KafkaProducer) -> None:
    broker = KafkaBroker(settings.kafka_bootstrap, DETECT, clock=service.clock, metrics=service.metrics)
    unwanted, blind = UnwantedRuns(), BlindCameras()
    objects = open_objects(settings, service.metrics, service.clock)
    inspector = Inspector(
        objects,
        build_detector(settings.models_root).detect,
        Judgements(objects, settings.hazard_judgement_wait_ms / 1000, service.clock),
        ThreadPoolExecutor(settings.hazard_threads, thread_name_prefix="inspect"),
        FloorOptions(),
        service.metrics,
    )
    handler = Handler(
        broker,
        inspector,
        producer,
        unwanted,
        blind,
        streams=settings.hazard_streams,
        rebuild_frames=settings.hazard_rebuild_frames,
        beat=partial(service.health.beat, f"consumer {DETECT}"),
        metrics=service.metrics,
        log=service.log,
    )
    consumer = Consumer(
        broker,
        ConsumeOptions(group=DETECT, topics=TOPICS, busy_on=(OSError,), fuse=FUSE),
        handler.handle,
        producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    commands = TableReader(broker, "video.command", unwanted.apply_record, health=service.health, clock=service.clock)
    statuses = TableReader(broker, "camera.status", blind.apply_record, health=service.health, clock=service.clock)
    service.task("commands", commands.run)
    service.task("statuses", statuses.run)
    service.task(DETECT, after_tables([commands, statuses], consumer))


def _follow(service: Service, settings: Settings, producer: KafkaProducer) -> None:
    timings = Timings(
        coloured_ms=settings.hazard_coloured_ms, grey_ms=settings.hazard_grey_ms, expire_ms=settings.hazard_expire_ms
    )
    options = FoldOptions(
        group=FOLLOW,
        topic="hazard.candidate",
        extra_topics=("hazard.command",),
        partitions=settings.partitions,
        bootstrap=settings.kafka_bootstrap,
        datadir=settings.tablewatch_home / "faust" / FOLLOW,
        lane_of=lane_of_key,
        fuse=FUSE,
    )
    fold = Fold(
        options,
        with_logging(partial(step, timings=timings), service.log),
        producer,
        clock=service.clock,
        metrics=service.metrics,
        health=service.health,
        log=service.log,
    )
    ticks = Ticks(fold, producer, settings.partitions, settings.hazard_tick_s, service.clock)
    service.task(FOLLOW, fold.run)
    service.task("ticks", ticks.run)


if __name__ == "__main__":
    main("hazard", Settings, build)
