"""The evidence that the day expects is what dispatch makes of its crops and its classifier."""

import structlog
from bench.day_dispatch import KnownVerdicts
from bench.day_site import CAMERAS, Site
from tests.support.doubles import ManualClock, MemoryProducer

from chassis.metrics import Metrics
from chassis.records import Record
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dispatch.deadlines import Deadlines
from classifier_gateway.dispatch.handle import Handler
from events.cameras import CameraLayouts
from events.runs import UnwantedRuns
from objects.testing import MemoryObjects
from tablewatch_schemas import CropReady, TableEvidence, decode_as


async def test_dispatch_makes_the_evidence_that_is_expected():
    site, objects, producer, clock = Site(), MemoryObjects(), MemoryProducer(), ManualClock()
    classifier, log = KnownVerdicts(Site.parse(site.to_json())), structlog.get_logger()
    await site.store(objects)
    options = ClientOptions(in_flight=2, timeout_s=15)
    client = ClassifierClient(classifier, options, clock=clock, metrics=Metrics(), log=log)
    handler = Handler(
        objects, client, producer, Deadlines(live_s=10**6, run_s=600), UnwantedRuns(), CameraLayouts(),
        clock=clock, metrics=Metrics(),
    )  # fmt: skip
    expected: list[TableEvidence] = []
    for number in range(0, CAMERAS * 800, 97):
        expected += site.expected_evidence(number)
        for each in site.frame(number):
            if each.topic == CropReady.TOPIC:
                await handler.handle(Record(each.topic, 0, number, 0, each.key, each.value, each.headers))
    assert [decode_as(TableEvidence, each.key, each.value, each.headers).event for each in producer.sent] == expected
    assert {each.label for each in expected} == {"free", "occupied"}
