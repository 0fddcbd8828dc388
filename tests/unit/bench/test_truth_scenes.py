"""Made evenings are the same every time, and have what they are made for."""

from dataclasses import replace

from bench.truth.folded import LIVE
from bench.truth.measures import fold_view
from bench.truth.scenes import EVENINGS, view_of
from bench.truth.series import flips
from bench.truth.thresholds import choices, trade

SHORT = replace(EVENINGS[1], seconds=600, tables=3)


def test_an_evening_is_the_same_every_time() -> None:
    first, again = view_of(SHORT), view_of(SHORT)
    assert first[0].stills == again[0].stills
    assert [first[1].judge(still.jpeg, ()) for still in first[0].stills] == [
        again[1].judge(still.jpeg, ()) for still in again[0].stills
    ]


def test_there_are_guests_people_who_pass_errors_and_doubts() -> None:
    view, made = view_of(replace(SHORT, free_s=60, taken_s=60))
    seen = {
        (still.states[verdict.table_id], verdict.label)
        for still in view.stills
        for verdict in made.judge(still.jpeg, ()).verdicts
    }
    assert seen >= {
        ("free", "free"), ("free", "occupied"), ("occupied", "occupied"), ("occupied", "free"), ("occupied", "unknown")
    }  # fmt: skip


def test_an_evening_without_errors_is_told_as_it_was() -> None:
    calm = replace(SHORT, passing_every_s=10**9, missed=0.0, doubtful=0.0, free_s=100, taken_s=100)
    series = fold_view(*view_of(calm), LIVE)
    assert sum(flips(one.predicted) for one in series) <= sum(flips(one.truth) for one in series)
    assert trade(series)["later right %"] == 1


def test_the_thresholds_of_today_are_among_the_choices() -> None:
    assert LIVE.thresholds in choices()
