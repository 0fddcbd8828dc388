"""The gate of dispatch, which frames need no look; and what a gated frame does to a state."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.classifier_gateway.evidence_making import T0, THRESHOLDS, evidence, verdicts
from tests.unit.classifier_gateway.test_dispatch_handle import Stage, ready
from tests.unit.classifier_gateway.test_fold_votes import A, B, blind, look, told, watch

from classifier_gateway.dispatch.gate import Gate
from classifier_gateway.fold.rules import apply_evidence, apply_tick
from classifier_gateway.settings import Settings
from tablewatch_schemas import event_id, from_ms, replace, to_ms

LIMIT = 60_000


def gated(start, stop, step=1.0, *, run=None, camera="cam_1"):
    count = int((stop - start) / step) + 1
    return [evidence("gated", start + index * step, None, run=run, camera=camera) for index in range(count)]


def folded(*groups, row=None):
    """[(state, reason)] and the row, with a limit of a minute."""
    states = []
    for each in [one for group in groups for one in (group if isinstance(group, list) else [group])]:
        change = apply_evidence(row, each, event_id(each), THRESHOLDS, LIMIT)
        row, states = change.row, states + list(change.states)
    return states, row


def test_gated_frames_renew_a_state_for_at_most_the_limit_since_the_look():
    states, row = folded(verdicts("free", 0, 3, run=None), gated(4, 200))
    assert {each.state for each in states} == {"free", "unknown"}
    known = [each for each in states if each.state == "free"]
    assert [each.reason for each in known] == ["evidence", *["refresh"] * (len(known) - 1)]
    assert max(to_ms(each.as_of) for each in states) == T0 + 63_000
    assert (states[-1].reason, to_ms(states[-1].since)) == ("stale", T0 + 63_000 + 30_000)
    assert row.state == "unknown"


def test_a_look_in_between_renews_it_for_as_long_again():
    looks = [verdicts("free", 0, 3, run=None)]
    for minute in range(1, 6):
        looks += [gated(minute * 60 - 50, minute * 60 - 1, 10), verdicts("free", minute * 60, minute * 60, run=None)]
    assert {each.state for each in folded(*looks)[0]} == {"free"}


def test_what_it_rests_on_stays_the_last_look():
    states, row = folded(verdicts("occupied", 0, 3, run=None, people=2), gated(4, 40))
    assert states[-1].reason == "refresh"
    assert states[-1].evidence.frame_ids == states[0].evidence.frame_ids
    assert (states[-1].confidence, states[-1].evidence.people) == (states[0].confidence, 2)
    assert to_ms(states[-1].votes[0].as_of) == T0 + 3000
    assert row.expires_ms == T0 + 40_000 + 30_000


def test_it_is_no_vote_for_or_against_a_candidate():
    arriving = [verdicts("free", 0, 5, run=None), verdicts("occupied", 6, 7, run=None), gated(8, 12)]
    states, row = folded(*arriving)
    assert {each.state for each in states} == {"free"}
    assert (row.candidate.votes, row.candidate.against, row.candidate.doubtful) == (2, 0, 0)
    assert folded(*arriving, verdicts("occupied", 13, 13, run=None))[0][-1].state == "occupied"


def test_a_state_that_the_last_look_contradicts_is_not_renewed():
    states, _ = folded(verdicts("free", 0, 5, run=None), verdicts("occupied", 6, 7, run=None), gated(8, 45))
    assert (states[-1].state, states[-1].reason) == ("unknown", "stale")
    assert to_ms(states[-1].since) == T0 + 37_000


def test_it_makes_no_state_and_is_ordered_with_looks():
    assert folded(gated(0, 30))[0] == []
    _, row = folded(verdicts("free", 0, 10, run=None))
    assert apply_evidence(row, evidence("gated", 9, run=None), "id", THRESHOLDS, LIMIT).row == row
    late = folded(gated(12, 12), verdicts("occupied", 11, 11, run=None), row=row)[1]
    assert late.candidate is None


def test_doubt_that_holds_still_goes_on():
    doubts = verdicts("unknown", 0, 4, run=None, reason="person_between_tables")
    states, _ = folded(doubts, gated(5, 40))
    assert [(each.state, each.unknown_reason) for each in states[1:]] == [("unknown", "person_between_tables")] * 2


def test_a_gated_camera_keeps_its_vote():
    events = [
        *watch(4, a="free", b="free"),
        *gated(4, 50, camera=A),
        *[look(51, B, "occupied"), look(52, B, "occupied")],
    ]
    states, row = folded(sorted(events, key=lambda each: each.captured_at))
    assert {camera: vote.excluded for camera, vote in row.votes.items()} == {A: "older", B: None}
    states, row = folded(gated(53, 53, camera=A), [look(54, B, "occupied"), look(57, B, "occupied")], row=row)
    assert told(states[-1]) == {A: ("free", 0.5, None), B: ("occupied", 0.5, None)}
    assert states[-1].reason == "cameras_disagree"


def test_a_blind_camera_renews_nothing():
    states, _ = folded(watch(4, a="free", b="free"), blind(4, A), gated(5, 40, camera=A))
    assert (states[-1].state, states[-1].reason) == ("unknown", "stale")


def test_a_run_is_renewed_too_and_its_end_ends_it():
    states, _ = folded(verdicts("free", 0, 3), gated(4, 40, run="run_1"), evidence("end", 41))
    assert (states[-1].state, states[-1].reason, states[-1].last) == ("free", "ended", True)


def test_ticks_do_not_age_what_is_renewed():
    _, row = folded(verdicts("free", 0, 3, run=None), gated(4, 50))
    assert apply_tick(row, T0 + 79_000, 0).states == ()
    assert apply_tick(row, T0 + 81_000, 0).states[0].reason == "stale"


def frame(at, changed=False, *, run=None, index=None, **changes):
    made = ready(run=run, captured_at=from_ms(T0 + round(at * 1000)), index=index, **changes)
    return replace(made, crops=tuple(replace(crop, changed=changed) for crop in made.crops))


def shown(gate, *frames, label="free"):
    """Whether each needs a look, when all that do get one."""
    open_for = []
    for each in frames:
        shut = gate.is_shut(each, None)
        if not shut:
            gate.looked(each, each.frame_id, [label], None)
        open_for.append(not shut)
    return open_for


def looked_at(gate, start, stop, label="free"):
    """After how many seconds, of a change at `start` that is still until `stop`."""
    frames = [frame(start, True), *[frame(at) for at in range(start + 1, stop)]]
    return [at for at, is_open in enumerate(shown(gate, *frames, label=label)) if is_open]


@pytest.fixture
def gate():
    return Gate(LIMIT, THRESHOLDS)


def test_the_gate_shuts_once_a_look_has_seen_what_became_of_the_last_change(gate):
    still = [frame(at) for at in range(1, 16)]
    assert shown(gate, frame(0, None), *still) == [True] * 11 + [False] * 5
    assert looked_at(gate, 16, 30) == [0, 2], "what the states are: once more after `hold_ms`"


def test_another_look_is_needed_only_when_a_state_may_turn(gate):
    """THRESHOLDS: back from doubt after 2 s, doubt after more than that, taken after 3, free after 8."""
    looked_at(gate, 0, 20)
    assert looked_at(gate, 20, 40, "occupied") == [0, 2, 3, 8]
    assert looked_at(gate, 40, 60, "occupied") == [0, 2]


def test_each_frame_is_looked_at_where_another_change_is_under_way(gate):
    looked_at(gate, 0, 20)
    looked_at(gate, 20, 23, "occupied")
    assert looked_at(gate, 23, 40, "occupied") == list(range(11))
    assert looked_at(gate, 40, 60) == [0, 2, 3, 8], "and what came of it is known"


def test_each_frame_is_looked_at_where_looks_differ(gate):
    looked_at(gate, 0, 20)
    gate.is_shut(frame(20, True), None)
    gate.looked(frame(20, True), "key", ["occupied"], None)
    assert shown(gate, *[frame(at) for at in range(21, 40)])[:11] == [False, *[True] * 9, False]
    assert looked_at(gate, 40, 60) == list(range(11))


def test_passing_by_without_a_new_verdict_begins_nothing(gate):
    looked_at(gate, 0, 20)
    moving = [frame(at, True) for at in range(20, 25)]
    assert shown(gate, *moving, *[frame(at) for at in range(25, 30)]) == [True] * 5 + [False, True, False, False, False]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 25), st.sampled_from(["free", "occupied"])), min_size=1, max_size=8))
def test_no_state_differs_where_looks_at_one_picture_say_the_same(stretches):
    gate, rows = Gate(300_000, THRESHOLDS), [None, None]
    for at, (label, changed) in enumerate((label, at == 0) for seconds, label in stretches for at in range(seconds)):
        is_open = not gate.is_shut(frame(at, changed), None)
        if is_open:
            gate.looked(frame(at, changed), "key", [label], None)
        for number, kind in enumerate(("verdict", "verdict" if is_open else "gated")):
            one = evidence(kind, at, label if kind == "verdict" else None, run=None)
            rows[number] = apply_evidence(rows[number], one, event_id(one), THRESHOLDS, 300_000).row
        assert (rows[0].state, rows[0].since_ms) == (rows[1].state, rows[1].since_ms)


def test_a_frame_is_looked_at_when_the_last_look_is_too_old(gate):
    shown(gate, *[frame(at) for at in range(11)])
    assert shown(gate, *[frame(at) for at in range(20, 101, 10)]) == [False] * 5 + [True, True, False, False], (
        "a second one follows, because the state may be another by now"
    )


def test_what_turns_states_beside_looks_is_like_a_change(gate):
    shown(gate, *[frame(at) for at in range(20)])
    gate.unsettle("cam_2")
    assert shown(gate, frame(20)) == [False], "of another camera"
    gate.unsettle("cam_1")
    assert shown(gate, *[frame(at) for at in range(21, 35)]) == [True] * 10 + [False] * 4
    gate.unsettle(None)
    assert shown(gate, frame(35)) == [True]


def test_sparse_frames_get_two_looks_after_a_change(gate):
    assert shown(gate, *[frame(at) for at in range(0, 50, 10)]) == [True, True, False, False, False]


@pytest.mark.parametrize("odd", [
    {"at": 11, "changed": None}, {"at": 5}, {"at": 10}, {"at": 100}, {"at": 11, "layout_key": "layouts/other.json"},
])  # fmt: skip
def test_what_cannot_be_compared_is_looked_at(gate, odd):
    """No frame before it, an earlier one, one that came before, after a pause, by another layout."""
    shown(gate, *[frame(at) for at in range(11)])
    assert shown(gate, frame(11.0 if "at" not in odd else odd.pop("at"), **odd)) == [True]


def test_a_frame_that_is_missing_in_a_run_may_have_had_the_change(gate):
    assert shown(gate, *[frame(at, run="run_1", index=at) for at in range(13)])[-2:] == [False, False]
    assert shown(gate, frame(14, run="run_1", index=14)) == [True]


def test_a_failed_look_shuts_nothing(gate):
    assert [gate.is_shut(frame(at), None) for at in range(30)] == [False] * 30


async def test_dispatch_publishes_gated_evidence_instead_of_a_look():
    stage = Stage()
    stage.handler._gate = Gate(LIMIT, THRESHOLDS)
    kinds = []
    for at in range(14):
        stage.clock.advance(1)
        event = replace(frame(0), captured_at=stage.clock.now(), frame_id=f"frame_{at}")
        kinds.append({each.kind for each in await stage.handle(event)})
    assert kinds == [{"verdict"}] * 11 + [{"gated"}] * 3
    assert len(stage.classifier.requests) == 11
    last, looked = stage.published()[-1], stage.published()[21]
    assert looked.kind == "verdict" and last.judgement_key == looked.judgement_key is not None
    assert (last.table_id, last.label, last.table_label, last.frame_id) == ("tbl_b", None, "Table b", "frame_13")


def test_a_camera_may_say_how_often_it_is_looked_at_while_nothing_changes():
    """Pictures each 2 s, a look each 10 s; at once when something changes, until that has settled."""
    gate = Gate(0, THRESHOLDS)

    def looks(events):
        found = []
        for event in events:
            found.append(not gate.is_shut(event, None, 10_000))
            if found[-1]:
                gate.looked(event, f"judgements/{event.frame_id}.json", ["free"], None)
        return found

    settling = looks([frame(at) for at in range(0, 12, 2)])
    assert all(settling[:5])
    quiet = looks([frame(at) for at in range(12, 64, 2)])
    assert 4 <= sum(quiet) <= 6
    changed = looks([frame(64, True), *[frame(at) for at in range(66, 74, 2)]])
    assert changed == [True, True, False, False, False]


def test_it_is_off_until_somebody_turns_it_on_and_no_look_stands_for_no_time():
    assert Settings(_env_file=None).classifier_gateway_gate is False
    assert all(shown(Gate(0, THRESHOLDS), *[frame(at) for at in range(20)]))
