"""The fold on records: keys, headers, tombstones, refusals."""

from dataclasses import replace

import pytest
from tests.unit.classifier_gateway.evidence_making import T0, THRESHOLDS, event_of, evidence, record, tick, verdicts
from tests.unit.classifier_gateway.test_fold_replay import Rows, run

from chassis.consume import Invalid
from chassis.records import Record
from classifier_gateway.fold.row import Row
from classifier_gateway.fold.step import FINAL_VERSION, TableFold, tick_message
from tablewatch_schemas import TableEvidence, decode_as, from_ms

FOLD = TableFold(THRESHOLDS, forget_ms=1000)


def folded(*events) -> tuple[list, Rows]:
    rows, outputs = Rows(), []
    for offset, event in enumerate(events):
        step = FOLD.step(record(event, offset), rows)
        outputs += step.outputs
        rows.update({key: row for key, row in step.rows.items() if row is not None})
    return outputs, rows


def test_states_go_out_under_the_key_and_lane_of_their_evidence():
    (output,), rows = folded(*verdicts("occupied", 0, 3))
    assert (output.topic, output.key, output.lane) == ("table.state", b"tbl_1@run_1", "run")
    assert list(rows) == ["tbl_1@run_1"]
    (output,), rows = folded(*verdicts("occupied", 0, 3, run=None))
    assert (output.key, output.lane, list(rows)) == (b"tbl_1", "live", ["tbl_1"])


def test_a_state_names_its_cause_and_repeats_byte_for_byte():
    log = [record(event) for event in verdicts("occupied", 0, 3)]
    first, _ = run(log, Rows(), 0, len(log))
    second, _ = run(log, Rows(), 0, len(log))
    assert first == second
    headers = dict(first[0][1][2])
    assert headers["ce_causationid"] == dict(log[-1].headers)["ce_id"]
    assert headers["ce_version"] == b"1"


def test_a_deleted_run_leaves_a_tombstone_above_every_version():
    outputs, rows = folded(*verdicts("occupied", 0, 3), evidence("end", 9, reason="deleted"))
    assert outputs[-1].value is None
    assert dict(outputs[-1].headers)["ce_version"] == str(FINAL_VERSION).encode()
    assert Row.parse(rows["tbl_1@run_1"]).closed == "deleted"


def test_a_tick_concerns_the_rows_of_its_partition():
    _, rows = folded(*verdicts("occupied", 0, 3, run=None), *verdicts("free", 0, 3, run=None, table="tbl_2"))
    step = FOLD.step(record(tick(60), 99), rows)
    assert {event_of(each).table_id for each in step.outputs} == {"tbl_1", "tbl_2"}
    assert {event_of(each).state for each in step.outputs} == {"unknown"}
    assert FOLD.step(record(tick(10), 99), rows) == FOLD.step(record(tick(20), 99), rows)
    assert FOLD.step(record(tick(10), 99), rows).rows == {}


def test_a_finished_run_is_forgotten_after_a_while():
    _, rows = folded(*verdicts("occupied", 0, 3), evidence("end", 4))
    rows.update(FOLD.step(record(tick(100), 10), rows).rows)
    assert FOLD.step(record(tick(101), 11), rows).rows == {}
    assert FOLD.step(record(tick(102), 10), rows).rows == {}, "a repeat"
    assert FOLD.step(record(tick(102), 12), rows).rows == {"tbl_1@run_1": None}


def test_a_tick_names_its_partition():
    made = tick_message(4, from_ms(T0))
    assert (made.key, made.partition) == (None, 4)
    event = decode_as(TableEvidence, made.key, made.value, made.headers).event
    assert event is not None and (event.kind, event.table_id) == ("tick", None)
    assert dict(made.headers)["ce_id"] != dict(tick_message(5, from_ms(T0)).headers)["ce_id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": b"{"}, "not_json"),
        ({"value": b"{}"}, "wrong_schema"),
        ({"value": None}, "no_value"),
        ({"headers": ()}, "missing_header"),
        ({"key": b"tbl_9"}, "wrong_key"),
    ],
)
def test_bad_evidence_is_invalid(change, code):
    with pytest.raises(Invalid) as refused:
        FOLD.step(replace(record(evidence(label="free")), **change), Rows())
    assert refused.value.code == code


def test_a_table_must_be_named():
    bad = Record(**{name: getattr(record(tick(1)), name) for name in Record.__slots__})
    value = (bad.value or b"").replace(b'"tick"', b'"verdict"')
    with pytest.raises(Invalid, match="no_table"):
        FOLD.step(replace(bad, value=value), Rows())
