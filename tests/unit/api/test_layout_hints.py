"""Which looks are counted as hints about how a table is drawn, and which live records are decoded for that."""

import pytest
from tests.unit.classifier_gateway.evidence_making import evidence, record

from api.model.layout_hints import doubtful_look
from api.model.projections import PROJECTIONS
from tablewatch_schemas import TableEvidence

TOPIC = PROJECTIONS[TableEvidence.TOPIC]
OUTSIDE = {"reason": "person_outside_zone", "confidence": 0.0}


def test_a_look_is_told_from_others_by_its_source_and_time() -> None:
    run, live = evidence(at=3, label="unknown", **OUTSIDE), evidence(at=4, label="unknown", run=None, **OUTSIDE)
    common = ("cam_1", 1, "tbl_1", "person_outside_zone", "site_1")
    assert doubtful_look(run) == (*common, run.run_id, run.run_id, run.captured_at)
    assert doubtful_look(live) == (*common, "cam_1", None, live.captured_at)


@pytest.mark.parametrize("other", [
    {"label": "free"}, {"reason": "person_between_tables"}, {"reason": None}, {"camera": None, "source_id": "s"},
    {"layout_version": None}, {"kind": "gated"},
])  # fmt: skip
def test_other_evidence_is_no_hint(other: dict) -> None:
    assert doubtful_look(evidence(**({"at": 0, "label": "unknown"} | OUTSIDE | other))) is None


def test_of_the_live_lane_only_what_is_counted_is_decoded() -> None:
    marked, other = [
        record(evidence(at=0, label="unknown", run=None, **(OUTSIDE | {"reason": reason}))).value
        for reason in ("person_outside_zone", "person_between_tables")
    ]
    assert (TOPIC.takes_live(marked), TOPIC.takes_live(other), TOPIC.takes_live(None)) == (True, False, False)
    assert PROJECTIONS["table.state"].takes_live(None)
