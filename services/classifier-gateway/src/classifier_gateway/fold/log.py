"""The fold's log: every transition; in debug lines also the ids of the record they are about."""

import logging
from typing import Any

import orjson

from chassis import logs
from chassis.records import Record, Sendable
from folding.step import Rows, Step, StepFunction
from tablewatch_schemas import TableEvidence, TableState
from tablewatch_schemas.foreign import read_object
from tablewatch_schemas.ids import NAMED

_FIELDS = ("table_id", "run_id", "state", "previous_state", "reason", "as_of", "version")


def with_logging(step: StepFunction, log: Any) -> StepFunction:
    """The same step, logged. A record that is redelivered after a crash is logged once more."""

    def logged(record: Record, rows: Rows) -> Step:
        if logging.getLogger().isEnabledFor(logging.DEBUG) and record.topic == TableEvidence.TOPIC:
            logs.bind(**_ids(record.value))
        result = step(record, rows)
        for output in result.outputs:
            _log_output(output, log)
        return result

    return logged


def _ids(value: bytes | None) -> dict[str, str]:
    """Ids in a value; none in one that is not JSON, which the step is going to refuse."""
    document = read_object(value) or {}
    return {name: found for name in NAMED if isinstance(found := document.get(name), str)}


def _log_output(output: Sendable, log: Any) -> None:
    if output.topic != TableState.TOPIC:
        return
    if output.value is None:
        log.info("table_state_erased", key=(output.key or b"").decode(errors="replace"))
        return
    state = orjson.loads(output.value)
    if state["state"] != state["previous_state"] and state["reason"] != "refresh":
        log.info("table_state", **{name: state[name] for name in _FIELDS})
