"""What the gateway saw is used where it is there, waited for a little, and else hazard looks itself."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.support.doubles import ManualClock
from tests.unit.hazard import scene

from hazard.detect.judged import PATIENCE, Judgements, is_judged
from hazard.detect.streams import Stream
from objects.testing import MemoryObjects
from tablewatch_schemas import FrameExtracted, replace
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen, judgement_key
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import ModelRef

FRAME = scene.frame("site_1", "cam_1", "run_1", 1, 9, "layouts/site_1/cam_1/1.json", ("tables", "hazards"))
LAYOUT = scene.layout("site_1", "cam_1")
PERSON = JudgedSeen(label="person", score=0.8, box=(0.1, 0.2, 0.3, 0.9))
FAINT = JudgedSeen(label="person", score=0.12, box=(0.5, 0.2, 0.6, 0.9), doubtful=True)


class Counting(MemoryObjects):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def get_range(self, key: str, offset: int, length: int) -> bytes:
        self.asked += 1
        return await super().get_range(key, offset, length)


class Stage:
    """A store, and a clock whose sleeps take no time."""

    def __init__(self) -> None:
        self.objects, self.clock, self.stream = Counting(), ManualClock(), Stream()
        self.judged_at_s: float | None = None

        async def passing(seconds: float) -> None:
            await asyncio.sleep(0)
            self.clock.advance(seconds)
            if self.judged_at_s is not None and self.clock.monotonic() >= self.judged_at_s:
                self.judge()

        self.clock.sleep = passing  # type: ignore[method-assign]
        self.judgements = Judgements(self.objects, 2.0, self.clock)

    def judge(self, *, complete: bool = True) -> None:
        self.objects.objects[judgement_key(FRAME)] = self.judgement(FRAME, complete=complete)

    def of_another_frame(self) -> bytes:
        return self.judgement(replace(FRAME, index=10))

    def judgement(self, frame: FrameExtracted, *, complete: bool = True) -> bytes:
        return FrameJudgement(
            judgement_key=judgement_key(frame), site_id="site_1", camera_id="cam_1", run_id=frame.run_id,
            video_id=None, frame_id=frame.frame_id, frame_key=frame.object_key or "", captured_at=frame.captured_at,
            width=640, height=360, layout_key=LAYOUT.layout_key, layout_version=1,
            model=ModelRef(name="m", version="1"), rule="r", complete=complete, tables=(), seen=(PERSON, FAINT),
        ).to_json()  # fmt: skip

    async def seen(self, published_at: datetime | None = None) -> Sequence[Any] | None:
        return await self.judgements.seen(self.stream, FRAME, published_at)


async def test_what_was_judged_is_taken_without_a_wait_and_the_faint_are_left_out() -> None:
    stage = Stage()
    stage.judge()
    assert await stage.seen(stage.clock.now()) == (PERSON,)
    assert (stage.objects.asked, stage.clock.monotonic()) == (1, 0)


async def test_a_judgement_that_comes_in_time_is_waited_for() -> None:
    stage = Stage()
    stage.judged_at_s = 0.7
    assert await stage.seen(stage.clock.now()) == (PERSON,)
    assert 0.7 <= stage.clock.monotonic() < 1
    assert stage.objects.asked <= 6


async def test_one_that_does_not_come_is_waited_for_no_longer_than_the_setting_since_the_frame_was_published() -> None:
    stage = Stage()
    assert await stage.seen(stage.clock.now() - timedelta(seconds=1.5)) is None
    assert stage.clock.monotonic() == 0.5
    assert await stage.seen(stage.clock.now() - timedelta(seconds=60)) is None
    assert stage.clock.monotonic() == 0.5, "who is behind never waits"
    assert await stage.seen(stage.clock.now() + timedelta(seconds=60)) is None
    assert stage.clock.monotonic() == 2.5, "another clock that is fast"
    assert stage.objects.asked <= 14


async def test_after_some_in_vain_the_store_is_asked_once_until_a_judgement_is_there() -> None:
    stage = Stage()
    for _ in range(PATIENCE):
        await stage.seen(stage.clock.now())
    before, asked = stage.clock.monotonic(), stage.objects.asked
    assert await stage.seen(stage.clock.now()) is None
    assert (stage.clock.monotonic(), stage.objects.asked) == (before, asked + 1)
    stage.judge()
    assert await stage.seen(stage.clock.now()) == (PERSON,)
    stage.objects.objects.clear()
    stage.judgements = Judgements(stage.objects, 2.0, stage.clock)
    await stage.seen(stage.clock.now())
    assert stage.clock.monotonic() == before + 2, "the stream has found one again, and waits for the next"


def test_where_no_table_is_judged_there_is_no_judgement() -> None:
    assert is_judged(FRAME, LAYOUT)
    assert not is_judged(replace(FRAME, make=("frames", "hazards")), LAYOUT)
    assert not is_judged(FRAME, Layout(**_fields(LAYOUT) | {"tables": ()}))


async def test_a_judgement_without_everything_that_was_seen_or_none_at_all_does_not_serve() -> None:
    stage = Stage()
    stage.judge(complete=False)
    assert await stage.seen(stage.clock.now()) is None
    for damaged in (b"{", stage.of_another_frame(), b" " * 2_000_000):
        stage.objects.objects[judgement_key(FRAME)] = damaged
        assert await stage.seen(stage.clock.now()) is None
    assert stage.clock.monotonic() == 0


def _fields(layout: Layout) -> dict[str, Any]:
    return {name: getattr(layout, name) for name in Layout.__dataclass_fields__}
