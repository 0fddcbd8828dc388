"""Several cameras on one table. Times are seconds after T0 of capture."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.properties import examples
from tests.unit.classifier_gateway.evidence_making import T0, evidence, verdicts
from tests.unit.classifier_gateway.test_fold_rules import name, states_of

from classifier_gateway.fold.row import Row, Vote
from classifier_gateway.fold.votes import cast
from tablewatch_schemas import from_ms, replace

A, B, C = "cam_a", "cam_b", "cam_c"
SMALL, LARGE = 60 * 60, 200 * 200


def look(at, camera, label, pixels=None, **changes):
    reason = "person_between_tables" if label == "unknown" else None
    return evidence(at=at, label=label, camera=camera, run=None, zone_pixels=pixels, reason=reason, **changes)


def watch(seconds, start=0, pixels=None, **labels):
    """Every second, each camera says its label."""
    sizes = pixels or {}
    return [
        look(start + at, f"cam_{camera}", label, sizes.get(camera))
        for at in range(seconds)
        for camera, label in labels.items()
    ]


def blind(at, camera, label="unknown"):
    return evidence("camera", at, label, camera=camera, run=None, reason="dark: no light")


def told(state):
    return {vote.camera_id: (vote.label, vote.weight, vote.excluded) for vote in state.votes}


def test_cameras_that_agree_tell_one_state_and_what_each_said():
    summary, _, states = states_of(watch(5, a="occupied", b="occupied"))
    assert summary == [("occupied", "evidence", 0, 1)]
    assert states[0].camera_ids == (A, B)
    assert told(states[0]) == {A: ("occupied", 0.5, None), B: ("occupied", 0.5, None)}


def test_equal_cameras_that_disagree_make_the_table_unknown():
    summary, _, states = states_of(watch(6, a="free", b="free"), watch(6, 6, a="occupied", b="free"))
    assert [each[:2] for each in summary] == [("free", "evidence"), ("unknown", "cameras_disagree")]
    assert states[-1].unknown_reason == "cameras_disagree"
    assert told(states[-1]) == {A: ("occupied", 0.5, None), B: ("free", 0.5, None)}


def test_disagreement_for_a_moment_changes_nothing():
    events = [*watch(6, a="free", b="free"), *watch(2, 6, a="occupied", b="free"), *watch(4, 8, a="free", b="free")]
    assert [each[0] for each in states_of(events)[0]] == ["free"]


def test_the_camera_that_sees_much_more_decides():
    sizes = {"a": LARGE, "b": SMALL}
    summary, _, states = states_of(watch(5, pixels=sizes, a="occupied", b="free"))
    assert summary == [("occupied", "evidence", 0, 1)]
    assert told(states[0]) == {A: ("occupied", 0.769, None), B: ("free", 0.231, None)}
    assert [each.zone_pixels for each in states[0].votes] == [LARGE, SMALL]
    assert states[0].confidence < 0.9, "one camera contradicts"


def test_two_of_three_equal_cameras_decide():
    assert states_of(watch(5, a="occupied", b="free", c="occupied"))[0] == [("occupied", "evidence", 0, 1)]


def test_one_certain_and_one_doubtful_are_the_certain_one():
    summary, _, states = states_of(watch(40, a="occupied", b="unknown"))
    assert {each[0] for each in summary} == {"occupied"}
    assert told(states[-1])[A][0] == "occupied"
    assert [vote.reason for vote in states[0].votes] == [None, "person_between_tables"]


def test_doubt_of_all_cameras_is_doubt():
    events = [*watch(4, a="free", b="free"), *watch(6, 4, a="unknown", b="unknown")]
    assert [each[:2] for each in states_of(events)[0]] == [("free", "evidence"), ("unknown", "person_between_tables")]


def test_a_camera_that_was_mostly_in_doubt_weighs_less():
    events = [*watch(60, a="free", b="unknown"), *watch(12, 60, a="free", b="occupied")]
    summary, row, _ = states_of(events)
    assert {each[0] for each in summary} == {"free"}
    assert row.votes[B].doubt > 0.6
    assert row.votes[B].weight < row.votes[A].weight / 2


def test_a_blind_camera_has_no_vote_and_its_disagreement_ends():
    events = [*watch(8, a="occupied", b="free"), blind(8, B), *watch(5, 9, a="occupied", b="free")]
    summary, _, states = states_of(events)
    assert [each[0] for each in summary] == ["unknown", "occupied"]
    assert told(states[-1]) == {A: ("occupied", 1.0, None), B: ("free", 0.0, "blind")}
    summary = states_of(events, blind(14, B, None), watch(5, 15, a="occupied", b="free"))[0]
    assert summary[-1][:2] == ("unknown", "cameras_disagree")


def test_the_table_is_unknown_when_the_last_camera_that_looks_is_blind():
    """Another camera that fell silent long ago does not count as one that sees it."""
    events = [*watch(4, a="free", b="free"), *watch(40, 4, a="free"), blind(44, A)]
    assert states_of(events)[0][-1][:2] == ("unknown", "camera")
    assert states_of(watch(4, a="free", b="free"), blind(4, A))[0][-1][0] == "free"


def test_a_vote_grows_stale():
    events = [*verdicts("free", 0, 5, run=None, camera=A), look(5, B, "occupied")]
    summary, _, states = states_of(events, verdicts("free", 6, 40, run=None, camera=A))
    assert [each[:2] for each in summary] == [
        ("free", "evidence"), ("unknown", "cameras_disagree"), ("unknown", "refresh"), ("free", "evidence"),
    ]  # fmt: skip
    assert told(states[-1])[B] == ("occupied", 0.0, "stale")


def test_a_camera_that_has_not_looked_since_another_saw_a_change_contradicts_nothing():
    """One looks every second, the other every ten: the table is not unknown in between."""
    slow = [look(at, B, "free" if at < 25 else "occupied") for at in range(0, 60, 10)]
    quick = [look(at, A, "free" if at < 22 else "occupied") for at in range(60)]
    events = sorted([*slow, *quick], key=lambda each: (each.captured_at, each.camera_id))
    summary = states_of(events)[0]
    assert [each[:3] for each in summary if each[1] == "evidence"] == [
        ("free", "evidence", 0), ("occupied", "evidence", 22),
    ]  # fmt: skip
    assert "unknown" not in [each[0] for each in summary]


SAID = {"o": "occupied", "s": "seated", "f": "free", "?": "unknown"}


def slow_and_quick(quick, seconds=60, pixels=None):
    """A says free every ten seconds, B each second what the pattern says, over and over."""
    sizes = pixels or {}
    slow = [look(at, A, "free", sizes.get("a")) for at in range(0, seconds, 10)]
    said = [look(at, B, SAID[quick[at % len(quick)]], sizes.get("b")) for at in range(seconds)]
    return sorted([*slow, *said], key=lambda each: (each.captured_at, each.camera_id))


PATTERNS = ["o", "oo?", "ooo?", "oooooooo?", "?oo", "so", "so?o"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_doubt_between_looks_that_say_the_same_is_no_change_that_a_camera_saw(pattern):
    summary, _, states = states_of(slow_and_quick(pattern))
    assert {each[0] for each in summary} == {"unknown"}
    assert states[0].reason == "cameras_disagree"
    assert [vote.excluded for state in states for vote in state.votes] == [None, None] * len(states)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_much_larger_view_decides_whatever_doubt_the_other_has(pattern):
    summary, _, states = states_of(slow_and_quick(pattern, pixels={"a": LARGE, "b": SMALL}))
    assert {each[0] for each in summary} == {"free"}
    assert [vote.excluded for vote in states[-1].votes] == [None, None]


def test_a_change_is_seen_through_doubt():
    """B says free, cannot tell for a while, and then says occupied: A has not looked since."""
    said = {**dict.fromkeys(range(6), "free"), **dict.fromkeys(range(6, 12), "unknown")}
    quick = [look(at, B, said.get(at, "occupied")) for at in range(18)]
    events = sorted([look(0, A, "free"), look(10, A, "free"), *quick], key=lambda each: each.captured_at)
    _, _, states = states_of(events)
    assert (states[-1].state, told(states[-1])[A]) == ("occupied", ("free", 0.0, "older"))


def test_doubt_after_a_change_does_not_bring_back_what_was_before():
    """B says free, then by turns occupied and that it cannot tell; A has not looked since, and says free again last."""
    said = {**dict.fromkeys(range(4), "free"), **{at: SAID["oo?"[at % 3]] for at in range(4, 30)}}
    quick = [look(at, B, said[at]) for at in range(30)]
    _, row, states = states_of(sorted([look(3, A, "free"), *quick], key=lambda each: each.captured_at))
    assert [state.state for state in states][-1] == "occupied"
    assert (row.votes[B].label, row.votes[A].excluded) == ("unknown", "older")
    _, row, _ = states_of(look(30, A, "free"), row=row)
    assert row.votes[A].excluded is None


@examples(200)
@given(st.text("ofs?", min_size=1, max_size=20))
def test_doubtful_looks_change_neither_what_a_camera_said_last_nor_since_when(said):
    votes, certain_only = {}, {}
    for at, each in enumerate(said):
        label, at_ms = SAID[each], T0 + at * 1000
        votes = cast(votes, look(at, B, label), label, at_ms)
        if label != "unknown":
            certain_only = cast(certain_only, look(at, B, label), label, at_ms)
    last: Vote | None = certain_only.get(B)
    vote = votes[B]
    assert vote.since_ms == (last.since_ms if last else 0)
    assert (vote.certain if vote.label == "unknown" else vote.label) == (last.label if last else None)
    assert vote.certain is None or vote.label == "unknown"


def test_a_vote_of_before_loads_and_keeps_since_when_its_camera_has_said_so():
    row = states_of(watch(5, a="free", b="free"))[1]
    old = replace(row, votes={B: replace(row.votes[B], since_ms=T0 + 2000)})
    assert b"certain" not in old.to_json()
    _, row, _ = states_of(look(6, B, "unknown"), look(7, B, "free"), row=Row.parse(old.to_json()))
    assert (row.votes[B].since_ms, row.votes[B].certain) == (T0 + 2000, None)


def test_what_one_camera_saw_is_not_kept_alive_by_another_that_is_in_doubt():
    events = [*watch(4, a="free", b="free"), *verdicts("unknown", 4, 60, run=None, camera=B, reason="zone_too_small")]
    assert [each[:3] for each in states_of(events)[0]][1:3] == [
        ("unknown", "stale", 33), ("unknown", "zone_too_small", 34),
    ]  # fmt: skip


def test_seated_and_occupied_are_no_disagreement():
    assert states_of(watch(5, a="seated", b="occupied"))[0][0][1:] == ("evidence", 0, 1)


def test_a_camera_that_no_longer_has_the_table_is_dropped_after_an_hour():
    events = [*watch(4, a="free", b="free"), *verdicts("free", 10, 3700, step=10, run=None, camera=A)]
    _, row, states = states_of(events)
    assert (list(row.votes), row.cameras, states[-1].camera_ids) == ([A], (A,), (A,))


def test_a_run_has_one_vote():
    _, _, states = states_of(verdicts("free", 0, 5))
    assert [(vote.camera_id, vote.label, vote.weight) for vote in states[0].votes] == [("cam_1", "free", 1.0)]


def test_the_newest_layout_names_the_table_whichever_camera_it_is_of():
    def drawn(event, at):
        return replace(event, layout_created_at=from_ms(T0) + timedelta(seconds=at))

    live = {"run": None}
    first = [drawn(each, -60) for each in verdicts("free", 0, 3, table_label="7", camera=A, layout_version=9, **live)]
    newer = drawn(name(4, "Window", 1, camera=B, **live), 4)
    late = drawn(look(5, A, "free", table_label="7", layout_version=9), -60)
    _, row, states = states_of(first, newer, late)
    assert [each.label for each in states] == ["7", "Window"]
    assert row.label == "Window"
    assert states_of(look(6, A, "free", table_label="8", layout_version=10), row=row)[1].label == "Window", (
        "evidence of before that field is older"
    )


def test_a_layout_of_which_nothing_is_seen_any_more_names_the_table_no_longer():
    def drawn(at, camera, label, drawn_at):
        one = look(at, camera, "free", table_label=label)
        return replace(one, layout_created_at=from_ms(T0) + timedelta(seconds=drawn_at))

    old = [drawn(at, A, "7", -60) for at in range(0, 4000, 10)]
    newer = [drawn(at, B, "Window", -30) for at in range(5, 300, 10)]
    _, row, states = states_of(sorted([*old, *newer], key=lambda each: each.captured_at))
    labels = [state.label for state in states]
    named = labels.index("Window")
    back = labels.index("7", named)
    assert labels == ["7"] * named + ["Window"] * (back - named) + ["7"] * (len(labels) - back), "each once"
    assert (states[back].as_of - from_ms(T0)).total_seconds() == 295 + 3600 + 5
    assert row.label == "7"


def test_a_row_of_before_votes_loads_and_learns_them():
    stored = (
        b'{"table_id":"tbl_1","site_id":"site_1","run_id":null,"label":"7","label_version":3,"version":3,'
        b'"state":"free","previous":"occupied","confidence":0.9,"as_of_ms":1795000000000,"since_ms":1795000000000,'
        b'"expires_ms":1795000030000,"told_ms":1795000000000,"order":{"cam_a":1795000000000},"cameras":["cam_a"],'
        b'"offset":7}'
    )
    row = Row.parse(stored)
    assert row.to_json() == stored
    _, row, states = states_of(watch(20, 1, a="free", b="free"), row=row)
    assert (states[0].reason, states[0].version, sorted(told(states[0]))) == ("refresh", 4, [A, B])
    assert Row.parse(row.to_json()) == row
