"""What the log tells of the fold: every transition, and in its debug lines whom a record is about."""

import logging
from typing import Any

import orjson

from chassis import logs
from chassis.fold import Rows, Step, StepFunction
from chassis.records import Record, Sendable
from tablewatch_schemas import TableEvidence, TableState
from tablewatch_schemas.ids import NAMED


def narrated(step: StepFunction, log: Any) -> StepFunction:
    """The same step, told. A record that comes again after a crash is told again."""

    def telling(record: Record, rows: Rows) -> Step:
        if logging.getLogger().isEnabledFor(logging.DEBUG) and record.topic == TableEvidence.TOPIC:
            logs.also(**_ids(record.value))
        made = step(record, rows)
        for output in made.outputs:
            _tell(output, log)
        return made

    return telling


def _ids(value: bytes | None) -> dict[str, str]:
    """Ids in a value; none in one that nobody can read, which the step is going to refuse."""
    try:
        said = orjson.loads(value or b"{}")
    except ValueError:
        return {}
    return {name: said[name] for name in NAMED if said.get(name)} if isinstance(said, dict) else {}


def _tell(output: Sendable, log: Any) -> None:
    if output.topic != TableState.TOPIC:
        return
    if output.value is None:
        log.info("table_state_erased", key=(output.key or b"").decode(errors="replace"))
        return
    state = orjson.loads(output.value)
    if state["state"] != state["previous_state"] and state["reason"] != "refresh":
        names = ("table_id", "run_id", "state", "previous_state", "reason", "as_of", "version")
        log.info("table_state", **{name: state[name] for name in names})
