"""Logs without secrets, traces, metrics with closed names, health."""

import contextvars
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from tests.support.doubles import ManualClock

import ingest.metrics
from chassis import trace
from chassis.health import Health
from chassis.logs import _VERBOSE, bind, bind_record, configure
from chassis.metrics import DROPPED, WORK_SECONDS, Counter, Metrics
from chassis.records import Record
from ingest.metrics import BACKLOG
from lines.secrets import hide_secrets


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://admin:hunter2@10.0.0.5/stream",
        "Authorization: Bearer hunter2",
        "key twk_ab12_hunter2 was used",
        "token eyJhbGciOi.eyJhdWQiOi.hunter2 expired",
        "GET /v1/objects/a?expires=1&signature=hunter2 HTTP/1.1",
        "https://s3/b/k?X-Amz-Credential=a&X-Amz-Signature=hunter2",
        "Cookie: tablewatch_session=hunter2; other=1",
        "postgresql://tablewatch:hunter2@127.0.0.1:8722/tablewatch",
    ],
)
def test_secrets_in_text_are_hidden(text: str) -> None:
    nested = {"headers": {"Authorization": "hunter2", "x": [text]}}
    event = hide_secrets(None, "info", {"event": text, "password": "hunter2", "s3_secret_key": "hunter2", "n": nested})
    assert "hunter2" not in str(event)


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged since; the logging of the other tests is put back."""
    root = logging.getLogger()
    handlers, level, set_up = root.handlers[:], root.level, structlog.get_config()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers, root.level = handlers, level
    structlog.configure(**set_up)
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_every_line_names_its_service_wherever_it_comes_from(written: Callable[[], list[dict[str, Any]]]) -> None:
    configure("cropper")
    contextvars.Context().run(logging.getLogger("library").warning, "from an empty context")
    structlog.get_logger("own").info("frame_stored", index=3)
    assert [(line["service"], line["event"]) for line in written()] == [
        ("cropper", "from an empty context"),
        ("cropper", "frame_stored"),
    ]


def test_lines_sort_by_time_and_carry_the_record_and_its_ids(written: Callable[[], list[dict[str, Any]]]) -> None:
    configure("cropper")
    record = Record("t", 3, 7, 0, b"run_1", b"{}", (("traceparent", f"00-{'a' * 32}-{'b' * 16}-01".encode()),))

    def handle() -> None:
        bind_record(record)
        bind(run_id="run_1")
        structlog.get_logger("own").info("done")
        bind_record(Record("t", 3, 8, 0, None, None))
        structlog.get_logger("own").info("next")

    contextvars.copy_context().run(handle)
    first, second = written()
    assert list(first)[:4] == ["timestamp", "level", "service", "event"]
    ids = (first["topic"], first["offset"], first["key"], first["run_id"], first["trace_id"])
    assert ids == ("t", 7, "run_1", "run_1", "a" * 32)
    assert "run_id" not in second
    assert second["trace_id"] != first["trace_id"]


@pytest.mark.parametrize(("level", "heard"), [("info", []), ("debug", ["joined"])])
def test_what_libraries_say_of_every_step_is_for_debug(
    written: Callable[[], list[dict[str, Any]]], level: str, heard: list[str]
) -> None:
    configure("cropper", level)
    logging.getLogger("aiokafka.consumer.group_coordinator").info("joined")
    logging.getLogger("aiokafka.consumer.fetcher").debug("fetching")
    assert [line["event"] for line in written()] == heard


def test_ordinary_text_is_left_alone() -> None:
    event = {"event": "frame_stored", "url": "http://127.0.0.1:8700/v1/objects/a", "count": 3}
    assert hide_secrets(None, "info", dict(event)) == event


def test_a_child_keeps_the_trace_and_changes_the_span() -> None:
    first = trace.start()
    second = trace.child(first)
    assert trace.trace_id(first) == trace.trace_id(second) == first[3:35]
    assert first[36:52] != second[36:52]
    assert trace.current() == second


@pytest.mark.parametrize("malformed", [None, "", "00-xyz", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"])
def test_a_malformed_parent_starts_anew(malformed: str | None) -> None:
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", trace.child(malformed))


def test_metrics_are_exposed_once_declared_and_have_no_other_label() -> None:
    metrics = Metrics()
    assert "tablewatch_outbox_rows 0.0" in metrics.exposition().decode()
    assert "tablewatch_backlog" not in metrics.exposition().decode()
    metrics.declare(ingest.metrics)
    metrics.declare(ingest.metrics)
    assert "# HELP tablewatch_backlog Things waiting, by queue" in metrics.exposition().decode()
    metrics.count(DROPPED, what="frame", reason="late")
    metrics.set(BACKLOG, 3, queue="jobs")
    metrics.observe(WORK_SECONDS, 0.2, stage="crop")
    assert metrics.value("dropped_total", what="frame", reason="late") == 1
    assert metrics.value("backlog", queue="jobs") == 3
    with pytest.raises(ValueError, match="label"):
        metrics.count(DROPPED, what="frame", colour="red")


def test_two_definitions_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="Duplicated"):
        Metrics().count(Counter("dropped_total", "Another help", ("what", "reason")), what="frame", reason="late")


def test_no_progress_is_not_alive_and_not_ready() -> None:
    clock = ManualClock()
    health = Health(clock)
    health.expect("consumer g", 10)
    health.add_check("db", lambda: "away" if clock.monotonic() < 5 else None)
    assert health.dead() == {}
    assert health.unready() == {"db": "away"}
    clock.advance(11)
    assert "consumer g" in health.dead()
    assert list(health.unready()) == ["consumer g"]
    health.beat("consumer g")
    assert health.dead() == {}
    clock.advance(11)
    health.forget("consumer g")
    assert health.dead() == {}
