from inference.detect import Detection
from inference.geometry import rectangle
from inference.protocol import Region, TableVerdict
from inference.verdicts import NOTHING_SEEN, judge

# two tables side by side in a 1000 x 500 picture, their tops 200 x 100 pixels
REGIONS = (
    Region("left", rectangle((0.1, 0.2, 0.4, 0.8)), rectangle((0.15, 0.5, 0.35, 0.7))),
    Region("right", rectangle((0.6, 0.2, 0.9, 0.8)), rectangle((0.65, 0.5, 0.85, 0.7))),
)


def told(*seen: Detection, regions: tuple[Region, ...] = REGIONS) -> list[TableVerdict]:
    return judge(regions, seen, 1000, 500, "coco-ssd", "1")


def person(x: float, score: float, upper: float = 0.3) -> Detection:
    return Detection("person", score, (x - 0.05, upper, x + 0.05, upper + 0.3))


def test_an_empty_picture_has_free_tables_in_the_order_asked() -> None:
    assert [(v.table_id, v.label, v.confidence, v.people) for v in told()] == [
        ("left", "free", NOTHING_SEEN, 0),
        ("right", "free", NOTHING_SEEN, 0),
    ]


def test_a_table_is_occupied_by_who_sits_nearest() -> None:
    left, right = told(person(0.25, 0.8), person(0.2, 0.6))
    assert (left.label, left.confidence, left.people) == ("occupied", 0.8, 2)
    assert (right.label, right.people) == ("free", 0)


def test_who_walks_between_tables_occupies_none() -> None:
    assert {verdict.label for verdict in told(person(0.5, 0.95))} == {"free"}


def test_a_doubtful_person_lowers_the_trust_but_occupies_nothing() -> None:
    left, right = told(person(0.25, 0.35))
    assert (left.label, left.confidence, left.people) == ("free", 0.65, 0)
    assert right.confidence == NOTHING_SEEN


def test_things_are_counted_on_tops_only() -> None:
    cup = Detection("cup", 0.6, (0.2, 0.5, 0.24, 0.58))
    on_the_floor = Detection("bottle", 0.9, (0.5, 0.8, 0.52, 0.95))
    faint = Detection("bowl", 0.3, (0.3, 0.5, 0.34, 0.58))
    left, right = told(cup, on_the_floor, faint, Detection("chair", 0.9, (0.2, 0.5, 0.24, 0.58)))
    assert (left.things, right.things) == (1, 0)
    assert left.label == "free"


def test_a_zone_of_a_few_pixels_says_unknown() -> None:
    tiny = Region("tiny", rectangle((0.5, 0.5, 0.51, 0.52)))
    (verdict,) = told(person(0.505, 0.9), regions=(tiny,))
    assert (verdict.label, verdict.confidence) == ("unknown", 0.0)


def test_who_judged_is_written_on_every_verdict() -> None:
    assert {(verdict.model, verdict.version) for verdict in told()} == {("coco-ssd", "1")}
