"""The café's clip, on a café of our own with two frames."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from bench import cafe4
from bench.cafe4_clip import intervals, make


@pytest.fixture
def cafe(tmp_path: Path) -> cafe4.Cafe:
    """One camera, 64 x 49 pixels, one table: free, occupied, nobody can tell."""
    folder = tmp_path / "cafe4"
    (folder / "cam9").mkdir(parents=True)
    for number in range(3):
        cv2.imwrite(str(folder / "cam9" / f"0{number}.jpg"), np.full((49, 64, 3), number * 80, np.uint8))
    labels = {
        "size": [64, 49],
        "cameras": {"cam9": {"crop": {"A": [0.1, 0.2, 0.5, 0.9]}, "table_top": {"A": [0.2, 0.4, 0.4, 0.6]}}},
        "labels": {"00": {"A": "empty"}, "01": {"A": "occupied"}, "02": {"A": None}},
    }
    (folder / "labels.json").write_text(json.dumps(labels))
    return cafe4.read(tmp_path)


def test_labels_become_states(cafe: cafe4.Cafe) -> None:
    assert [cafe.labels[frame]["A"] for _, frame in cafe.frames()] == ["free", "occupied", None]
    (region,) = cafe.cameras["cam9"]
    assert region.top == ((0.2, 0.4), (0.4, 0.4), (0.4, 0.6), (0.2, 0.6))


def test_without_pictures_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(cafe4.NoData, match=r"labels\.json is not here"):
        cafe4.read(tmp_path)


def test_equal_neighbours_are_one_interval(cafe: cafe4.Cafe) -> None:
    cafe.labels["01"]["A"] = "free"
    assert intervals(cafe, "A", 10_000) == [[0, 20_000, "free"], [20_000, 30_000, None]]


def test_the_clip_holds_every_frame_and_loses_only_an_odd_row(cafe: cafe4.Cafe, tmp_path: Path) -> None:
    make(cafe, "cam9", tmp_path / "out", 2_000)
    with av.open(str(tmp_path / "out" / "clip.mp4")) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 30
    assert pictures[0].shape == (48, 64)
    assert [round(float(pictures[at].mean()) / 80) for at in (0, 9, 10, 19, 20, 29)] == [0, 0, 1, 1, 2, 2]
    layout = json.loads((tmp_path / "out" / "layout.json").read_text())
    assert layout["reference"] == {"width": 64, "height": 48}
    truth = json.loads((tmp_path / "out" / "truth.json").read_text())
    assert truth["tables"][0]["intervals"][1] == [2_000, 4_000, "occupied"]
