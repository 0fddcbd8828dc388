"""Doubtful looks: evidence that a table is unknown. Times are seconds after T0 of capture."""

import pytest
from tests.unit.classifier_gateway.evidence_making import T0, THRESHOLDS, evidence, verdicts
from tests.unit.classifier_gateway.test_fold_rules import states_of

from classifier_gateway.fold.row import Row
from classifier_gateway.fold.rules import apply_evidence, apply_tick
from tablewatch_schemas import to_ms
from tablewatch_schemas.doubts import LOOKS

BETWEEN, OUTSIDE = "person_between_tables", "person_outside_zone"


def doubts(start, stop, step=1.0, reason=BETWEEN, **changes):
    return verdicts("unknown", start, stop, step, confidence=0.0, reason=reason, **changes)


def looks(pattern, start=0, step=1.0, **changes):
    """One look a letter: o(ccupied), f(ree), ? (doubtful)."""
    names = {"o": "occupied", "f": "free", "?": "unknown"}
    return [
        evidence(at=start + index * step, label=names[one], reason=BETWEEN if one == "?" else None, **changes)
        for index, one in enumerate(pattern)
    ]


def test_doubt_for_longer_than_the_hold_makes_a_table_unknown_since_its_first_look():
    summary, row, states = states_of(looks("ffff???"))
    assert summary == [("free", "evidence", 0, 1)]
    assert row.state == "free"
    summary, row, states = states_of(looks("ffff????"))
    assert summary[1:] == [("unknown", BETWEEN, 4, 2)]
    told = states[-1]
    assert (told.unknown_reason, told.confidence, told.previous_state) == (BETWEEN, 0.0, "free")
    assert told.evidence.frame_ids == tuple(f"run_1-{T0 + at * 1000}" for at in range(4, 8))
    assert to_ms(told.as_of) == T0 + 7000


def test_one_doubtful_look_among_certain_ones_changes_nothing_and_renews_nothing():
    _, certain, _ = states_of(looks("oooo"))
    doubted = apply_evidence(certain, evidence(at=4, label="unknown", reason=BETWEEN), "id", THRESHOLDS)
    assert doubted.states == ()
    assert (doubted.row.state, doubted.row.as_of_ms, doubted.row.expires_ms) == (
        "occupied", certain.as_of_ms, certain.expires_ms,
    )  # fmt: skip
    assert states_of(looks("oooo?o?o?oo?o"))[0] == [("occupied", "evidence", 0, 1)]
    assert states_of(looks("oo?o?o?o", step=2))[0] == [("occupied", "evidence", 0, 1)]
    assert {each[0] for each in states_of(looks("oo?o?o?o", step=10))[0]} == {"occupied"}


def test_doubt_alone_does_not_keep_a_state_from_growing_stale():
    alternating = [looks("oooo"), doubts(20, 20), doubts(40, 40)]
    assert states_of(alternating[0], *alternating[1:])[0][1:] == [("unknown", "stale", 33, 2)]


def test_sparse_looks_need_two_of_doubt():
    assert states_of(looks("ff", step=10), doubts(20, 20))[0] == [("free", "evidence", 0, 1)]
    assert states_of(looks("ff", step=10), doubts(20, 30, step=10))[0][1:] == [("unknown", BETWEEN, 20, 2)]


def test_mostly_doubtful_is_unknown_and_half_of_each_is_what_the_certain_ones_say():
    summary = states_of(looks("oooo"), looks("???f???f???f", 4))[0]
    assert summary == [("occupied", "evidence", 0, 1), ("unknown", BETWEEN, 4, 2)]
    summary, _, states = states_of(looks("oooo"), looks("f?f?f?f?f", 4))
    assert summary[1:] == [("free", "evidence", 4, 2)]
    assert states[-1].confidence < 0.6, "what was seen in doubt is told with less confidence"


def test_a_state_comes_back_when_looks_are_certain_for_the_hold():
    summary, row, states = states_of(looks("oooo????oo"))
    assert [each[0] for each in summary] == ["occupied", "unknown"]
    summary, row, states = states_of(looks("oooo????ooo"))
    assert summary[2:] == [("occupied", "evidence", 8, 3)]
    assert (states[-1].unknown_reason, states[-1].previous_state, row.unknown_reason) == (None, "unknown", None)


def test_another_state_after_doubt_takes_as_long_as_out_of_unknown():
    summary = states_of(looks("oooo????fff"))[0]
    assert [each[0] for each in summary] == ["occupied", "unknown"]
    assert states_of(looks("oooo????ffff"))[0][2:] == [("free", "evidence", 8, 3)]


def test_doubt_that_goes_on_is_refreshed_with_its_newest_reason():
    live = {"run": None}
    events = [*verdicts("free", 0, 3, **live), *doubts(4, 20, **live), *doubts(21, 40, reason=OUTSIDE, **live)]
    summary, row, states = states_of(events)
    assert [each[:2] for each in summary] == [
        ("free", "evidence"), ("unknown", BETWEEN), ("unknown", "refresh"), ("unknown", "refresh"),
    ]  # fmt: skip
    assert [each.unknown_reason for each in states[2:]] == [OUTSIDE, OUTSIDE]
    assert {to_ms(each.since) for each in states[1:]} == {T0 + 4000}
    assert apply_tick(row, to_ms(states[-1].expires_at) - 1, 0).states == ()


def test_doubt_after_silence_begins_anew():
    live = {"run": None}
    _, row, _ = states_of([*verdicts("free", 0, 3, **live), *doubts(4, 8, **live)])
    assert row.unknown_reason == BETWEEN
    summary, row, _ = states_of(doubts(100, 101, **live), row=row)
    assert (summary, row.unknown_reason) == ([], "stale")


def test_a_table_that_was_never_known_is_told_as_unknown_with_the_reason():
    summary, _, states = states_of(doubts(0, 3))
    assert summary == [("unknown", BETWEEN, 0, 1)]
    assert states[0].previous_state is None


def test_after_stale_doubt_tells_its_own_reason():
    events = [*verdicts("free", 0, 3), *doubts(50, 53)]
    assert states_of(events)[0][1:] == [("unknown", "stale", 33, 2), ("unknown", BETWEEN, 50, 3)]


@pytest.mark.parametrize("reason", ["mist", "", None])
def test_a_reason_that_is_not_listed_is_told_as_doubtful(reason):
    states = states_of(doubts(0, 3, reason=reason))[2]
    assert (states[0].reason, states[0].unknown_reason) == ("doubtful", "doubtful")


@pytest.mark.parametrize("code", LOOKS)
def test_every_listed_code_is_told(code):
    assert states_of(doubts(0, 3, reason=code))[2][0].unknown_reason == code


def test_what_people_set_is_not_undone_by_doubt():
    reserved = evidence("signal", 5, "reserved", run=None, source_id="staff")
    summary = states_of(reserved, doubts(6, 18, run=None))[0]
    assert summary == [("reserved", "signal", 5, 1)]


def test_a_signal_of_unknown_says_so():
    signal = evidence("signal", 5, "unknown", run=None, source_id="staff")
    assert [each.unknown_reason for each in states_of(verdicts("free", 0, 3, run=None), signal)[2]] == [None, "signal"]


def test_stale_and_camera_are_reasons_too():
    away = evidence("camera", 5, "unknown", run=None, reason="offline: why")
    assert states_of(verdicts("free", 0, 3, run=None), away)[2][-1].unknown_reason == "camera"
    _, row, _ = states_of(verdicts("free", 0, 3, run=None))
    assert apply_tick(row, T0 + 60_000, 0).states[0].unknown_reason == "stale"


def test_a_run_ends_in_the_doubt_that_it_showed():
    summary, _, states = states_of(doubts(0, 1), evidence("end", 1))
    assert summary == [("unknown", "ended", 1, 1)]
    assert states[-1].unknown_reason == BETWEEN
    assert states_of(evidence("end", 1))[2][-1].unknown_reason == "no_evidence"
    assert states_of(looks("oooo????"), evidence("end", 8))[2][-1].unknown_reason == BETWEEN
    assert states_of(looks("?f??"), evidence("end", 4))[2][-1].state == "unknown"


def test_a_row_of_before_doubt_loads_and_learns_it():
    stored = (
        b'{"table_id":"tbl_1","site_id":"site_1","run_id":"run_1","version":3,"state":"free","previous":"occupied",'
        b'"confidence":0.9,"as_of_ms":1795000000000,"since_ms":1795000000000,"expires_ms":1795000030000,'
        b'"told_ms":1795000000000,"candidate":{"label":"occupied","first_ms":1795000000000,"last_ms":1795000000000,'
        b'"votes":1,"against":0,"against_ms":null,"trust":0.9,"evidence_ids":["e"],"frame_ids":["f"]},"offset":7}'
    )
    row = Row.parse(stored)
    assert row.to_json() == stored
    summary, row, _ = states_of(doubts(1, 4), row=row)
    assert summary == [("unknown", BETWEEN, 1, 4)]
    assert Row.parse(row.to_json()) == row


def test_what_one_look_began_long_ago_does_not_hold_up_a_table_that_can_be_told_again():
    summary, _, _ = states_of(looks("ffff?????f" + "?" * 20 + "fff"))
    assert summary[-1][:3] == ("free", "evidence", 30)
    summary, _, _ = states_of(looks("ffff?????f" + "?" * 4 + "fff"))
    assert summary[-1][0] == "unknown", "while it may still go on its doubts count"


def test_where_looks_are_ten_seconds_apart_each_other_one_may_be_in_doubt():
    summary, _, _ = states_of(looks("f?f?f?f?", step=10))
    assert summary[0][:2] == ("free", "evidence")
    summary, _, _ = states_of(looks("oo??f?f?f?f?", step=10))
    assert summary[-1][0] == "free"
