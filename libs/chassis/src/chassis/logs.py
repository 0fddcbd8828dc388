"""Structured logs: one JSON object a line, with the trace and without secrets."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis import trace
from chassis.records import Record

_SECRET_NAME = re.compile(r"secret|password|passwd|token|authorization|cookie|api_?key", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # user and password of an address
    r"|twk_[A-Za-z0-9]+_[A-Za-z0-9_-]+"
    r"|(?<=Bearer )\S+"
    r"|(?<=_session=)[^;,\s\"']+"  # of a browser's cookie
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"  # an upload token (JWT)
    r"|(?<=[Ss]ignature=)[^&\s\"']+"  # of a signed link, ours or an S3 server's
)
_LONGEST_KEY = 200
_FIRST = ("timestamp", "level", "service", "event")
# at info they tell every step of every rebalance, at debug every fetch: a megabyte a second
_TALKATIVE = ("aiokafka", "asyncio", "faust", "mode", "urllib3", "uvicorn")


def configure(service: str, level: str = "info", format: str = "json") -> None:
    """Set up structlog and the standard library's logging to write the same lines to standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _of(service),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _add_trace,
        hide_secrets,
        _in_order,
    ]
    last = structlog.dev.ConsoleRenderer() if format == "console" else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    least = logging.INFO if level.upper() == "DEBUG" else logging.WARNING
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(least)


def begin(record: Record) -> None:
    """Until the next record, every line of this task is about this one: its trace, where it stands, its key."""
    trace.child(record.header("traceparent"))
    structlog.contextvars.clear_contextvars()
    key = None if record.key is None else record.key[:_LONGEST_KEY].decode(errors="replace")
    also(topic=record.topic, partition=record.partition, offset=record.offset, key=key)


def also(**ids: Any) -> None:
    """Ids that the lines about the present record carry too, e.g. its run; for whoever knows what it says."""
    structlog.contextvars.bind_contextvars(**ids)


def _of(service: str) -> Processor:
    """Names the service on every line; a context variable would not reach tasks that a library started."""

    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**event, "service": service}

    return add


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The time first, so that `grep -h ID *.log | sort` tells a story in its order."""
    first = {name: event[name] for name in _FIRST if name in event}
    return {**first, **event}


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values whose name or form is a secret's."""
    for name, value in event.items():
        event[name] = "***" if _SECRET_NAME.search(name) else _hidden(value)
    return event


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_TEXT.sub("***", value)
    if isinstance(value, dict):
        return {name: "***" if _SECRET_NAME.search(str(name)) else _hidden(each) for name, each in value.items()}
    return [_hidden(each) for each in value] if isinstance(value, list | tuple) else value


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (traceparent := trace.current()) is not None:
        event.setdefault("trace_id", traceparent[3:35])
    return event
