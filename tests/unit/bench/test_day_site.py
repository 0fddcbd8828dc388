"""What the day expects of dispatch is what dispatch makes of the day's crops, the classifier that knows included."""

import structlog
from bench.day_dispatch import Knowing
from bench.day_site import CAMERAS, Site

from chassis.metrics import Metrics
from chassis.records import Record
from chassis.testing import ManualClock, MemoryObjects, MemoryProducer
from classifier_gateway.dispatch.ask import Asker, AskOptions
from classifier_gateway.dispatch.handle import Dispatch
from classifier_gateway.dispatch.patience import Patience
from tablewatch_schemas import CropReady, TableEvidence, decode_as


async def test_dispatch_makes_the_evidence_that_is_expected():
    site, objects, producer, clock = Site(), MemoryObjects(), MemoryProducer(), ManualClock()
    knowing, log = Knowing(Site.parse(site.to_json())), structlog.get_logger()
    await site.store(objects)
    asker = Asker(knowing, AskOptions(), clock=clock, metrics=Metrics(), log=log)
    dispatch = Dispatch(objects, asker, producer, Patience(live_s=10**6), clock=clock, metrics=Metrics(), log=log)
    expected: list[TableEvidence] = []
    for number in range(0, CAMERAS * 800, 97):
        expected += site.judged(number)
        for each in site.frame(number):
            if each.topic == CropReady.TOPIC:
                await dispatch.handle(Record(each.topic, 0, number, 0, each.key, each.value, each.headers))
    assert [decode_as(TableEvidence, each.key, each.value, each.headers).event for each in producer.sent] == expected
    assert {each.label for each in expected} == {"free", "occupied"}
