"""What the fold concludes, in examples. Times are seconds after T0 of capture."""

import pytest
from tests.unit.classifier_gateway.evidence_making import T0, evidence, verdicts

from classifier_gateway.fold.fold import fold, tick
from classifier_gateway.fold.row import Row, Thresholds
from tablewatch_schemas import event_id, to_ms

DEFAULTS = Thresholds()


def told(*groups, row=None):
    """Fold everything; [(state, reason, since seconds, version)], the row, and the whole states."""
    said = []
    for each in [one for group in groups for one in (group if isinstance(group, list) else [group])]:
        folded = fold(row, each, event_id(each), DEFAULTS)
        row, said = folded.row, said + list(folded.states)
    return [(one.state, one.reason, (to_ms(one.since) - T0) / 1000, one.version) for one in said], row, said


def test_a_table_is_taken_after_three_seconds_dated_back():
    assert told(verdicts("occupied", 1, 4))[0] == [("occupied", "evidence", 1, 1)]
    assert told(verdicts("occupied", 1, 3))[0] == []


def test_leaving_takes_eight_seconds_and_is_dated_back_too():
    said = told(verdicts("occupied", 0, 5), verdicts("free", 6, 14))[0]
    assert said == [("occupied", "evidence", 0, 1), ("free", "evidence", 6, 2)]
    assert told(verdicts("occupied", 0, 5), verdicts("free", 6, 13))[0] == [("occupied", "evidence", 0, 1)]


def test_out_of_unknown_free_is_as_quick_as_taken():
    assert told(verdicts("free", 0, 3))[0] == [("free", "evidence", 0, 1)]


def test_one_contrary_verdict_is_ignored():
    said = told(
        verdicts("free", 0, 5), verdicts("occupied", 6, 7), evidence(at=8, label="free"), verdicts("occupied", 9, 10)
    )
    assert said[0][1:] == [("occupied", "evidence", 6, 2)]


def test_contrary_verdicts_for_longer_than_the_hold_begin_anew():
    said = told(
        verdicts("free", 0, 5), verdicts("occupied", 6, 7), verdicts("free", 8, 10), verdicts("occupied", 11, 13)
    )
    assert said[0] == [("free", "evidence", 0, 1)]


def test_a_passer_by_changes_nothing():
    assert told(verdicts("free", 0, 10), evidence(at=11, label="occupied"), verdicts("free", 12, 14))[0] == [
        ("free", "evidence", 0, 1)
    ]


def test_sparse_verdicts_count_in_capture_time():
    assert told(verdicts("occupied", 0, 10, step=10))[0] == [("occupied", "evidence", 0, 1)]


def test_a_state_carries_what_it_rests_on():
    state = told(verdicts("occupied", 0, 3))[2][0]
    assert state.evidence.frame_ids == tuple(f"run_1-{T0 + second * 1000}" for second in range(4))
    assert len(state.evidence.evidence_ids) == 4
    assert (state.confidence, state.camera_ids, state.previous_state) == (0.9, ("cam_1",), None)
    assert to_ms(state.as_of) == T0 + 3000
    assert to_ms(state.expires_at) == T0 + 33_000


def test_it_is_refreshed_at_half_of_its_time():
    said = told(verdicts("occupied", 0, 40))[0]
    assert [(state, reason) for state, reason, _, _ in said] == [
        ("occupied", "evidence"), ("occupied", "refresh"), ("occupied", "refresh"),
    ]  # fmt: skip


def test_a_gap_in_capture_time_makes_it_unknown_since_it_expired():
    said = told(verdicts("occupied", 0, 3), evidence(at=100, label="occupied"))[0]
    assert said[1:] == [("unknown", "stale", 33, 2)]


def test_a_run_ends_once_and_is_closed():
    end = evidence("end", 20)
    said, row, states = told(verdicts("occupied", 0, 20), end, end, verdicts("free", 21, 40))
    assert said[-1] == ("occupied", "ended", 0, 3)
    assert states[-1].last and len(states) == 3
    assert row is not None and row.closed == "ended"


def test_a_run_that_saw_nothing_ends_as_unknown():
    said, _, states = told(evidence("end", 5))
    assert said == [("unknown", "ended", 5, 1)]
    assert states[0].last and states[0].confidence == 0


def test_a_single_frame_is_a_guess_at_half_the_confidence():
    _, _, states = told(evidence(at=0, label="occupied"), evidence("end", 0))
    assert [(one.state, one.confidence, one.last) for one in states] == [("occupied", 0.45, True)]


def test_the_end_of_a_cancelled_run_may_come_before_its_frames():
    said, row, _ = told(evidence("end", -10, reason="cancelled"), verdicts("occupied", 0, 10))
    assert said == [("unknown", "ended", -10, 1)]
    assert row is not None and row.closed == "ended"


def test_a_deleted_run_is_erased_once_even_after_its_end():
    row = told(verdicts("occupied", 0, 3), evidence("end", 3))[1]
    gone = evidence("end", 99, reason="deleted")
    first = fold(row, gone, "id", DEFAULTS)
    assert first.erased and first.states == ()
    again = fold(first.row, gone, "id", DEFAULTS)
    assert not again.erased
    assert fold(None, gone, "id", DEFAULTS).erased


def test_older_and_equal_evidence_of_a_source_is_ignored():
    _, row, _ = told(verdicts("occupied", 0, 5))
    for repeat in (evidence(at=5, label="free"), evidence(at=2, label="free")):
        assert fold(row, repeat, "id", DEFAULTS).row == row


def test_a_camera_that_is_ahead_does_not_silence_another():
    ahead = evidence(at=50, label="free", run=None, camera="cam_2")
    said = told(ahead, verdicts("occupied", 46, 54, run=None))[0]
    assert ("occupied", "evidence", 48, 1) in said


def test_a_live_table_grows_stale_by_ticks():
    _, row, _ = told(verdicts("occupied", 0, 3, run=None))
    assert row is not None
    assert tick(row, T0 + 33_000, 0).states == ()
    stale = tick(row, T0 + 33_001, 0)
    assert [(one.state, one.reason) for one in stale.states] == [("unknown", "stale")]
    assert tick(stale.row, T0 + 40_000, 0).states == ()


def test_a_run_never_grows_stale_by_ticks_and_is_forgotten_when_idle():
    _, row, _ = told(verdicts("occupied", 0, 3))
    assert row is not None
    idle = tick(row, T0 + 10**9, 1000)
    assert idle is not None and idle.states == () and idle.row.idle_ms == T0 + 10**9
    assert tick(idle.row, T0 + 10**9 + 1000, 1000) is not None
    assert tick(idle.row, T0 + 10**9 + 1001, 1000) is None


def test_unavailable_holds_nothing_up_and_is_no_evidence():
    said = told(verdicts("occupied", 0, 3), evidence("unavailable", 20), evidence("unavailable", 40))[0]
    assert said[1:] == [("unknown", "stale", 33, 2)]


def test_a_dark_camera_makes_its_tables_unknown_until_it_is_well():
    dark = evidence("camera", 5, "unknown", run=None, reason="dark")
    well = evidence("camera", 12, None, run=None)
    said = told(
        verdicts("occupied", 0, 4, run=None), dark, verdicts("free", 6, 11, run=None), well,
        verdicts("free", 13, 16, run=None),
    )[0]  # fmt: skip
    assert said[1:] == [("unknown", "camera", 5, 2), ("free", "evidence", 13, 3)]


def test_a_second_camera_keeps_the_table_known():
    both = [
        evidence(at=at, label="occupied", run=None, camera=camera) for at in range(5) for camera in ("cam_1", "cam_2")
    ]
    dark = evidence("camera", 5, "unknown", run=None, reason="dark")
    assert [one[0] for one in told(both, dark)[0]] == ["occupied"]


def test_a_signal_holds_at_once_and_reserved_is_not_undone_by_emptiness():
    reserved = evidence("signal", 5, "reserved", run=None, source_id="staff")
    said = told(verdicts("free", 0, 4, run=None), reserved, verdicts("free", 6, 18, run=None))[0]
    assert said[1:] == [("reserved", "signal", 5, 2)]
    said = told(reserved, verdicts("occupied", 6, 9, run=None))[0]
    assert said[-1][0] == "occupied"


@pytest.mark.parametrize("label", ["unknown", "levitating", None])
def test_what_says_nothing_changes_nothing(label):
    _, row, _ = told(verdicts("occupied", 0, 4))
    folded = fold(row, evidence(at=5, label=label), "id", DEFAULTS)
    assert folded.states == () and folded.row.state == "occupied" and folded.row.as_of_ms == T0 + 4000


def test_a_kind_from_the_future_changes_nothing():
    _, row, _ = told(verdicts("occupied", 0, 4))
    assert fold(row, evidence("omen", 5, "free"), "id", DEFAULTS).row == row


def test_a_row_survives_its_changelog():
    _, row, _ = told(verdicts("occupied", 0, 4), verdicts("free", 5, 6))
    assert row is not None and row.candidate is not None
    assert Row.parse(row.to_json()) == row
    assert Row.parse(b'{"table_id":"t","site_id":"s","run_id":null,"tomorrow":1}') == Row(
        table_id="t", site_id="s", run_id=None
    )


def test_states_of_a_run_name_its_video_also_when_the_row_is_older_than_that():
    named = [*verdicts("occupied", 0, 4, video_id="vid_1"), evidence("end", 5, video_id="vid_1")]
    _, row, states = told(named)
    assert [state.video_id for state in states] == ["vid_1"] * 2
    assert row is not None and row.video_id == "vid_1"
    _, _, states = told(verdicts("occupied", 0, 4), verdicts("free", 5, 20, video_id="vid_1"), evidence("end", 21))
    assert [state.video_id for state in states] == [None, *["vid_1"] * (len(states) - 1)]
