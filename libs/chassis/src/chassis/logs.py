"""Structured logs: one JSON object a line, with the trace and without secrets."""

import logging
import sys
import threading
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from chassis import trace
from chassis.records import Record
from lines.repeats import RepeatHandler, add_counts
from lines.secrets import hide_secrets
from lines.visible import visible_fields

_LONGEST_KEY = 200
_FIRST = ("timestamp", "level", "service", "event")
_NEVER_COUNTED = frozenset({"dead_letter", "fuse_blown"})  # each is about a record of its own
# At info they log every step of every rebalance, at debug every fetch: a megabyte a second; httpx every address, which
# may have a secret in its query
_VERBOSE = ("aiokafka", "asyncio", "faust", "httpcore", "httpx", "mode", "urllib3", "uvicorn")


def configure(service: str, level: str = "info", format: str = "json") -> None:
    """Set up structlog and the standard library's logging to write the same lines to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        # A context variable would not reach tasks that a library started
        lambda _logger, _method, event: {**event, "service": service},
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _add_trace,
        hide_secrets,
        _time_first,
    ]
    console = [visible_fields, structlog.dev.ConsoleRenderer()]  # JSON has escapes for all that is not ASCII
    last = console if format == "console" else [structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[add_counts, structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[RepeatHandler(handler, never=_NEVER_COUNTED)], level=level.upper(), force=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    threading.excepthook = _log_thread
    least = logging.INFO if level.upper() == "DEBUG" else logging.WARNING
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(least)


def _log_thread(failed: threading.ExceptHookArgs) -> None:
    """A thread that ended by an error, of a library for instance: as a line, not as bare text."""
    error, name = failed.exc_value, failed.thread.name if failed.thread else None
    structlog.get_logger("chassis.logs").error("thread_failed", thread=name, exc_info=error)


def bind_record(record: Record) -> None:
    """Bind trace, coordinates and key of a record to every log line of this task, until the next record."""
    trace.child(record.header("traceparent"))
    structlog.contextvars.clear_contextvars()
    bind(**coordinates(record))


def coordinates(record: Record) -> dict[str, Any]:
    """The fields that identify a record in a log line: topic, partition, offset, and the key shortened."""
    key = None if record.key is None else record.key[:_LONGEST_KEY].decode(errors="replace")
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset, "key": key}


def bind(**ids: Any) -> None:
    """Bind more ids to the lines about the current record, for instance its run."""
    structlog.contextvars.bind_contextvars(**ids)


def _time_first(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put the time first, so that `grep -h ID *.log | sort` is in order of time."""
    first = {name: event[name] for name in _FIRST if name in event}
    return {**first, **event}


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (trace_id := trace.trace_id(trace.current())) is not None:
        event.setdefault("trace_id", trace_id)
    return event
