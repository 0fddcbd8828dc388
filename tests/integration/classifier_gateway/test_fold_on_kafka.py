"""The fold on real Kafka: killed between acknowledgement and row, restarted, recovered, taken over."""

import asyncio
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from tests.integration.classifier_gateway.fold_process import THRESHOLDS
from tests.unit.classifier_gateway.evidence_making import evidence, record
from tests.unit.classifier_gateway.test_fold_replay import Rows, run

from chassis.kafka import KafkaBroker
from chassis.metrics import Metrics
from chassis.produce import KafkaProducer
from chassis.records import Message
from classifier_gateway.fold.step import TableFold
from tablewatch_schemas import TableEvidence, decode, encode, from_ms, to_ms

ROOT = Path(__file__).resolve().parents[3]


class Bench:
    """Topics of its own, processes of the fold, and the states that they publish."""

    def __init__(self, bootstrap: str, home: Path) -> None:
        self.bootstrap, self.home = bootstrap, home
        self.app = f"fold-{uuid.uuid4().hex[:8]}"
        self.topic = f"{self.app}.evidence"
        self.producer = KafkaProducer(bootstrap, "bench", 6, Metrics())
        self.running: list[asyncio.subprocess.Process] = []

    async def prepare(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await admin.start()
        compact = {"cleanup.policy": "compact"}
        await admin.create_topics([
            NewTopic(self.topic, 6, 1),
            NewTopic(f"{self.app}-rows-changelog", 6, 1, topic_configs=compact),
            NewTopic(f"{self.topic}.{self.app}.dlq", 1, 1),
        ])  # fmt: skip
        await admin.close()
        await self.producer.start()

    async def close(self) -> None:
        for process in self.running:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await self.producer.stop()

    async def start(self, die_after: int = 0, ahead: int = 500) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.integration.classifier_gateway.fold_process",
            self.bootstrap, self.app, self.topic, str(self.home / "faust"), str(die_after), str(ahead),
            cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self.running.append(process)
        return process

    async def publish(self, events: list[TableEvidence]) -> None:
        made = [encode(each, source="tablewatch/test", time=each.captured_at) for each in events]
        await self.producer.send_all([
            Message(topic=self.topic, key=each.key, value=each.value, headers=each.headers, lane=each.lane)
            for each in made
        ])  # fmt: skip

    async def states(self, done, timeout_s: float = 60) -> list[tuple[str, bytes, object]]:
        """(id, value, event) of table.state in order of arrival, until `done(events of ours)`."""
        subscription = await KafkaBroker(self.bootstrap, "bench").read("table.state")
        found: list[tuple[str, bytes, object]] = []
        until = asyncio.get_running_loop().time() + timeout_s
        try:
            while asyncio.get_running_loop().time() < until:
                for each in await subscription.poll(0.2, 500):
                    event = decode(each.topic, each.key, each.value, each.headers).event
                    if event is not None and event.table_id.startswith(self.app):
                        found.append((dict(each.headers)["ce_id"].decode(), each.value or b"", event))
                if done([event for _, _, event in found]):
                    return found
            raise AssertionError(f"only {[(e.table_id, e.version, e.state) for _, _, e in found]}")
        finally:
            await subscription.close()

    def story(self, table: str, start: int = 0, stop: int = 40, end: bool = True) -> list[TableEvidence]:
        """Free, then taken, then free, one verdict a second, in a run."""
        name = f"{self.app}-{table}"
        labels = ["free"] * 6 + ["occupied"] * 14 + ["free"] * 20
        events = [evidence(at=at, label=labels[at], table=name) for at in range(start, stop)]
        return [*events, evidence("end", stop - 1, table=name)] if end else events


@pytest.fixture
async def bench(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(kafka_bootstrap, tmp_path)
    await made.prepare()
    yield made
    await made.close()


def ended(*tables: str):
    return lambda events: sum(event.last for event in events) >= len(tables)


def expected(*stories: list[TableEvidence]) -> dict[str, bytes]:
    """What the pure fold makes, without Kafka."""
    from tests.unit.classifier_gateway import test_fold_replay

    fold, test_fold_replay.FOLD = test_fold_replay.FOLD, TableFold(THRESHOLDS, 60_000)
    try:
        states = [run([record(each) for each in story], Rows(), 0, len(story))[0] for story in stories]
    finally:
        test_fold_replay.FOLD = fold
    return {ident.decode(): values[1] for outputs in states for ident, values in outputs}


@pytest.mark.parametrize("ahead", [1, 12, 500])
async def test_killed_between_acknowledgement_and_row_it_republishes_and_never_contradicts(bench: Bench, ahead: int):
    """One record after the other, a few of them, or all that arrived are acknowledged and not written at the kill."""
    stories = [bench.story(table) for table in "abc"]
    for number in range(40):
        await bench.publish([story[number] for story in stories])
    for die_after in (2, 3) if ahead < 100 else (1, 1):
        killed = await bench.start(die_after, ahead)
        assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    await bench.start(ahead=ahead)
    await bench.publish([story[40] for story in stories])
    states = await bench.states(ended(*"abc"), 90)
    assert {ident: value for ident, value, _ in states} == expected(*stories)
    assert len({(ident, value) for ident, value, _ in states}) == len({ident for ident, _, _ in states})
    assert len(states) > len({ident for ident, _, _ in states}), "nothing was republished: the kills had no effect"


async def test_rows_survive_a_restart_and_sigterm_leaves_soon(bench: Bench):
    first = await bench.start()
    await bench.publish(bench.story("t", 0, 30, end=False))
    await bench.states(lambda events: any(event.version == 2 for event in events))
    await asyncio.sleep(1.5)
    first.terminate()
    assert await asyncio.wait_for(first.wait(), 10) == 0
    await bench.start()
    await bench.publish(bench.story("t", 30, 40))
    states = await bench.states(ended("t"))
    versions = [event.version for _, _, event in states]
    assert sorted(set(versions)) == list(range(1, max(versions) + 1))
    assert {ident: value for ident, value, _ in states} == expected(bench.story("t"))


async def test_bad_evidence_is_a_dead_letter_and_the_rest_goes_on(bench: Bench):
    await bench.start()
    await bench.publish(bench.story("t", 0, 6, end=False))
    good = encode(bench.story("t")[6], source="tablewatch/test", time=datetime.now(UTC))
    await bench.producer.send(Message(topic=bench.topic, key=good.key, value=b"{", headers=good.headers, lane="run"))
    await bench.producer.send(Message(topic=bench.topic, key=b"wrong", value=good.value, headers=good.headers))
    await bench.publish(bench.story("t", 6, 40))
    states = await bench.states(ended("t"))
    assert {ident: value for ident, value, _ in states} == expected(bench.story("t"))
    letters = await KafkaBroker(bench.bootstrap, "bench").read(f"{bench.topic}.{bench.app}.dlq")
    codes: list[bytes] = []
    while len(codes) < 2:
        codes += [dict(each.headers)["dlq-reason-code"] for each in await letters.poll(1, 10)]
    await letters.close()
    assert sorted(codes) == [b"not_json", b"wrong_key"]


async def test_a_live_table_grows_stale_by_ticks(bench: Bench):
    await bench.start()
    table, now = f"{bench.app}-live", to_ms(datetime.now(UTC))
    seen = [evidence(label="occupied", run=None, table=table, captured_at=from_ms(now + at)) for at in (-3500, 0)]
    await bench.publish(seen)
    states = await bench.states(lambda events: any(event.reason == "stale" for event in events))
    assert [(event.state, event.reason) for _, _, event in states] == [("occupied", "evidence"), ("unknown", "stale")]
    assert to_ms(states[1][2].since) == now + THRESHOLDS.ttl_ms


async def test_two_cameras_on_one_table_are_counted_also_across_a_kill(bench: Bench):
    """They agree, they disagree, one gets dark, the other is in doubt. Ahead of the clock: no tick ages the table."""
    table, start = f"{bench.app}-shared", to_ms(datetime.now(UTC)) + 600_000
    said = [("free", "free")] * 5 + [("occupied", "free")] * 6 + [("occupied", None)] * 5 + [("unknown", None)] * 5

    def at(second: int, camera: str, kind: str, label: str, **changes) -> TableEvidence:
        when = from_ms(start + second * 1000)
        return evidence(kind, 0, label, run=None, table=table, camera=camera, captured_at=when, **changes)

    story: list[TableEvidence] = []
    for second, labels in enumerate(said):
        if second == 11:
            story.append(at(second, "cam_b", "camera", "unknown", reason="dark: no light"))
        story += [
            at(second, camera, "verdict", label, zone_pixels=9000, reason="person_outside_zone")
            for camera, label in zip(("cam_a", "cam_b"), labels, strict=True)
            if label is not None
        ]
    await bench.publish(story)
    killed = await bench.start(2, 1)
    assert await asyncio.wait_for(killed.wait(), 60) == -signal.SIGKILL
    await bench.start(ahead=1)
    states = await bench.states(lambda events: any(event.reason == "person_outside_zone" for event in events), 90)
    assert {ident: value for ident, value, _ in states} == expected(story)
    told = {event.version: (event.state, event.reason) for _, _, event in states}
    assert [told[version] for version in sorted(told) if told[version][1] != "refresh"] == [
        ("free", "evidence"), ("unknown", "cameras_disagree"), ("occupied", "evidence"),
        ("unknown", "person_outside_zone"),
    ]  # fmt: skip
    votes = {vote.camera_id: (vote.label, vote.excluded) for vote in states[-1][2].votes}
    assert votes == {"cam_a": ("unknown", None), "cam_b": ("free", "blind")}


async def test_one_of_two_is_killed_under_load_and_the_other_takes_over(bench: Bench):
    tables = [f"t{number}" for number in range(12)]
    stories = [bench.story(table) for table in tables]
    first, _second = await bench.start(), await bench.start()
    for number in range(41):
        await bench.publish([story[number] for story in stories])
        await asyncio.sleep(0.2)
        if number == 25:
            first.kill()
    states = await bench.states(ended(*tables), 90)
    assert {ident: value for ident, value, _ in states} == expected(*stories)
    assert len({(ident, value) for ident, value, _ in states}) == len({ident for ident, _, _ in states})


async def delete_topics(bench: Bench, *names: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
    await admin.start()
    await admin.delete_topics(list(names))
    await admin.close()


async def make_topics(bench: Bench, *names: str, cleanup: str = "delete") -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bench.bootstrap)
    await admin.start()
    made = {}
    while made != dict.fromkeys(names, 0):  # a name is free some moments after its deletion
        answer = await admin.create_topics(
            [NewTopic(name, 6, 1, topic_configs={"cleanup.policy": cleanup}) for name in names]
        )
        made |= {each[0]: each[1] for each in answer.topic_errors if each[1] in (0, 36) and each[0] not in made}
        await asyncio.sleep(0.1)
    await admin.close()


@pytest.mark.parametrize("pause_s", [0, 6])
async def test_a_source_that_is_deleted_and_made_anew_is_read_from_its_beginning(bench: Bench, pause_s: int):
    """Also when the new one already holds more records than the fold has committed of the old one."""
    await bench.start()
    await bench.publish(bench.story("t", 0, 30, end=False))
    await bench.states(lambda events: any(event.version == 2 for event in events))
    await asyncio.sleep(1.5)
    await delete_topics(bench, bench.topic)
    await asyncio.sleep(pause_s)
    await make_topics(bench, bench.topic)
    await bench.publish([*bench.story("other", 0, 20, end=False), *bench.story("t", 30, 40)])
    await bench.publish(bench.story("other", 20, 40))
    states = await bench.states(ended("t", "other"), 90)
    assert {ident: value for ident, value, _ in states} == expected(bench.story("t"), bench.story("other"))


async def test_a_changelog_that_is_deleted_and_made_anew_gets_the_rows_again(bench: Bench):
    """Versions go on: from 1 on again, every reader would ignore the states."""
    first = await bench.start()
    await bench.publish(bench.story("t", 0, 30, end=False))
    await bench.states(lambda events: any(event.version == 2 for event in events))
    await asyncio.sleep(1.5)
    changelog = f"{bench.app}-rows-changelog"
    await delete_topics(bench, changelog)
    await asyncio.sleep(3)
    await make_topics(bench, changelog, cleanup="compact")
    await bench.publish([*bench.story("t", 30, 36, end=False), *bench.story("later")])
    await bench.states(ended("later"), 90)
    await asyncio.sleep(1.5)
    first.kill()
    await first.wait()
    await bench.start()  # recovers from the new changelog
    await bench.publish(bench.story("t", 36, 40))
    states = await bench.states(ended("t", "later"), 90)
    assert {ident: value for ident, value, _ in states} == expected(bench.story("t"), bench.story("later"))
