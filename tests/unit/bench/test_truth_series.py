"""The figures of bench.truth on made-up series."""

import pytest
from bench.truth.series import (
    Bin,
    Prediction,
    Transition,
    calibration,
    calibration_error,
    flips,
    isotonic,
    predicted_at_least,
    tally,
    taught_by,
    transitions,
)

FREE, TAKEN, UNKNOWN = "free", "occupied", "unknown"


def test_right_is_counted_among_the_decided_and_recall_among_the_occupied() -> None:
    pairs = [(FREE, FREE), (FREE, TAKEN), (TAKEN, TAKEN), (TAKEN, TAKEN), (TAKEN, FREE), (TAKEN, UNKNOWN)]
    counts = tally(Prediction(truth, predicted, 0.9) for truth, predicted in pairs)
    assert (counts.right, counts.missed, counts.invented, counts.unknown) == (3, 1, 1, 1)
    assert counts.right_of_decided == pytest.approx(3 / 5)
    assert counts.right_of_all == pytest.approx(3 / 6)
    assert counts.decided == pytest.approx(5 / 6)
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.recall == pytest.approx(2 / 4)


def test_nothing_decided_has_no_share() -> None:
    counts = tally([Prediction(FREE, UNKNOWN, 0.0)])
    assert (counts.right_of_decided, counts.precision, counts.recall) == (None, None, None)
    assert counts.decided == 0


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], 0),
        ([FREE, FREE, TAKEN, FREE], 2),
        ([FREE, UNKNOWN, FREE], 0),
        ([FREE, UNKNOWN, TAKEN], 1),
        ([None, FREE, None, TAKEN, None], 1),
    ],
)
def test_flips_pass_over_what_is_not_decided(states: list[str | None], expected: int) -> None:
    assert flips(states) == expected


def test_a_delay_counts_from_when_the_change_is_beyond_doubt() -> None:
    truth = [FREE, FREE, None, None, TAKEN, TAKEN, TAKEN, FREE, FREE]
    predicted = [FREE, FREE, FREE, FREE, FREE, FREE, TAKEN, TAKEN, TAKEN]
    assert transitions(truth, predicted) == [Transition(4, TAKEN, 2), Transition(7, FREE, None)]


def test_a_change_told_while_nobody_could_tell_has_no_delay() -> None:
    assert transitions([FREE, None, TAKEN], [FREE, TAKEN, TAKEN]) == [Transition(2, TAKEN, 0)]


def test_nobody_can_tell_for_a_while_is_no_change() -> None:
    assert transitions([FREE, None, FREE], [FREE, TAKEN, FREE]) == []


def test_the_curve_has_a_bin_for_each_stretch_of_confidence() -> None:
    predictions = [
        Prediction(FREE, FREE, 0.55), Prediction(FREE, TAKEN, 0.57), Prediction(FREE, FREE, 1.0),
        Prediction(TAKEN, TAKEN, 0.9), Prediction(TAKEN, UNKNOWN, 0.95),
    ]  # fmt: skip
    bins = calibration(predictions, (0.0, 0.5, 0.9, 1.0))
    assert bins == [Bin(0.5, 0.9, 2, pytest.approx(0.56), 0.5), Bin(0.9, 1.0, 2, 0.95, 1.0)]
    assert calibration_error(bins) == pytest.approx((2 * 0.06 + 2 * 0.05) / 4)
    assert predicted_at_least(predictions, 0.9) == (2, 1.0)


def test_no_judgments_have_no_curve() -> None:
    assert calibration([]) == []
    assert calibration_error([]) is None
    assert predicted_at_least([], 0.9) == (0, None)


def test_a_taught_curve_rises_with_the_score_and_is_never_certain() -> None:
    pairs = [(0.3, False), (0.4, True), (0.5, False), (0.8, True), (0.9, True), (0.95, True)]
    curve = isotonic(pairs)
    assert [share for _, share in curve] == sorted(share for _, share in curve)
    assert curve[0] == (0.3, pytest.approx(1 / 3))
    assert curve[-1][1] < 1


def test_what_is_taught_of_free_is_its_share_right_and_of_occupied_goes_by_the_score() -> None:
    predictions = [Prediction(FREE, FREE, 0.9)] * 8 + [Prediction(TAKEN, FREE, 0.9)] * 2
    predictions += [Prediction(FREE, TAKEN, 0.4)] * 3 + [Prediction(TAKEN, TAKEN, 0.9)] * 8
    taught = taught_by(predictions)
    assert taught(Prediction(FREE, FREE, 0.9)) == pytest.approx(9 / 12)
    assert taught(Prediction(TAKEN, TAKEN, 0.95)) > 0.6 > taught(Prediction(TAKEN, TAKEN, 0.5)) > 0


def test_nothing_teaches_a_coin() -> None:
    assert taught_by([])(Prediction(TAKEN, TAKEN, 0.9)) == 0.5
