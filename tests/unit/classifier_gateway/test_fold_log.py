"""The fold's log: transitions, erasures, and nothing that changes the step."""

import structlog
from structlog.testing import capture_logs
from tests.unit.classifier_gateway.evidence_making import THRESHOLDS, evidence, record, verdicts
from tests.unit.classifier_gateway.test_fold_replay import Rows

from classifier_gateway.fold.log import with_logging
from classifier_gateway.fold.step import TableFold
from folding.step import Step

FOLD = TableFold(THRESHOLDS, forget_ms=1000)


def both(*events) -> tuple[list[Step], list[Step], list[dict]]:
    plain, logged, rows = [], [], (Rows(), Rows())
    with capture_logs() as lines:
        step = with_logging(FOLD.step, structlog.get_logger())
        for offset, event in enumerate(events):
            for made, own, use in ((plain, rows[0], FOLD.step), (logged, rows[1], step)):
                made.append(use(record(event, offset), own))
                own.update({key: row for key, row in made[-1].rows.items() if row is not None})
    return plain, logged, lines


def test_a_transition_is_logged_with_its_ids_and_the_step_is_the_same():
    plain, logged, lines = both(*verdicts("occupied", 0, 6), evidence("end", 9, reason="deleted"))
    assert plain == logged
    assert [(line["event"], line.get("state")) for line in lines] == [
        ("table_state", "occupied"), ("table_state_erased", None),
    ]  # fmt: skip
    assert (lines[0]["table_id"], lines[0]["run_id"]) == ("tbl_1", "run_1")
