"""lag, topics, dlq, tail and what why-stuck gathers, on real Kafka with topics of their own."""

import asyncio
import io
import json
import secrets
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.deadletters import dead_letter
from chassis.records import Record
from lines.visible import visible
from tablewatch_cli.__main__ import main
from tablewatch_cli.broker import connected
from tablewatch_cli.commands import why_stuck
from tablewatch_cli.errors import Exit
from tablewatch_schemas import TOPICS

GROUP = "somebody"
NOT_JSON = b"\xff\xfe not json"
JOB = {"stage": "extract", "video_id": "vid_of_nobody", "run_id": "run_of_nobody"}


@pytest.fixture
def at(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> str:
    monkeypatch.setenv("TABLEWATCH_HOME", str(tmp_path))
    monkeypatch.setenv("TABLEWATCH_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TABLEWATCH_KEY", "twk_none")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", kafka_bootstrap)
    return kafka_bootstrap


@pytest.fixture(params=["delete"])
def topic(at: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A topic of six partitions with a dead-letter topic."""
    name = f"cli.{secrets.token_hex(4)}"
    asyncio.run(_create(at, name, str(request.param)))
    yield name
    asyncio.run(_delete(at, name))


async def _create(at: str, name: str, cleanup: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=at)
    await admin.start()
    policy = {"cleanup.policy": cleanup}
    await admin.create_topics(
        [NewTopic(name, 6, 1, topic_configs=policy), NewTopic(f"{name}.{GROUP}.dlq", 1, 1)],
    )
    await admin.close()


async def _delete(at: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=at)
    await admin.start()
    await admin.delete_topics([name, f"{name}.{GROUP}.dlq"])
    await admin.close()


def wait(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def send(
    at: str, topic: str, partition: int, key: bytes, value: bytes | None, *headers: tuple[str, bytes]
) -> int:
    async with AIOKafkaProducer(bootstrap_servers=at) as producer:
        sent = await producer.send_and_wait(topic, value, key, partition=partition, headers=list(headers))
        return int(sent.offset)


async def everything(at: str, topic: str, count: int = 6) -> "list[ConsumerRecord[bytes, bytes]]":
    partitions = [TopicPartition(topic, number) for number in range(count)]
    found: list[ConsumerRecord[bytes, bytes]] = []
    async with AIOKafkaConsumer(bootstrap_servers=at, auto_offset_reset="earliest") as consumer:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                found += (await consumer.getmany(partition, timeout_ms=200)).get(partition, [])
    return found


async def die(at: str, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
    """Send a record, and its dead letter as chassis writes it."""
    headers = (("ce_id", b"id-" + key), ("ce_type", b"t"))
    offset = await send(at, topic, partition, key, value, *headers)
    record = Record(topic, partition, offset, 0, key, value, headers)
    letter = dead_letter(
        record, GROUP, code="not_json", reason="it is not JSON", attempts=1, first_seen=datetime.now(UTC),
        error=ValueError("x"),
    )  # fmt: skip
    await send(at, letter.topic, 0, key, letter.value, *letter.headers)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = Exit.OK) -> Any:
    """A command's JSON."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([*arguments, "--json"])
    shown = capsys.readouterr()
    assert int(left.value.code or 0) == code, shown.err
    return json.loads(shown.out)


def test_replay_keeps_key_bytes_headers_and_partition_and_marks_itself(
    at: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dlq = f"{topic}.{GROUP}.dlq"
    wait(die(at, topic, 5, b"run_1", NOT_JSON))
    wait(die(at, topic, 2, b"cam_1", b'{"a": 1}'))
    assert {"topic": dlq, "records": 2, "first_offset": 0, "last_offset": 1} in run(capsys, "dlq", "list")
    first, second = run(capsys, "dlq", "show", dlq)
    assert (first["reason_code"], first["attempts"], first["value_encoding"]) == ("not_json", "1", "base64")
    assert second["origin"] == {"topic": topic, "partition": 2, "offset": 0}
    (done,) = run(capsys, "dlq", "replay", dlq, "--offset", "0")
    assert done == {
        "offset": 0, "outcome": "replayed", "to_topic": topic, "to_partition": 5, "to_offset": 1,
    }  # fmt: skip
    original, again = [record for record in wait(everything(at, topic)) if record.partition == 5]
    assert (again.key, again.value) == (original.key, original.value) == (b"run_1", NOT_JSON)
    assert again.headers[:2] == original.headers
    mark = (("dlq-replayed-from", f"{dlq}/0".encode()), ("dlq-replays", b"1"))
    assert tuple(again.headers[2:]) == mark


def test_the_dead_letter_of_a_failed_replay_is_marked_as_one(
    at: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    dlq = f"{topic}.{GROUP}.dlq"
    wait(die(at, topic, 0, b"k", b"{}"))
    run(capsys, "dlq", "replay", dlq, "--all")
    again = wait(everything(at, topic))[-1]
    record = Record(topic, again.partition, again.offset, 0, again.key, again.value, tuple(again.headers))
    letter = dead_letter(
        record, GROUP, code="handler_failed", reason="r", attempts=8, first_seen=datetime.now(UTC), error=ValueError()
    )
    wait(send(at, dlq, 0, b"k", letter.value, *letter.headers))
    (shown,) = run(capsys, "dlq", "show", dlq, "-o", "1")
    assert (shown["reason_code"], shown["replays"], shown["replayed_from"]) == ("handler_failed", "1", f"{dlq}/0")
    run(capsys, "dlq", "replay", dlq, "-o", "1")
    third = wait(everything(at, topic))[-1]
    assert [value for name, value in third.headers if name == "dlq-replays"] == [b"2"]
    assert dict(third.headers)["ce_id"] == b"id-k"


@pytest.mark.parametrize("topic", ["compact"], indirect=True)
def test_an_old_record_never_overtakes_a_newer_one_of_a_compacted_topic(
    at: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wait(die(at, topic, 1, b"old", b'{"version": 1}'))
    wait(die(at, topic, 1, b"last", b'{"version": 1}'))
    wait(send(at, topic, 1, b"old", b'{"version": 2}'))
    outcomes = run(capsys, "dlq", "replay", f"{topic}.{GROUP}.dlq", "--all")
    assert [row["outcome"] for row in outcomes] == ["superseded", "replayed"]


def test_a_dead_letter_without_an_origin_is_not_replayed(
    at: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wait(send(at, f"{topic}.{GROUP}.dlq", 0, b"k", b"v"))
    (row,) = run(capsys, "dlq", "replay", f"{topic}.{GROUP}.dlq", "--all", code=Exit.REFUSED)
    assert row["outcome"] == "no_origin"
    assert wait(everything(at, topic)) == []


def test_discard_deletes_through_an_offset_and_only_with_a_yes(
    at: str, topic: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dlq = f"{topic}.{GROUP}.dlq"
    for key in (b"a", b"b", b"c"):
        wait(send(at, dlq, 0, key, b"v"))
    with pytest.raises(SystemExit) as usage:
        main(["dlq", "discard", dlq, "--all", "--json"])
    assert usage.value.code == Exit.USAGE
    monkeypatch.setattr("sys.stdin", io.StringIO(""))  # nobody answers the question
    with pytest.raises(SystemExit) as refused:
        main(["dlq", "discard", dlq, "--all"])
    assert refused.value.code != Exit.OK
    assert len(wait(everything(at, dlq, 1))) == 3
    done = run(capsys, "dlq", "discard", dlq, "--through", "1", "--yes")
    assert done == {"topic": dlq, "discarded": 2, "through": 1}
    assert [letter["key"] for letter in run(capsys, "dlq", "show", dlq)] == ["c"]
    gone = run(capsys, "dlq", "show", dlq, "-o", "0", code=Exit.REFUSED)
    assert gone["error"]["code"] == "unknown_offset"
    assert run(capsys, "dlq", "discard", dlq, "--all", "--yes")["discarded"] == 1
    assert run(capsys, "dlq", "discard", dlq, "--all", "--yes")["discarded"] == 0


@pytest.mark.parametrize("words", [("replay",), ("replay", "--all", "-o", "1"), ("discard",)])
def test_nothing_is_replayed_or_discarded_by_default(topic: str, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["dlq", words[0], f"{topic}.{GROUP}.dlq", *words[1:]])
    assert left.value.code == Exit.USAGE


def test_only_dead_letter_topics_are_touched(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused = run(capsys, "dlq", "discard", topic, "--all", "--yes", code=Exit.REFUSED)
    assert refused["error"]["code"] == "not_dead_letters"


def test_lag_counts_by_lane_and_knows_that_nobody_reads(
    at: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    group = f"group-{secrets.token_hex(4)}"
    for partition in (0, 0, 0, 4):
        wait(send(at, topic, partition, b"k", b"v"))
    wait(_commit(at, group, TopicPartition(topic, 0), 1))
    (row,) = run(capsys, "lag", "--group", group)
    counts = {"live": 2, "run": 1, "members": 0, "total": 3, "lost": 0, "beyond": 0}
    assert row == {"group": group, "topic": topic, **counts}
    with pytest.raises(SystemExit):
        main(["lag", "--group", group])
    assert "start its service" in capsys.readouterr().err


def test_lag_says_what_retention_took_and_that_a_topic_is_another_one(
    at: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    group = f"group-{secrets.token_hex(4)}"
    for partition in (0, 0, 0, 1):
        wait(send(at, topic, partition, b"k", b"v"))
    wait(_commit(at, group, TopicPartition(topic, 0), 1))
    wait(_commit(at, group, TopicPartition(topic, 1), 5))
    wait(_delete_before(at, TopicPartition(topic, 0), 3))
    (row,) = run(capsys, "lag", "--group", group)
    assert (row["total"], row["lost"], row["beyond"]) == (0, 2, 4)
    with pytest.raises(SystemExit):
        main(["lag", "--group", group])
    assert f"4 records past the end of {topic}" in capsys.readouterr().err


async def _delete_before(at: str, partition: TopicPartition, offset: int) -> None:
    async with connected(at) as broker:
        await broker.delete_before(partition, offset)


async def _commit(at: str, group: str, partition: TopicPartition, offset: int) -> None:
    consumer = AIOKafkaConsumer(partition.topic, bootstrap_servers=at, group_id=group, enable_auto_commit=False)
    async with consumer:
        async with asyncio.timeout(30):
            while partition not in consumer.assignment():
                await consumer.getmany(timeout_ms=100)
        await consumer.commit({partition: offset})


def test_topics_compares_the_broker_with_the_contract(at: str, topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    wait(send(at, topic, 3, b"k", b"v"))
    found = {row["name"]: row for row in run(capsys, "topics", "--all")}
    assert set(TOPICS) <= found.keys()
    state = found["table.state"]
    assert (state["owner"], state["cleanup"], state["differs"]) == ("classifier-gateway", "compact", [])
    assert (found[topic]["owner"], found[topic]["partitions"], found[topic]["records"]) == (None, 6, 1)
    assert topic not in {row["name"] for row in run(capsys, "topics")}


def test_tail_filters(at: str, topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen = [
        {"site_id": "s1", "camera_ids": ["c1", "c2"], "run_id": None, "state": "free", "model": {"name": "m"}},
        {"site_id": "s1", "camera_ids": ["c3"], "run_id": "r1", "state": "dirty"},
        {"site_id": "s2", "camera_id": "c1", "run_id": "r1", "state": "dirty"},
    ]
    for number, value in enumerate(seen):
        wait(send(at, topic, 0, str(number).encode(), json.dumps(value).encode()))
    wait(send(at, topic, 0, b"poison", b"\xff"))
    wait(send(at, topic, 0, b"gone", None))

    def keys(*words: str) -> list[str]:
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(["tail", topic, "--from-start", "--no-follow", "--json", *words])
        return [json.loads(line)["key"] for line in capsys.readouterr().out.splitlines()]

    assert keys() == ["0", "1", "2", "poison", "gone"]
    assert keys("--site", "s1") == ["0", "1"]
    assert keys("--camera", "c1") == ["0", "2"]
    assert keys("--run", "r1", "--site", "s2") == ["2"]
    assert keys("--where", "state=dirty", "--where", "site_id=s1") == ["1"]
    assert keys("--where", "run_id=null") == ["0"]
    assert keys("--where", "model.name=m") == ["0"]


HOSTILE = (
    b"[" * 20_000 + b"]" * 20_000,
    b'{"frame_id": ' * 20_000 + b"1" + b"}" * 20_000,
    b'{"frame_id": ["a"], "make": 5, "crops": [1], "run_id": {"a": 1}, "object_key": "k"}',
    '{"state": "\x9b2J\u202e\u200b"}'.encode(),
    b'{"state": "\\u001b[2J", "n": NaN}',
    b'{"n": ' + b"9" * 5_000 + b"}",
    b'{"s": "\\ud800"}',
    b"\x1b[2J\x9b\xff",
)


def test_no_record_ends_a_command_or_reaches_the_terminal(
    at: str, topic: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = (("dlq-reason", "\x1b[2J\u202e".encode()), ("dlq-replays", b"9" * 5_000), ("dlq-offset", b"\xff"))
    for value in HOSTILE:
        wait(send(at, topic, 0, "\x1b]0;k\x07\u2066".encode(), value, *headers))
        wait(send(at, f"{topic}.{GROUP}.dlq", 0, b"\x9b", value, *headers))
    monkeypatch.setattr("tablewatch_cli.ledger.FRAMES", topic)
    monkeypatch.setattr("tablewatch_cli.ledger.TOPICS", (topic,))
    monkeypatch.setattr("tablewatch_cli.live_ledger.FRAMES", topic)
    monkeypatch.setattr("tablewatch_cli.live_ledger.TOPICS", (topic,))
    dlq = f"{topic}.{GROUP}.dlq"
    shown = ["--from-start", "--no-follow"]
    for words in (
        ["tail", topic, *shown],
        ["dlq", "show", dlq],
        ["ledger"],
        ["ledger", "live"],
        ["topics", "--all"],
        ["lag"],
    ):
        for arguments in (words, [*words, "--json"]):
            capsys.readouterr()
            with pytest.raises(SystemExit) as left:
                main(arguments)
            assert int(left.value.code or 0) in (Exit.OK, Exit.UNHEALTHY)
            text = "".join(capsys.readouterr())
            assert "Traceback" not in text
            assert visible(text) == text, ascii(text)
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["tail", topic, *shown, "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["value"] == json.loads(value) for line, value in zip(lines[3:4], HOSTILE[3:4], strict=True)] == [True]
    assert len(lines) == len(HOSTILE)
    with pytest.raises(SystemExit):
        main(["dlq", "replay", dlq, "--all"])
    assert "Traceback" not in "".join(capsys.readouterr())


def test_why_stuck_finds_waiting_records_and_dead_letters_of_a_run(at: str, topic: str) -> None:
    video = f"vid_{secrets.token_hex(8)}"
    job = {**JOB, "video_id": video, "run_id": f"run_{video}"}
    dlq = f"{topic}.{GROUP}.dlq"
    offset = wait(send(at, dlq, 0, video.encode(), b"not json"))
    backlogs, dead_letters = wait(why_stuck._of_kafka(at, job))
    assert f"{dlq}/{offset}" in dead_letters
    assert [(each.subscription.topic, each.subscription.group) for each in backlogs] == [
        ("video.uploaded", "extractor")
    ]
    _, others = wait(why_stuck._of_kafka(at, JOB))
    assert f"{dlq}/{offset}" not in others


def test_check_reports_dead_letters_with_what_to_do(at: str, topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    wait(send(at, f"{topic}.{GROUP}.dlq", 0, b"k", b"v"))
    found = {row["part"]: row for row in run(capsys, "check", code=Exit.UNHEALTHY)}
    assert f"tablewatch dlq show {topic}.{GROUP}.dlq" in found["dead letters"]["detail"]
    assert found["lag"]["ok"] in (True, False)
    assert found["kafka"]["ok"]
