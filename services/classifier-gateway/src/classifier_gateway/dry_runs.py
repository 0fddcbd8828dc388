"""Dry runs: stored pictures of a camera go through classifier and rules as live ones do, and nobody hears of it.

What `dispatch` makes of a picture, `fold` makes a state of; both know nothing of each other, so this stands above them.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime

import orjson

from chassis.clock import Clock
from chassis.consume import Busy, Invalid
from chassis.metrics import DROPPED, WORK, Metrics
from classifier_gateway.dispatch.client import ClassifierClient
from classifier_gateway.dispatch.events import dry_run_events
from classifier_gateway.dispatch.judgement import look_judgement
from classifier_gateway.dispatch.looks import ATTEMPT_S
from classifier_gateway.dispatch.request import dry_run_request
from classifier_gateway.fold.row import Row
from classifier_gateway.fold.rules import apply_evidence
from classifier_gateway.source import SOURCE
from events.documents import Documents
from inference import Judgement, Unavailable
from objects.metrics import OBJECTS_GONE
from objects.store import Gone, ObjectStore
from tablewatch_schemas import FrameCommand, TableEvidence, TableEvidenceThresholds, TableState, encode, keys
from tablewatch_schemas.dry_run import MOST_BYTES, MOST_LOOKS, Document, DryRunReport
from tablewatch_schemas.judgement import FrameJudgement
from tablewatch_schemas.layout import Layout

SHOWN = ("table_id", "state", "previous_state", "confidence", "as_of", "since", "reason", "unknown_reason")


class DryRuns:
    """What is asked for on frame.command with `dry_run`. Commands of a camera come one by one, oldest picture first.

    Everything is in one object, put whole: after a crash a picture counts, or it is looked at again.
    """

    def __init__(
        self, objects: ObjectStore, client: ClassifierClient, thresholds: TableEvidenceThresholds, *, clock: Clock,
        metrics: Metrics,
    ) -> None:  # fmt: skip
        """`thresholds` are those of live tables."""
        self._objects, self._client, self._thresholds = objects, client, thresholds
        self._documents = Documents(objects)
        self._clock, self._metrics = clock, metrics

    async def look(self, command: FrameCommand) -> None:
        """Add a picture to the report. Raises Busy until the command expires, Unreadable, ContractError, Invalid."""
        if command.dry_run_id is None or command.layout_key is None:
            raise Invalid("no_dry_run", "a dry run without its id or its layout")
        left_s = (command.expires_at - self._clock.now()).total_seconds()
        if left_s <= 0:
            self._dropped("late")
            return
        try:
            await self._add(command, command.dry_run_id, command.layout_key, min(left_s, ATTEMPT_S))
        except Gone as error:
            self._metrics.count(OBJECTS_GONE, what=keys.object_kind(error.key))
            self._dropped("gone")

    async def _add(self, command: FrameCommand, dry_run_id: str, layout_key: str, timeout_s: float) -> None:
        key = keys.dry_run_report(command.site_id, command.camera_id, dry_run_id)
        before = await self._report(key)
        if before is not None and is_over(before, command.captured_at):
            self._dropped("judged")
            return
        layout, jpeg = await asyncio.gather(self._documents.layout(layout_key), self._objects.get(command.object_key))
        judgement = await self._judged(command, layout, jpeg, timeout_s)
        newest, evidence = look_judgement(command, key, judgement, layout), dry_run_events(command, layout, judgement)
        report = await asyncio.to_thread(with_look, before, dry_run_id, newest, evidence, self._thresholds)
        await self._objects.put(key, report.to_json(), "application/json")
        self._metrics.count(WORK, stage="dry_run", outcome="ok")

    async def _report(self, key: str) -> DryRunReport | None:
        """As it is; None before the first look. Raises ContractError."""
        if await self._objects.stat(key) is None:
            return None
        return DryRunReport.parse(await self._objects.get_range(key, 0, MOST_BYTES + 1), key)

    async def _judged(self, command: FrameCommand, layout: Layout, jpeg: bytes, timeout_s: float) -> Judgement:
        try:
            return await self._client.classify(dry_run_request(command, layout, jpeg), timeout_s, live=False)
        except Unavailable as error:
            raise Busy(1.0) from error

    def _dropped(self, reason: str) -> None:
        self._metrics.count(DROPPED, what="dry_run", reason=reason)


def is_over(report: DryRunReport, captured_at: datetime) -> bool:
    """Whether a picture of that time adds nothing: it counts already, a later one does, or there were enough."""
    return captured_at <= report.newest.captured_at or report.looked >= MOST_LOOKS


def with_look(
    before: DryRunReport | None, dry_run_id: str, newest: FrameJudgement, evidence: Iterable[TableEvidence],
    thresholds: TableEvidenceThresholds,
) -> DryRunReport:  # fmt: skip
    """The report after one more look, with what the rules of live tables make of its evidence. Pure."""
    before = before or DryRunReport(dry_run_id=dry_run_id, looked=0, newest=newest)
    rows, states, transitions = dict(before.rows), dict(before.states), list(before.transitions)
    for each in evidence:
        table_id = each.table_id or ""
        row = Row.parse(orjson.dumps(rows[table_id])) if table_id in rows else None
        change = apply_evidence(row, each, f"{dry_run_id}-{each.frame_id}", thresholds)
        rows[table_id] = orjson.loads(change.row.to_json())
        for state in change.states:
            states[table_id] = _document(state, newest.captured_at)
            transitions += [_transition(states[table_id])] if state.reason != "refresh" else []
    return DryRunReport(
        dry_run_id=dry_run_id, looked=before.looked + 1, newest=newest, states=states,
        transitions=tuple(transitions), rows=rows,
    )  # fmt: skip


def _transition(state: Document) -> Document:
    """What is shown of a state that has ended: of 200 tables there may be thousands."""
    people = {"people": state["evidence"]["people"]}
    return {name: state[name] for name in SHOWN if name in state} | {"evidence": people}


def _document(state: TableState, at: datetime) -> Document:
    """The value of the record that would have been published."""
    value = encode(state, source=SOURCE, time=at).value
    document: Document = orjson.loads(value or b"{}")
    return document
