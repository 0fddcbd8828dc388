"""Structured logs: one JSON object a line, with the trace and without secrets."""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis import trace

_SECRET_NAME = re.compile(r"secret|password|passwd|token|authorization|cookie|api_?key", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # user and password of an address
    r"|twk_[A-Za-z0-9]+_[A-Za-z0-9_-]+"
    r"|(?<=Bearer )\S+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]+"  # an upload token (JWT)
    r"|(?<=signature=)[^&\s\"']+"  # of a signed link
)
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


def _of(service: str) -> Processor:
    """Names the service on every line; a context variable would not reach tasks that a library started."""

    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**event, "service": service}

    return add


def hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace values whose name or form is a secret's."""
    for name, value in event.items():
        if _SECRET_NAME.search(name):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = _SECRET_TEXT.sub("***", value)
    return event


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if (traceparent := trace.current()) is not None:
        event["trace_id"] = traceparent[3:35]
    return event
