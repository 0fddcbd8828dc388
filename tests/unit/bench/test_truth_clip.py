"""Reading labelled rooms, and the café as a clip: on a café of our own with three pictures."""

import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from bench.truth import rooms
from bench.truth.clip import intervals, make


@pytest.fixture
def data(tmp_path: Path) -> Path:
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
    return tmp_path


def test_labels_become_states(data: Path) -> None:
    (view,) = rooms.read_views(data)
    assert [still.states["A"] for still in view.stills] == ["free", "occupied", None]
    (region,) = view.regions
    assert region.top == ((0.2, 0.4), (0.4, 0.4), (0.4, 0.6), (0.2, 0.6))
    assert (view.name, view.is_sequence) == ("cafe4/cam9", True)


def test_a_room_of_single_moments_is_no_sequence(data: Path) -> None:
    folder = data / "rooms" / "zal2"
    folder.mkdir(parents=True)
    (folder / "00.jpg").write_bytes(b"a picture")
    zone = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]
    labels = {
        "tables": [{"label": "T1", "polygon": zone, "top": zone}],
        "pictures": [{"file": "00.jpg", "states": {"T1": "free"}}],
    }
    (folder / "labels.json").write_text(json.dumps(labels))
    (view,) = rooms.read_room(data, "zal2")
    assert not view.is_sequence
    assert view.stills == (rooms.Still("00", b"a picture", {"T1": "free"}),)


def test_without_pictures_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(rooms.NoData, match="is not here"):
        rooms.read_views(tmp_path / "absent")
    with pytest.raises(rooms.NoData, match="no labelled room"):
        rooms.read_views(tmp_path)


def test_a_gap_between_intervals_is_what_nobody_can_tell() -> None:
    spans = [[0, 6, "free"], [8, 19, "occupied"]]
    assert [rooms.state_at(spans, at) for at in (0, 5.9, 6, 8, 19)] == ["free", "free", None, "occupied", None]


def test_the_labels_of_the_clip_are_in_order() -> None:
    raw = json.loads(rooms.CLIP_LABELS.read_bytes())
    for table in raw["tables"].values():
        times = [time for begins, ends, _ in table["intervals"] for time in (begins, ends)]
        assert times == sorted(times)
        assert len(table["zone"]) == 4


def test_equal_neighbours_are_one_interval(data: Path) -> None:
    (view,) = rooms.read_views(data)
    view.stills[1].states["A"] = "free"  # type: ignore[index]
    assert intervals(view, "A", 10_000) == [[0, 20_000, "free"], [20_000, 30_000, None]]


def test_the_clip_holds_every_frame_and_loses_only_an_odd_row(data: Path, tmp_path: Path) -> None:
    (view,) = rooms.read_views(data)
    make(view, tmp_path / "out", 2_000)
    with av.open(str(tmp_path / "out" / "clip.mp4")) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 30
    assert pictures[0].shape == (48, 64)
    assert [round(float(pictures[at].mean()) / 80) for at in (0, 9, 10, 19, 20, 29)] == [0, 0, 1, 1, 2, 2]
    layout = json.loads((tmp_path / "out" / "layout.json").read_text())
    assert layout["reference"] == {"width": 64, "height": 48}
    truth = json.loads((tmp_path / "out" / "truth.json").read_text())
    assert truth["tables"][0]["intervals"][1] == [2_000, 4_000, "occupied"]
    assert len(rooms.frames_of(tmp_path / "out" / "clip.mp4", 1_000)) == 6
