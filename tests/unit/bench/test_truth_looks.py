"""What bench.truth keeps of looks, and the frame in which somebody is faint."""

from dataclasses import replace

import numpy as np
from bench.truth.cost import grid
from bench.truth.recognisers import Kept, Recogniser, SomebodyFaint
from bench.truth.rooms import Still, View
from bench.truth.sizes import sizes_table, with_ids

from inference import verdicts
from inference.closer import in_doubt
from inference.decoders.fit import Picture
from inference.detect import Detection
from inference.protocol import Judgement
from inference.seating import DEFAULT_SCORES


class Counting:
    def __init__(self) -> None:
        self.looks = 0

    def detect(self, bgr: Picture, min_score: float = 0.25) -> list[Detection]:
        self.looks += 1
        return [Detection("person", 0.9, (0.0, 0.0, 1.0, 1.0)), Detection("cup", 0.9, (0.4, 0.4, 0.5, 0.5))]


def test_a_picture_and_each_part_of_it_is_looked_at_once() -> None:
    counting = Counting()
    kept = Kept(counting)
    picture = np.zeros((40, 60, 3), np.uint8)
    for part in (picture, picture.copy(), picture[:20], picture[:, :30], picture[:20]):
        kept.detect(part, 0.1)
    assert counting.looks == 3
    kept.detect(picture, 0.3)
    assert counting.looks == 4


def test_somebody_faint_makes_one_table_of_every_grid_doubtful() -> None:
    found = SomebodyFaint(Counting(), 0.1).detect(np.zeros((48, 64, 3), np.uint8))
    assert [each.label for each in found] == ["cup", "person"]
    for tables in (6, 20, 40):
        assert len(list(in_doubt(found, grid(tables), 4 / 3, DEFAULT_SCORES))) == 1


def test_the_size_of_a_judgement_is_that_of_its_parts_and_the_rest() -> None:
    regions = grid(6)
    view = View("room", "0", regions, (Still("0", b"0", {each.table_id: None for each in regions}),), None, False)

    def judge(jpeg: bytes, regions: object) -> Judgement:
        found = [Detection("person", 0.9, (0.1, 0.1, 0.2, 0.3))]
        return verdicts.judge(view.regions, found, 64, 48, "made", "1")

    lines = {line["bytes of"]: line for line in sizes_table([view], [Recogniser("made", judge)]).lines}
    assert [lines[what]["n"] for what in ("a verdict", "a detection", "the rest", "the whole")] == [6, 1, 1, 1]
    parts = sum(int(lines[what]["n"] or 0) * float(lines[what]["mean"] or 0) for what in list(lines)[:3])
    assert parts == lines["the whole"]["mean"]
    assert all(len(each.table_id) == len("tbl_") + 32 for each in with_ids(replace(view)).regions)
