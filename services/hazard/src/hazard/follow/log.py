"""The fold's log: every change of an alert; in debug lines also the ids of the record they are about."""

import logging
from typing import Any

import orjson

from chassis import logs
from chassis.records import Record, Sendable
from events.decode import event_or_none
from folding.step import Rows, Step, StepFunction
from tablewatch_schemas import HazardAlert, about

_FIELDS = ("hazard_id", "run_id", "camera_id", "kind", "status", "version", "as_of")


def with_logging(step: StepFunction, log: Any) -> StepFunction:
    """The same step, logged. A record that is redelivered after a crash is logged once more."""

    def logged(record: Record, rows: Rows) -> Step:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            logs.bind(**about(event_or_none(record)))
        result = step(record, rows)
        for output in result.outputs:
            _log_output(output, log)
        return result

    return logged


def _log_output(output: Sendable, log: Any) -> None:
    if output.topic == HazardAlert.TOPIC and output.value is not None:
        alert = orjson.loads(output.value)
        log.info("hazard_alert", **{name: alert[name] for name in _FIELDS})
