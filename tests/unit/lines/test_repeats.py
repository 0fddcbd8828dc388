"""Repeats of a log line: the first at once, one a minute with a count, one at the end; a different one never waits."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from chassis import logs
from lines.repeats import MAX_KINDS, RepeatHandler, Repeats, kind_of


class Written(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def lines(self) -> list[tuple[str, int | None]]:
        return [(each.getMessage(), getattr(each, "repeated", None)) for each in self.records]


class Setup:
    """A handler without its thread, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now, self.written = 0.0, Written()
        self.handler = RepeatHandler(self.written, never=frozenset({"dead_letter"}), clock=lambda: self.now)
        self.handler._watch = lambda: None  # type: ignore[method-assign]

    def log(self, message: str, *args: object, level: int = logging.ERROR, name: str = "aiokafka") -> None:
        self.handler.handle(logging.LogRecord(name, level, "file", 1, message, args, None))

    def event(self, event: str, level: int = logging.WARNING, **fields: object) -> None:
        record = logging.LogRecord("chassis", level, "file", 1, {"event": event, **fields}, (), None)
        self.handler.handle(record)


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Setup:
    monkeypatch.setattr(logging.getLogger(), "level", logging.INFO)
    return Setup()


def test_first_at_once_then_one_a_minute_then_the_end(setup: Setup) -> None:
    for second in range(150):
        setup.now = float(second)
        setup.log("Unable connect to node with id %s: %s", second, OSError("refused"))
    setup.now = 150.0
    setup.handler.write_due()
    assert [repeated for _, repeated in setup.written.lines] == [None, 59, 60]
    setup.now = 240.0
    setup.handler.write_due()  # 30 more of the third minute
    setup.now = 300.0
    setup.handler.write_due()
    assert setup.written.lines[3:] == [("Unable connect to node with id 149: refused", 30), ("repeats_over", 150)]


def test_a_line_that_comes_once_has_no_end(setup: Setup) -> None:
    setup.log("once")
    setup.now = 100.0
    setup.handler.write_due()
    assert setup.written.lines == [("once", None)]


@pytest.mark.parametrize(
    "other",
    [
        {"message": "another template"},
        {"args": (TimeoutError(),)},
        {"name": "faust"},
        {"level": logging.WARNING},
    ],
)
def test_a_different_error_is_never_held_back(setup: Setup, other: dict[str, Any]) -> None:
    usual: dict[str, Any] = {
        "message": "failed: %s",
        "args": (OSError("x"),),
        "name": "aiokafka",
        "level": logging.ERROR,
    }
    for _ in range(3):
        setup.log(usual["message"], *usual["args"], name=usual["name"], level=usual["level"])
    changed = usual | other
    changed["args"] = changed["args"] if "%s" in changed["message"] else ()
    setup.log(changed["message"], *changed["args"], name=changed["name"], level=changed["level"])
    assert len(setup.written.records) == 2


def test_our_own_lines_by_event_class_of_error_and_what_failed(setup: Setup) -> None:
    for offset in range(5):
        setup.event("record_again", logging.INFO, error=f"ConnectionError('at {offset}')", topic="a", offset=offset)
    setup.event("record_again", logging.INFO, error="TimeoutError()", topic="a")
    setup.event("record_again", logging.INFO, error="ConnectionError('x')", topic="b")
    setup.event("broker_unreachable", error="KafkaConnectionError: Unable to bootstrap from [('127.0.0.1', 1)]")
    setup.event("broker_unreachable", error="KafkaConnectionError: Unable to bootstrap from [('127.0.0.1', 2)]")
    assert len(setup.written.records) == 4


def test_what_is_no_failure_is_never_counted(setup: Setup) -> None:
    for _ in range(3):
        setup.event("table_state", logging.INFO, table_id="t")
        setup.event("dead_letter", logging.ERROR, error="X()")
        setup.log("GET /", level=logging.INFO)
    assert len(setup.written.records) == 9


def test_a_full_table_hides_nothing() -> None:
    repeats = Repeats()
    for number in range(MAX_KINDS):
        assert repeats.is_new((number,), 0.0)
    assert repeats.is_new(("one more",), 0.0)
    assert repeats.is_new(("one more",), 0.0)
    assert not repeats.is_new((1,), 0.0)
    assert len(repeats.due(60.0)) == 1
    assert repeats.is_new(("one more",), 61.0) and not repeats.is_new(("one more",), 62.0)


def test_addresses_and_names_of_tasks_make_no_kind() -> None:
    one, two = (
        logging.LogRecord("asyncio", logging.ERROR, "f", 1, f"Task failed <Task-{n} at 0x{n:x}f>", (), None)
        for n in (7, 88)
    )
    assert kind_of(one) == kind_of(two)


def test_close_writes_what_is_counted(setup: Setup) -> None:
    setup.log("away")
    setup.log("away")
    setup.handler.close()
    assert setup.written.lines == [("away", None), ("away", 1)]


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The logs of a service, on a text instead of standard error."""
    before, level, configuration = logging.getLogger().handlers[:], logging.getLogger().level, structlog.get_config()
    logging.getLogger().handlers = []
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.configure("test")
    yield stream
    for handler in logging.getLogger().handlers:
        handler.close()
    logging.getLogger().handlers, logging.getLogger().level = before, level
    structlog.configure(**configuration)


def test_the_lines_of_a_service(configured: io.StringIO) -> None:
    for number in range(100):
        logging.getLogger("aiokafka").error("Unable connect to node with id %s: %s", number, OSError("x"))
        structlog.get_logger("chassis.kafka").warning("broker_unreachable", error="OSError('x')")
    structlog.get_logger("api").error("another", error="OSError('x')", text="\x1b[2J \x9b \u202e")
    (handler,) = (each for each in logging.getLogger().handlers if isinstance(each, RepeatHandler))
    handler.write_due(final=True)
    text = configured.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["event"].split(" with")[0], line.get("repeated")) for line in lines] == [
        ("Unable connect to node", None),
        ("broker_unreachable", None),
        ("another", None),
        ("Unable connect to node", 99),
        ("broker_unreachable", 99),
    ]
    assert text.isascii()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_an_error_is_a_line(configured: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("of a library")

    thread = threading.Thread(target=fail, name="its own")
    thread.start()
    thread.join()
    (line,) = (json.loads(text) for text in configured.getvalue().splitlines())
    assert (line["event"], line["thread"], line["level"]) == ("thread_failed", "its own", "error")
    assert line["exception"].endswith("ValueError: of a library")
