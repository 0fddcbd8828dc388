"""The matrix of awkward files through the real decoder process. The plain recipes are in `test_exact_frames`."""

import asyncio
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.unit.extractor import awkward, clips, matrix

from extractor.files.children import Child, Limits

DERIVED = [case for case in awkward.CASES if case.name not in clips.RECIPES]
UNDECLARED = ("fragmented.mp4", "offset.ts")
"""Containers that do not say how long they are, so that nobody can see that an end is missing."""


class Matrix:
    """Every case once, however many tests look at it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._found = folder, dict[str, matrix.Outcome]()

    def of(self, name: str) -> matrix.Outcome:
        if name not in self._found:
            self._found[name] = asyncio.run(self._compare(name))
        return self._found[name]

    async def _compare(self, name: str) -> matrix.Outcome:
        child = await Child.start(Limits(3 << 30, 60.0, isolated=False))
        try:
            return await matrix.compare(child, next(case for case in awkward.CASES if case.name == name), self.folder)
        finally:
            await child.kill()


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    return Matrix(tmp_path_factory.mktemp("awkward"))


@pytest.mark.parametrize("case", DERIVED, ids=lambda case: case.name)
def test_count_times_and_pixels_are_those_of_a_full_decode(case: awkward.Case, found: Matrix) -> None:
    outcome = found.of(case.name)
    assert len(outcome.got) == len(outcome.expected)
    assert outcome.same_times
    assert outcome.worst_pixel() == 0
    assert case.damaged or outcome.gaps == []
    if case.name.startswith("truncated"):
        open_ends = [gap for gap in outcome.gaps if gap["to_ms"] is None and 14_000 < gap["from_ms"] < 15_000]
        assert len(open_ends) == (not case.name.endswith(UNDECLARED))
    elif case.damaged:
        assert outcome.gaps
        assert all(gap["code"] == "damaged" and 9_000 < gap["from_ms"] < 13_000 for gap in outcome.gaps)


def test_sizes_follow_the_file_when_they_change(found: Matrix) -> None:
    for name in ("resized offset.ts", "resized vp9.webm"):
        shapes = [pixels_of(each).shape[:2] for each in found.of(name).got]
        assert shapes == [(108, 192)] * 150 + [(180, 320)] * 150


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_clip_is_upright_as_players_show_it(turn: int, found: Matrix) -> None:
    picture = pixels_of(found.of(f"rotated {turn}").got[0])
    height, width = picture.shape[:2]
    shown = np.frombuffer(awkward.upright(awkward.rotated(found.folder, turn), width, height), np.uint8)
    assert np.abs(picture.astype(int) - shown.reshape(picture.shape)).mean() < 6


def test_ten_hours_are_quick(found: Matrix) -> None:
    outcome = found.of(f"{awkward.HOURS} h of black")
    assert [each.media_ms for each in outcome.got] == list(range(0, awkward.HOURS * 3_600_000, 60_000))
    assert outcome.seconds < 60


def pixels_of(stored: matrix.Stored) -> Any:
    return cv2.imdecode(np.frombuffer(stored.jpeg, np.uint8), cv2.IMREAD_COLOR)
