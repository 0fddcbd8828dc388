"""The matrix of awkward files through the real decoder process. The plain recipes are in `test_exact_frames`."""

import asyncio
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.unit.extractor import awkward, clips, matrix

from extractor.files.decoder import Decoder, DecoderLimits

CASES = {case.name: case for case in awkward.CASES if case.name not in clips.RECIPES}
RESIZED = ("resized offset.ts", "resized vp9.webm")
ROTATED = {f"rotated {degrees}": degrees for degrees in (0, 90, 180, 270)}
BLACK = f"{awkward.HOURS} h of black"
OTHERS = [name for name in CASES if name not in (*RESIZED, *ROTATED, BLACK)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("awkward")


def compared(name: str, folder: Path) -> matrix.Outcome:
    """The outcome of a case; count, times and pixels are those of a full decode."""
    outcome = asyncio.run(_compare(CASES[name], folder))
    assert len(outcome.got) == len(outcome.expected)
    assert outcome.same_times
    assert outcome.worst_pixel() == 0
    assert CASES[name].damaged or outcome.gaps == []
    return outcome


async def _compare(case: awkward.Case, folder: Path) -> matrix.Outcome:
    decoder = await Decoder.start(DecoderLimits(3 << 30, 60.0, isolated=False))
    try:
        return await matrix.compare(decoder, case, folder)
    finally:
        await decoder.kill()


@pytest.mark.parametrize("name", OTHERS)
def test_frames_are_those_of_a_full_decode_and_damage_is_a_gap(name: str, folder: Path) -> None:
    gaps = compared(name, folder).gaps
    if name.startswith("truncated"):
        open_ends = [gap for gap in gaps if gap["to_ms"] is None and 14_000 < gap["from_ms"] < 15_000]
        assert len(open_ends) == 1
    elif CASES[name].damaged:
        assert gaps
        assert all(gap["code"] in ("damaged", "suspect") and 9_000 < gap["from_ms"] < 13_000 for gap in gaps)


@pytest.mark.parametrize("name", RESIZED)
def test_sizes_follow_the_file_when_they_change(name: str, folder: Path) -> None:
    shapes = [pixels_of(each).shape[:2] for each in compared(name, folder).got]
    assert shapes == [(108, 192)] * 150 + [(180, 320)] * 150


@pytest.mark.parametrize(("name", "degrees"), ROTATED.items())
def test_a_rotated_clip_is_upright_as_players_show_it(name: str, degrees: int, folder: Path) -> None:
    picture = pixels_of(compared(name, folder).got[0])
    height, width = picture.shape[:2]
    shown = np.frombuffer(awkward.upright(awkward.rotated(folder, degrees), width, height), np.uint8)
    assert np.abs(picture.astype(int) - shown.reshape(picture.shape)).mean() < 6


def test_ten_hours_are_quick(folder: Path) -> None:
    outcome = compared(BLACK, folder)
    assert [each.media_ms for each in outcome.got] == list(range(0, awkward.HOURS * 3_600_000, 60_000))
    assert outcome.seconds < 60


def pixels_of(stored: matrix.Stored) -> Any:
    return cv2.imdecode(np.frombuffer(stored.jpeg, np.uint8), cv2.IMREAD_COLOR)
