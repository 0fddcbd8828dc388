"""Lag from offsets and from metrics, complaints about it, and the comparison of topics with the contract."""

import json

import pytest
from aiokafka import TopicPartition

from chassis.lanes import live_partitions
from chassis.metrics import CONSUMER_LAG, Metrics
from tablewatch_cli.__main__ import main
from tablewatch_cli.broker import Edges, Group
from tablewatch_cli.commands.topics import compared, usual_partitions
from tablewatch_cli.errors import Exit
from tablewatch_cli.lag import BEHIND_RECORDS, Lag, is_live, of_group, of_metrics
from tablewatch_schemas import TOPICS

WEEK = {"cleanup.policy": "delete", "retention.ms": str(168 * 3_600_000)}


@pytest.mark.parametrize("count", [1, 2, 3, 6, 240])
def test_lanes_are_those_of_the_services(count: int) -> None:
    assert [n for n in range(count) if is_live(n, count)] == list(live_partitions(count))


def test_a_partition_without_a_commit_counts_from_its_start_and_deleted_records_do_not_count() -> None:
    edges = {TopicPartition("t", n): Edges(100, 110) for n in range(3)}
    committed = {TopicPartition("t", 0): 40, TopicPartition("t", 2): 110}
    (found,) = of_group("g", Group("Stable", 2), committed, edges)
    assert found == Lag("g", "t", live=20, run=0, members=2, lost=60)


def test_only_live_records_and_absent_readers_are_complained_of() -> None:
    assert Lag("g", "t", 0, 10**6, 1).complaint() is None
    assert Lag("g", "t", BEHIND_RECORDS, 0, 1).complaint() is None
    assert "start another one" in str(Lag("g", "t", BEHIND_RECORDS + 1, 0, 1).complaint())
    assert "no process" in str(Lag("g", "t", 0, 1, 0).complaint())
    assert Lag("g", "t", 0, 0, 0).complaint() is None


def test_a_position_past_the_end_and_lost_records_are_complained_of_by_number() -> None:
    edges = {TopicPartition("t", 0): Edges(0, 7), TopicPartition("t", 1): Edges(30, 30)}
    committed = {TopicPartition("t", 0): 50, TopicPartition("t", 1): 10}
    (found,) = of_group("g", Group("Stable", 1), committed, edges)
    assert (found.total, found.beyond, found.lost) == (0, 43, 20)
    assert "43 records past the end of t" in str(found.complaint())
    assert "20 records of t were deleted" in str(Lag("g", "t", 0, 0, 1, lost=20).complaint())


def test_a_group_that_has_committed_nothing_is_read_from_the_metrics_as_a_service_writes_them() -> None:
    from prometheus_client import generate_latest

    metrics = Metrics()
    metrics.set(CONSUMER_LAG, 7, group="api-projector", lane="live")
    metrics.set(CONSUMER_LAG, 1_234_567, group="api-projector", lane="run")
    metrics.set(CONSUMER_LAG, 3, group="cropper", lane="live")
    page = generate_latest(metrics.registry).decode()
    assert of_metrics([page], in_broker=["cropper"]) == [Lag("api-projector", None, 7, 1_234_567, None)]


def test_a_topic_that_is_as_the_contract_has_it() -> None:
    assert compared("crop.ready", 6, 10, WEEK, 6).differs == []
    assert compared("table.state", 6, 10, {"cleanup.policy": "compact", "retention.ms": "5"}, 6).differs == []
    assert compared("somebody.elses", 3, 1, WEEK, 6).differs == []


def test_what_differs_is_named() -> None:
    assert compared("crop.ready", None, None, {}, 6).differs == ["missing"]
    day = {"cleanup.policy": "delete", "retention.ms": str(24 * 3_600_000)}
    assert compared("crop.ready", 3, 0, day, 6).differs == ["3 partitions, others have 6", "kept 24 hours, not 168"]
    assert compared("table.state", 6, 0, WEEK, 6).differs == ["cleanup is delete, not compact"]
    assert usual_partitions({"crop.ready": 12, "table.state": 12, "video.command": 6, "x.dlq": 1, "y.dlq": 1}) == 12


def test_schema_and_examples_need_no_stack(capsys: pytest.CaptureFixture[str]) -> None:
    for topic in TOPICS:
        for words in ((), ("--example",)):
            with pytest.raises(SystemExit) as left:
                main(["schema", topic, *words])
            assert left.value.code == Exit.OK
            assert json.loads(capsys.readouterr().out)
    with pytest.raises(SystemExit) as left:
        main(["schema", "no.such", "--json"])
    assert left.value.code == Exit.REFUSED
    assert "table.state" in capsys.readouterr().err
