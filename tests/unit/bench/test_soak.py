"""Growth of memory by process, memory that is shared, and whether a ledger balances."""

import pytest
from bench.camera_site import layout
from bench.soak import Sample, growth, report, together


def sample(minute: float, **sizes: float) -> Sample:
    return Sample(minute * 60, sizes, {"cropper": round(minute)}, 1.0)


def test_growth_is_counted_from_the_tenth_minute_to_the_end_by_the_hour() -> None:
    samples = [sample(minute, api=100 + (50 if minute >= 8 else 0) + minute) for minute in range(41)]
    grown = growth(samples)["api"]
    assert (grown.begun, grown.ended, grown.most) == (161, 189, 190)
    assert grown.an_hour == pytest.approx(56)


def test_a_process_that_did_not_live_all_the_time_has_no_growth() -> None:
    samples = [sample(minute, api=1, **({"extractor reader 2": 5} if minute < 30 else {})) for minute in range(41)]
    assert growth(samples).keys() == {"api"}


def test_a_short_run_is_counted_from_its_first_minute() -> None:
    assert growth([sample(0, api=1), sample(1, api=1), sample(2, api=1)])["api"].an_hour == 0


def test_shared_memory_counts_once() -> None:
    assert together([(10, 100), (20, 90)]) == 130


def ledger(**ends: int) -> dict[str, object]:
    named = ("classified", "gated", "dropped", "dead_lettered", "in_flight", "missing")
    totals = dict.fromkeys(named, 0) | ends
    return {"totals": totals, "accounts": [{"dropped": {"late": totals["dropped"]}}]}


@pytest.mark.parametrize(
    ("ends", "balances"),
    [
        ({"captured": 10, "classified": 8, "dropped": 2}, True),
        ({"captured": 10, "classified": 8, "dropped": 1}, False),
        ({"captured": 10, "classified": 9, "missing": 1}, False),
        ({"captured": 10, "classified": 9, "in_flight": 1}, False),
    ],
)
def test_a_ledger_balances_when_every_frame_came_to_an_end(ends: dict[str, int], balances: bool) -> None:
    assert report([sample(0, api=1)], ledger(**ends)) is balances


def test_tables_fill_the_picture_and_do_not_overlap() -> None:
    zones = [each["polygon"] for each in layout(20)["tables"]]  # type: ignore[attr-defined]
    assert len(zones) == 20
    assert all(0 <= value <= 1 for zone in zones for point in zone for value in point)
    boxes = [(zone[0], zone[2]) for zone in zones]
    for number, (upper, lower) in enumerate(boxes):
        for other_upper, other_lower in boxes[number + 1 :]:
            assert lower[0] <= other_upper[0] or other_lower[0] <= upper[0] or lower[1] <= other_upper[1]
