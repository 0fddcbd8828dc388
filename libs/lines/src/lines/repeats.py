"""Repeats of a log line: the first at once, then one a minute with a count, and one when it is over.

A part that is away makes each of its clients log the same failure many times a second, ours and the libraries'; that
buries the one other error of that hour. Lines are of one kind when logger, level, event (or template) and class of
error are the same; a different one is never held back.
"""

from __future__ import annotations

import copy
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

Kind = tuple[str | int, ...]

MINUTE_S = 60.0
MAX_KINDS = 500
"""More at once are written as they come: a bounded table must not hide a kind that does not fit."""
_DIFFERENT = ("group", "topic", "app", "code", "task", "part", "dependency", "stage", "why", "camera_id")
"""Fields of our own lines that name what failed: a camera is a part, and ids of records are none of them."""
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+|(?<=Task-)\d+")
_NUMBER = re.compile(r"\d+")
_CLASS = re.compile(r"\s*([A-Za-z_][\w.]*)")
_LONGEST = 300


@dataclass(slots=True)
class Count:
    """Of one kind: when its window began, its lines in it that were held back, and since the first."""

    first: float
    since: float
    held: int = 0
    total: int = 1


class Repeats:
    """Decides which line is written. Pure: monotonic seconds are arguments."""

    def __init__(self, window_s: float = MINUTE_S, max_kinds: int = MAX_KINDS) -> None:
        self._window_s, self._max_kinds = window_s, max_kinds
        self._counts: dict[Kind, Count] = {}

    def is_new(self, kind: Kind, now: float) -> bool:
        """Whether this line is written now; otherwise it is counted."""
        count = self._counts.get(kind)
        if count is None:
            if len(self._counts) < self._max_kinds:
                self._counts[kind] = Count(now, now)
            return True
        count.held += 1
        count.total += 1
        return False

    def due(self, now: float, *, final: bool = False) -> list[tuple[Kind, Count]]:
        """Kinds whose window has ended, or all that hold something; `held` 0: it is over. Begins their next window."""
        found = []
        for kind, count in list(self._counts.items()):
            if not final and now - count.since < self._window_s:
                continue
            if count.held or count.total > 1:
                found.append((kind, copy.copy(count)))
            if count.held:
                count.held, count.since = 0, now
            else:
                del self._counts[kind]
        return found


class RepeatHandler(logging.Handler):
    """Stands before another handler. `never` are events that are written each time, whatever their level.

    It looks at warnings and errors, and at informational lines that carry an error: the attempts of a retry. A line
    that stands for others has `repeated` (how many) and `repeated_s` (in how long); the one at the end is
    `repeats_over`. A thread of its own writes the counts, as the next line may be an hour away.
    """

    def __init__(
        self,
        target: logging.Handler,
        *,
        never: frozenset[str] = frozenset(),
        window_s: float = MINUTE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._target, self._never, self._clock, self._window_s = target, never, clock, window_s
        self._repeats = Repeats(window_s)
        self._last: dict[Kind, logging.LogRecord] = {}
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write or count a record; called with the handler's lock."""
        kind = kind_of(record)
        if kind is None or _event(record) in self._never:
            self._target.handle(record)
            return
        self.write_due()
        if self._repeats.is_new(kind, self._clock()):
            self._target.handle(record)
        else:
            self._last[kind] = record
            self._watch()

    def write_due(self, *, final: bool = False) -> None:
        """Write the counts whose minute has ended; all of them at the end of the process."""
        now = self._clock()
        for kind, count in self._repeats.due(now, final=final):
            if count.held:
                self._target.handle(_counted(self._last[kind], count.held, now - count.since))
            elif (last := self._last.pop(kind, None)) is not None and logging.getLogger().isEnabledFor(logging.INFO):
                self._target.handle(_over(last, count, now - self._window_s))

    def close(self) -> None:
        """Write what is counted; called by `logging` when the process ends."""
        self._ending.set()
        with self.lock or threading.RLock():
            self.write_due(final=True)
        self._target.close()
        super().close()

    def flush(self) -> None:
        """Flush the handler behind it."""
        self._target.flush()

    def _watch(self) -> None:
        if self._thread is None or not self._thread.is_alive():  # in a forked child it is not
            self._thread = threading.Thread(target=self._write_counts, name="log repeats", daemon=True)
            self._thread.start()

    def _write_counts(self) -> None:
        while not self._ending.wait(min(1.0, self._window_s)):
            with self.lock or threading.RLock():
                self.write_due()
                if not self._last:
                    self._thread = None
                    return


def kind_of(record: logging.LogRecord) -> Kind | None:
    """What makes a line the same as another; None for lines that are never counted."""
    fields = record.msg if isinstance(record.msg, Mapping) else None
    if record.levelno < logging.WARNING and not (fields and (fields.get("error") or fields.get("exception"))):
        return None
    if fields is None:
        text = _ADDRESS.sub("#", str(record.msg))[:_LONGEST]
        return record.name, record.levelno, text, _error_class(record)
    different = tuple(_NUMBER.sub("#", str(fields[name]))[:_LONGEST] for name in _DIFFERENT if name in fields)
    return record.name, record.levelno, _event(record), _class_of_text(fields), *different


def _event(record: logging.LogRecord) -> str:
    return str(record.msg.get("event") if isinstance(record.msg, Mapping) else record.msg)[:_LONGEST]


def _error_class(record: logging.LogRecord) -> str:
    """Of the exception that a line came with, or of an argument that is one."""
    if record.exc_info and record.exc_info[0] is not None:
        return record.exc_info[0].__name__
    arguments = record.args if isinstance(record.args, tuple) else ()
    return next((type(each).__name__ for each in arguments if isinstance(each, BaseException)), "")


def _class_of_text(fields: Mapping[str, object]) -> str:
    """Of `error=repr(error)`, or of the last line of a traceback; else the beginning of the text."""
    if isinstance(trace := fields.get("exception"), str) and trace:
        text = trace.rstrip().rpartition("\n")[2]
    else:
        text = str(fields.get("error") or "")
    found = _CLASS.match(text)
    return (
        found[1]
        if found and text[found.end() : found.end() + 1] in ("(", ":", "")
        else _NUMBER.sub("#", text)[:_LONGEST]
    )


def _counted(record: logging.LogRecord, held: int, seconds: float) -> logging.LogRecord:
    made = copy.copy(record)
    made.repeated, made.repeated_s = held, round(seconds)
    return made


def _over(record: logging.LogRecord, count: Count, until: float) -> logging.LogRecord:
    what = _ADDRESS.sub("#", _event(record))
    made = logging.LogRecord(record.name, logging.INFO, record.pathname, record.lineno, "repeats_over", None, None)
    made.of, made.repeated, made.repeated_s = what, count.total, round(max(0.0, until - count.first))
    return made


def add_counts(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> dict[str, Any]:
    """A structlog processor, before `remove_processors_meta`: the counts of a line that stands for others."""
    record = fields.get("_record")
    counts = {name: getattr(record, name) for name in ("of", "repeated", "repeated_s") if hasattr(record, name)}
    return {**fields, **counts}
