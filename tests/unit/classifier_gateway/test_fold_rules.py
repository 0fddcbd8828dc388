"""The rules of a table's state, in examples. Times are seconds after T0 of capture."""

import pytest
from tests.unit.classifier_gateway.evidence_making import T0, THRESHOLDS, evidence, verdicts

from classifier_gateway.fold.row import Row
from classifier_gateway.fold.rules import apply_evidence, apply_tick
from tablewatch_schemas import event_id, from_ms, replace, to_ms
from tablewatch_schemas.doubts import BLIND, camera_code


def states_of(*groups, row=None):
    """Fold everything; [(state, reason, since seconds, version)], the row, and the whole states."""
    states = []
    for each in [one for group in groups for one in (group if isinstance(group, list) else [group])]:
        change = apply_evidence(row, each, event_id(each), THRESHOLDS)
        row, states = change.row, states + list(change.states)
    return [(one.state, one.reason, (to_ms(one.since) - T0) / 1000, one.version) for one in states], row, states


def test_a_table_is_taken_after_three_seconds_dated_back():
    assert states_of(verdicts("occupied", 1, 4))[0] == [("occupied", "evidence", 1, 1)]
    assert states_of(verdicts("occupied", 1, 3))[0] == []


def test_leaving_takes_eight_seconds_and_is_dated_back_too():
    summary = states_of(verdicts("occupied", 0, 5), verdicts("free", 6, 14))[0]
    assert summary == [("occupied", "evidence", 0, 1), ("free", "evidence", 6, 2)]
    assert states_of(verdicts("occupied", 0, 5), verdicts("free", 6, 13))[0] == [("occupied", "evidence", 0, 1)]


def test_out_of_unknown_free_is_as_quick_as_taken():
    assert states_of(verdicts("free", 0, 3))[0] == [("free", "evidence", 0, 1)]


def test_one_contrary_verdict_is_ignored():
    summary = states_of(
        verdicts("free", 0, 5), verdicts("occupied", 6, 7), evidence(at=8, label="free"), verdicts("occupied", 9, 10)
    )
    assert summary[0][1:] == [("occupied", "evidence", 6, 2)]


def test_contrary_verdicts_for_longer_than_the_hold_begin_anew():
    summary = states_of(
        verdicts("free", 0, 5), verdicts("occupied", 6, 7), verdicts("free", 8, 10), verdicts("occupied", 11, 13)
    )
    assert summary[0] == [("free", "evidence", 0, 1)]


def test_a_passer_by_changes_nothing():
    assert states_of(verdicts("free", 0, 10), evidence(at=11, label="occupied"), verdicts("free", 12, 14))[0] == [
        ("free", "evidence", 0, 1)
    ]


def test_sparse_verdicts_count_in_capture_time():
    assert states_of(verdicts("occupied", 0, 10, step=10))[0] == [("occupied", "evidence", 0, 1)]


def test_a_state_carries_what_it_rests_on():
    state = states_of(verdicts("occupied", 0, 3))[2][0]
    assert state.evidence.frame_ids == tuple(f"run_1-{T0 + second * 1000}" for second in range(4))
    assert len(state.evidence.evidence_ids) == 4
    assert (state.confidence, state.camera_ids, state.previous_state) == (0.9, ("cam_1",), None)
    assert to_ms(state.as_of) == T0 + 3000
    assert to_ms(state.expires_at) == T0 + 33_000


def test_it_is_refreshed_at_half_of_its_time():
    summary = states_of(verdicts("occupied", 0, 40))[0]
    assert [(state, reason) for state, reason, _, _ in summary] == [
        ("occupied", "evidence"), ("occupied", "refresh"), ("occupied", "refresh"),
    ]  # fmt: skip


def test_a_gap_in_capture_time_makes_it_unknown_since_it_expired():
    summary = states_of(verdicts("occupied", 0, 3), evidence(at=100, label="occupied"))[0]
    assert summary[1:] == [("unknown", "stale", 33, 2)]


def test_a_run_ends_once_and_is_closed():
    end = evidence("end", 20)
    summary, row, states = states_of(verdicts("occupied", 0, 20), end, end, verdicts("free", 21, 40))
    assert summary[-1] == ("occupied", "ended", 0, 3)
    assert states[-1].last and len(states) == 3
    assert row is not None and row.closed == "ended"


def test_a_run_that_saw_nothing_ends_as_unknown():
    summary, _, states = states_of(evidence("end", 5))
    assert summary == [("unknown", "ended", 5, 1)]
    assert states[0].last and states[0].confidence == 0


def test_a_single_frame_is_a_guess_at_half_the_confidence():
    _, _, states = states_of(evidence(at=0, label="occupied"), evidence("end", 0))
    assert [(one.state, one.confidence, one.last) for one in states] == [("occupied", 0.45, True)]


def test_the_end_of_a_cancelled_run_may_come_before_its_frames():
    summary, row, _ = states_of(evidence("end", -10, reason="cancelled"), verdicts("occupied", 0, 10))
    assert summary == [("unknown", "ended", -10, 1)]
    assert row is not None and row.closed == "ended"


def test_a_deleted_run_is_erased_once_even_after_its_end():
    row = states_of(verdicts("occupied", 0, 3), evidence("end", 3))[1]
    deleted = evidence("end", 99, reason="deleted")
    first = apply_evidence(row, deleted, "id", THRESHOLDS)
    assert first.erased and first.states == ()
    second = apply_evidence(first.row, deleted, "id", THRESHOLDS)
    assert not second.erased
    assert apply_evidence(None, deleted, "id", THRESHOLDS).erased


def test_older_and_equal_evidence_of_a_source_is_ignored():
    _, row, _ = states_of(verdicts("occupied", 0, 5))
    for duplicate in (evidence(at=5, label="free"), evidence(at=2, label="free")):
        assert apply_evidence(row, duplicate, "id", THRESHOLDS).row == row


def test_a_camera_that_is_ahead_does_not_silence_another():
    ahead = evidence(at=50, label="occupied", run=None, camera="cam_2")
    summary, row, _ = states_of(ahead, verdicts("occupied", 46, 54, run=None))
    assert summary == [("occupied", "evidence", 46, 1)]
    assert {camera: vote.at_ms - T0 for camera, vote in row.votes.items()} == {"cam_1": 54_000, "cam_2": 50_000}


def test_a_live_table_grows_stale_by_ticks():
    _, row, _ = states_of(verdicts("occupied", 0, 3, run=None))
    assert row is not None
    assert apply_tick(row, T0 + 33_000, 0).states == ()
    stale = apply_tick(row, T0 + 33_001, 0)
    assert [(one.state, one.reason) for one in stale.states] == [("unknown", "stale")]
    assert apply_tick(stale.row, T0 + 40_000, 0).states == ()


def test_a_run_never_grows_stale_by_ticks_and_is_forgotten_when_idle():
    _, row, _ = states_of(verdicts("occupied", 0, 3))
    assert row is not None
    idle = apply_tick(row, T0 + 10**9, 1000)
    assert idle is not None and idle.states == () and idle.row.idle_ms == T0 + 10**9
    assert apply_tick(idle.row, T0 + 10**9 + 1000, 1000) is not None
    assert apply_tick(idle.row, T0 + 10**9 + 1001, 1000) is None


def test_unavailable_lets_a_state_expire_and_is_no_evidence():
    summary = states_of(verdicts("occupied", 0, 3), evidence("unavailable", 20), evidence("unavailable", 40))[0]
    assert summary[1:] == [("unknown", "stale", 33, 2)]


def test_a_dark_camera_makes_its_tables_unknown_until_it_is_well():
    dark = evidence("camera", 5, "unknown", run=None, reason="dark")
    well = evidence("camera", 12, None, run=None)
    summary = states_of(
        verdicts("occupied", 0, 4, run=None), dark, verdicts("free", 6, 11, run=None), well,
        verdicts("free", 13, 16, run=None),
    )[0]  # fmt: skip
    assert summary[1:] == [("unknown", "camera", 5, 2), ("free", "evidence", 13, 3)]


def health(at, status, camera="cam_1"):
    return evidence("camera", at, "unknown", run=None, camera=camera, reason=f"{status}: why")


@pytest.mark.parametrize("status", sorted(BLIND))
def test_the_state_says_what_is_wrong_with_the_camera(status):
    states = states_of(verdicts("free", 0, 3, run=None), health(5, status))[2]
    assert (states[-1].state, states[-1].unknown_reason) == ("unknown", camera_code(status))


def test_what_is_wrong_with_the_camera_may_change_and_is_told_once():
    row = states_of(verdicts("free", 0, 3, run=None), evidence("unavailable", 40, run=None))[1]
    assert row.unknown_reason == "stale"
    _, row, states = states_of(health(41, "frozen"), health(641, "frozen"), health(651, "offline"), row=row)
    assert [(each.unknown_reason, each.reason) for each in states] == [
        ("camera_frozen", "camera"),
        ("camera", "camera"),
    ]
    well = evidence("camera", 660, None, run=None)
    assert states_of(well, verdicts("free", 661, 664, run=None), row=row)[0][0][0] == "free"


def test_a_table_that_was_never_known_is_told_what_is_wrong_with_its_camera():
    (state,) = states_of(health(5, "dark"))[2]
    assert (state.unknown_reason, state.as_of, state.since) == ("camera_dark", from_ms(T0 + 5000), from_ms(T0 + 5000))
    assert state.expires_at > state.as_of and state.camera_ids == ("cam_1",)


def test_unknown_by_a_signal_stays_so():
    signal = evidence("signal", 5, "unknown", run=None, source_id="staff")
    assert len(states_of(signal, health(6, "dark"))[2]) == 1


def test_a_second_camera_keeps_the_table_known():
    both = [
        evidence(at=at, label="occupied", run=None, camera=camera) for at in range(5) for camera in ("cam_1", "cam_2")
    ]
    dark = evidence("camera", 5, "unknown", run=None, reason="dark")
    assert [one[0] for one in states_of(both, dark)[0]] == ["occupied"]


def test_a_signal_holds_at_once_and_reserved_is_not_undone_by_emptiness():
    reserved = evidence("signal", 5, "reserved", run=None, source_id="staff")
    summary = states_of(verdicts("free", 0, 4, run=None), reserved, verdicts("free", 6, 18, run=None))[0]
    assert summary[1:] == [("reserved", "signal", 5, 2)]
    summary = states_of(reserved, verdicts("occupied", 6, 9, run=None))[0]
    assert summary[-1][0] == "occupied"


@pytest.mark.parametrize("label", ["unknown", "levitating", None])
def test_an_unusable_label_changes_nothing(label):
    _, row, _ = states_of(verdicts("occupied", 0, 4))
    change = apply_evidence(row, evidence(at=5, label=label), "id", THRESHOLDS)
    assert change.states == () and change.row.state == "occupied" and change.row.as_of_ms == T0 + 4000


def test_a_kind_from_the_future_changes_nothing():
    _, row, _ = states_of(verdicts("occupied", 0, 4))
    assert apply_evidence(row, evidence("omen", 5, "free"), "id", THRESHOLDS).row == row


def test_a_row_survives_its_changelog():
    _, row, _ = states_of(verdicts("occupied", 0, 4), verdicts("free", 5, 6))
    assert row is not None and row.candidate is not None
    assert Row.parse(row.to_json()) == row
    assert Row.parse(b'{"table_id":"t","site_id":"s","run_id":null,"tomorrow":1}') == Row(
        table_id="t", site_id="s", run_id=None
    )


def test_a_row_of_an_earlier_version_is_read_from_its_changelog():
    """JSON names are those of rows in production's changelogs, whatever the attributes are called."""
    stored = (
        b'{"table_id":"tbl_1","site_id":"site_1","run_id":null,"version":3,"state":"occupied","previous":"free",'
        b'"confidence":0.9,"as_of_ms":5,"since_ms":2,"expires_ms":9,"told_ms":4,"candidate":{"label":"free",'
        b'"first_ms":4,"last_ms":5,"votes":2,"against":1,"against_ms":null,"trust":1.7,"evidence_ids":["e"],'
        b'"frame_ids":["f"]},"order":{"cam_1":5},"cameras":["cam_1"],"unwell":{"cam_1":"dark"},"people":2,'
        b'"model":["m","1"],"layout_version":1,"evidence_ids":["e"],"frame_ids":["f"],"offset":7}'
    )
    row = Row.parse(stored)
    assert (row.published_ms, row.newest_ms, row.blind) == (4, {"cam_1": 5}, {"cam_1": "dark"})
    assert row.candidate is not None and row.candidate.confidence_sum == 1.7
    assert row.to_json() == stored


def test_states_of_a_run_name_its_video_also_when_the_row_is_older_than_that():
    named = [*verdicts("occupied", 0, 4, video_id="vid_1"), evidence("end", 5, video_id="vid_1")]
    _, row, states = states_of(named)
    assert [state.video_id for state in states] == ["vid_1"] * 2
    assert row is not None and row.video_id == "vid_1"
    _, _, states = states_of(verdicts("occupied", 0, 4), verdicts("free", 5, 20, video_id="vid_1"), evidence("end", 21))
    assert [state.video_id for state in states] == [None, *["vid_1"] * (len(states) - 1)]


def name(at, label, version=1, **changes):
    return evidence("name", at, table_label=label, layout_version=version, frame_id=None, **changes)


def test_a_state_says_what_its_table_is_called():
    _, row, states = states_of(verdicts("occupied", 0, 3, table_label="Table 7"), evidence("end", 4))
    assert [each.label for each in states] == ["Table 7"] * 2
    assert row.closed


def test_the_end_alone_brings_the_name():
    assert [each.label for each in states_of(evidence("end", 4, table_label="Table 7"))[2]] == ["Table 7"]


def test_a_table_without_a_name_has_none():
    assert [each.label for each in states_of(verdicts("occupied", 0, 3))[2]] == [None]


def test_a_name_alone_publishes_nothing_and_a_signal_has_it():
    live = {"run": None}
    summary, row, _ = states_of(name(0, "Table 7", **live))
    assert (summary, row.label, row.version) == ([], "Table 7", 0)
    assert apply_tick(row, T0 + 10**9, 0).states == ()
    _, _, (signalled,) = states_of(evidence("signal", 1, "reserved", camera=None, source_id="staff", **live), row=row)
    assert (signalled.label, signalled.state) == ("Table 7", "reserved")


def test_another_name_is_published_at_once_and_once():
    _, row, _ = states_of(verdicts("occupied", 0, 3, run=None, table_label="Table 7"))
    renaming = name(10, "Window", 2, run=None)
    summary, renamed, states = states_of(renaming, renaming, row=row)
    assert summary == [("occupied", "refresh", 0, 2)]
    assert (states[0].label, states[0].previous_state, states[0].expires_at) == (
        "Window", None, from_ms(row.expires_ms)
    )  # fmt: skip
    assert states_of(name(11, "Window", 3, run=None), row=renamed)[0] == []


def test_a_transition_brings_another_name_without_a_record_of_its_own():
    _, row, _ = states_of(verdicts("occupied", 0, 5, run=None, table_label="7"))
    free = [replace(each, table_label="8", layout_version=2) for each in verdicts("free", 6, 14, run=None)]
    _, _, states = states_of(free, row=row)
    assert [(each.label, each.state, each.reason) for each in states] == [
        ("8", "occupied", "refresh"), ("8", "free", "evidence"),
    ]  # fmt: skip


def test_a_late_frame_of_the_older_layout_does_not_bring_the_old_name_back():
    _, row, _ = states_of(verdicts("occupied", 0, 3, run=None, table_label="7"), name(10, "8", 2, run=None))
    summary, row, _ = states_of(evidence(at=11, label="occupied", run=None, table_label="7"), row=row)
    assert (summary, row.label) == ([], "8")


def test_a_row_of_before_names_is_read_and_gets_one():
    old = b'{"table_id":"tbl_1","site_id":"site_1","run_id":null,"version":4,"state":"free","as_of_ms":1,"told_ms":1}'
    row = Row.parse(old)
    assert (row.label, row.label_version) == (None, 0)
    summary, row, (state,) = states_of(name(0, "Table 7", run=None), row=row)
    assert (summary[0][:2], state.label, state.version) == (("free", "refresh"), "Table 7", 5)
    assert Row.parse(row.to_json()) == row
