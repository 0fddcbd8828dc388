import pytest

from inference.calibration import LIKELIER_IN_DOUBT, RIGHT_WHEN_FREE
from inference.detect import Detection
from inference.geometry import rectangle
from inference.protocol import Judgement, Region, Seen, TableVerdict
from inference.seating import RULE
from inference.verdicts import ZONE_TOO_SMALL, judge

# two tables side by side in a 1000 x 500 picture, their tops 200 x 100 pixels
REGIONS = (
    Region("left", rectangle((0.1, 0.2, 0.4, 0.8)), rectangle((0.15, 0.5, 0.35, 0.7))),
    Region("right", rectangle((0.6, 0.2, 0.9, 0.8)), rectangle((0.65, 0.5, 0.85, 0.7))),
)


def judged(*detections: Detection, regions: tuple[Region, ...] = REGIONS) -> tuple[TableVerdict, ...]:
    return judgement(*detections, regions=regions).verdicts


def judgement(*detections: Detection, regions: tuple[Region, ...] = REGIONS) -> Judgement:
    return judge(regions, detections, 1000, 500, "coco-ssd", "1")


def person(x: float, score: float, upper: float = 0.3) -> Detection:
    return Detection("person", score, (x - 0.05, upper, x + 0.05, upper + 0.3))


def test_an_empty_picture_has_free_tables_in_the_order_asked() -> None:
    assert [(v.table_id, v.label, v.confidence, v.people, v.reason) for v in judged()] == [
        ("left", "free", RIGHT_WHEN_FREE, 0, None),
        ("right", "free", RIGHT_WHEN_FREE, 0, None),
    ]


def test_a_table_is_occupied_by_who_is_in_its_zone() -> None:
    left, right = judged(person(0.25, 0.8), person(0.2, 0.6))
    assert (left.label, left.confidence, left.people) == ("occupied", 0.97, 2)
    assert (right.label, right.people) == ("free", 0)


def test_who_is_in_a_mirror_occupies_no_table_and_is_shown() -> None:
    mirror = rectangle((0.15, 0.2, 0.3, 0.7))
    found = judge(REGIONS, [person(0.25, 0.8), person(0.75, 0.8)], 1000, 500, "coco-ssd", "1", ignore=[mirror])
    assert [(each.label, each.people, each.reason) for each in found.verdicts] == [
        ("free", 0, None),
        ("occupied", 1, None),
    ]
    assert [(each.table_id, each.ignored) for each in found.seen] == [(None, "ignore_area"), ("right", None)]


def test_who_walks_between_tables_occupies_none() -> None:
    assert {verdict.label for verdict in judged(person(0.5, 0.95))} == {"free"}


def test_a_doubt_makes_a_table_unknown_and_says_why() -> None:
    left, right = judged(person(0.25, 0.2))
    assert (left.label, left.reason, left.people) == ("unknown", "faint_person", 0)
    assert left.confidence == LIKELIER_IN_DOUBT
    assert right.label == "free"


def test_somebody_who_certainly_sits_there_outweighs_a_doubt() -> None:
    left, _ = judged(person(0.25, 0.2), person(0.2, 0.7))
    assert (left.label, left.reason, left.people) == ("occupied", None, 1)


@pytest.mark.parametrize(("score", "confidence"), [(0.3, 0.7), (0.65, 0.87), (0.8, 0.97), (1.0, 0.98)])
def test_the_better_somebody_was_found_the_surer(score: float, confidence: float) -> None:
    assert judged(person(0.25, score))[0].confidence == pytest.approx(confidence)


def test_things_are_counted_on_tops_only() -> None:
    cup = Detection("cup", 0.6, (0.2, 0.5, 0.24, 0.58))
    on_the_floor = Detection("bottle", 0.9, (0.5, 0.8, 0.52, 0.95))
    faint = Detection("bowl", 0.3, (0.3, 0.5, 0.34, 0.58))
    left, right = judged(cup, on_the_floor, faint, Detection("chair", 0.9, (0.2, 0.5, 0.24, 0.58)))
    assert (left.things, right.things) == (1, 0)
    assert left.label == "free"


def test_a_zone_of_a_few_pixels_is_unknown() -> None:
    tiny = Region("tiny", rectangle((0.5, 0.5, 0.51, 0.52)))
    (verdict,) = judged(person(0.505, 0.9), regions=(tiny,))
    assert (verdict.label, verdict.confidence, verdict.reason) == ("unknown", 0.0, ZONE_TOO_SMALL)


def test_a_judgement_names_model_rule_and_picture() -> None:
    made = judgement()
    assert (made.model, made.version, made.rule, made.width, made.height) == ("coco-ssd", "1", RULE, 1000, 500)
    assert made.complete, "whoever needs the people need not look again"


def test_a_judgement_shows_what_counted_and_where() -> None:
    guest, passer_by, cup = person(0.25, 0.8), person(0.5, 0.95), Detection("cup", 0.6, (0.7, 0.5, 0.74, 0.58))
    assert judgement(guest, passer_by, cup).seen == (
        Seen("person", 0.8, guest.box, "left", 1.0, "left"),
        Seen("person", 0.95, passer_by.box),
        Seen("cup", 0.6, cup.box, "right"),
    )
