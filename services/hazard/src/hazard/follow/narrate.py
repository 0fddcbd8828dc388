"""What the log tells of the alerts: every step in the life of one, and in debug lines whom a record is about."""

import logging
from typing import Any

import orjson

from chassis import logs
from chassis.fold import Rows, Step, StepFunction
from chassis.records import Record, Sendable
from hazard.reading import read_or_none
from tablewatch_schemas import HazardAlert, about


def narrated(step: StepFunction, log: Any) -> StepFunction:
    """The same step, told. A record that comes again after a crash is told again."""

    def telling(record: Record, rows: Rows) -> Step:
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            logs.also(**about(read_or_none(record)))
        made = step(record, rows)
        for output in made.outputs:
            _tell(output, log)
        return made

    return telling


def _tell(output: Sendable, log: Any) -> None:
    if output.topic == HazardAlert.TOPIC and output.value is not None:
        alert = orjson.loads(output.value)
        names = ("hazard_id", "run_id", "camera_id", "kind", "status", "version", "as_of")
        log.info("hazard_alert", **{name: alert[name] for name in names})
