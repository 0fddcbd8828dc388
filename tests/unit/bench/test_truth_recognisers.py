"""The rules that the product's is compared with, and what a benchmark keeps open."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench.processes import cpu_s, family_cpu_s
from bench.road import _by_part
from bench.truth.recognisers import by_seats, by_share
from bench.workspace import Workspace

from inference.protocol import Judgement, Seen, TableVerdict

BOX = (0.1, 0.1, 0.2, 0.3)
DOUBT = TableVerdict("A", "unknown", 0.5, 0, 0, "person_between_tables")


def judgement(*seen: Seen) -> Judgement:
    verdicts = (DOUBT, TableVerdict("B", "unknown", 0.5, 0, 0, "person_between_tables"))
    return Judgement(verdicts, seen, "made", "1", "made", 64, 48)


def labels(judged: Judgement) -> list[str]:
    return [each.label for each in judged.verdicts]


def test_each_opinion_alone_decides_what_both_left_in_doubt() -> None:
    person = Seen("person", 0.8, BOX, "A", 0.9, "B", doubtful=True)
    assert labels(by_share(judgement(person), 0.3)) == ["occupied", "free"]
    assert labels(by_seats(judgement(person), 0.3)) == ["free", "occupied"]
    assert by_share(judgement(person), 0.3).verdicts[0].confidence == 0.8
    assert by_share(judgement(person), 0.3).verdicts[0].reason is None


def test_nobody_faint_and_no_thing_takes_a_table() -> None:
    faint, cup = Seen("person", 0.2, BOX, "A", 0.9), Seen("cup", 0.9, BOX, "A")
    assert labels(by_share(judgement(faint, cup), 0.3)) == ["free", "free"]


def test_who_counts_is_told_by_the_models_own_score() -> None:
    person = Seen("person", 0.35, BOX, "A", 0.9)
    assert [labels(by_share(judgement(person), certain))[0] for certain in (0.3, 0.4)] == ["occupied", "free"]


def test_what_is_kept_is_opened_once_and_closed_at_the_end(tmp_path: Path) -> None:
    happened: list[str] = []

    @contextmanager
    def opened() -> Iterator[int]:
        happened.append("open")
        yield 7
        happened.append("closed")

    workspace = Workspace(tmp_path, quick=True)
    assert [workspace.kept("it", opened), workspace.kept("it", opened)] == [7, 7]
    assert happened == ["open"]
    workspace.close()
    assert happened == ["open", "closed"]


def test_the_time_of_a_child_that_ended_is_its_parents() -> None:
    before = family_cpu_s(os.getpid())
    work = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-IS", "-c", work], check=True)
    assert family_cpu_s(os.getpid()) - before >= 0.15
    assert cpu_s(os.getpid()) > 0


def test_the_cost_of_a_frame_is_told_by_part_and_with_what_idleness_costs() -> None:
    found = _by_part({"kafka": 1.2, "classifier-gateway": 6.0}, {"kafka": 0.1}, took_s=12.0, frames=120)
    expected = {"kafka_ms": 10.0, "classifier_gateway_ms": 50.0, "idle_ms": 10.0, "frames": 120.0}
    assert found == pytest.approx(expected)
