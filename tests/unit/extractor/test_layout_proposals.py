"""When a layout is proposed for a camera that was moved, what is stored with it, and when that is over."""

import asyncio
import dataclasses
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs
from tests.support.doubles.clock import ManualClock

from events.documents import Documents
from extractor.live.proposals import Proposals
from extractor.model.alignment import Alignment
from extractor.model.camera_failures import ReaderCrashed
from extractor.model.camera_health import Health
from extractor.model.proposal import PROPOSED_S, REFUSED_S, SOON_S
from objects.testing import MemoryObjects
from tablewatch_schemas import CameraConfig, CameraConfigSource, keys, replace
from tablewatch_schemas.layout import Layout, LayoutTable

NOW = datetime(2026, 11, 29, tzinfo=UTC)
BEFORE, AFTER, LATER = b"before", b"after", b"later"
WELL, MOVED, DARK = Health(), Health("moved"), Health("dark")
LAYOUT = Layout(
    layout_key="layouts/site_1/cam_1/3.json", site_id="site_1", camera_id="cam_1", version=3, created_at=NOW,
    width=1920, height=1080, floor=(),
    tables=(
        LayoutTable(
            table_id="tbl_1", label="1", seats=4, section_id=None, top=None,
            polygon=((0.1, 0.1), (0.3, 0.1), (0.3, 0.3), (0.1, 0.3)),
        ),
    ),
)  # fmt: skip
CONFIG = CameraConfig(
    camera_id="cam_1", site_id="site_1", version=1, name="Camera", enabled=True, cadence_ms=1000, max_age_ms=60_000,
    source=CameraConfigSource(type="rtsp", address="rtsp://192.0.2.1/1", secret_ref=None),
    layout_key=LAYOUT.layout_key, layout_version=3, updated_at=NOW,
)  # fmt: skip


def beside(right: float) -> Alignment:
    return Alignment((1.0, 0.0, right, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0), inliers=99, spread=9, alike=0.8, aspect=16 / 9)


class Camera:
    """Pictures of a camera; `finds` is what is estimated of each."""

    def __init__(self) -> None:
        self.clock, self.store = ManualClock(), MemoryObjects()
        self.store.objects[LAYOUT.layout_key] = LAYOUT.to_json()
        self.finds: Alignment | Exception | None = beside(0.1)
        self.asked: list[tuple[bytes, bytes]] = []
        log: Any = structlog.get_logger("test")
        self.proposals = Proposals(self.store, self, Documents(self.store), self.clock, log)

    async def align(self, before: bytes, after: bytes) -> Alignment | None:
        self.asked.append((before, after))
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds

    async def shows(
        self, picture: bytes = AFTER, health: Health = MOVED, config: CameraConfig = CONFIG, after_s: float = SOON_S
    ) -> Any:
        """What is proposed after one more picture, `after_s` after the one before."""
        self.clock.advance(after_s)
        self.proposals.consider(config, BEFORE, picture, health)
        if self.proposals._task is not None:
            await asyncio.gather(self.proposals._task, return_exceptions=True)
        return self.proposals.standing(config)


async def test_what_two_pictures_in_a_row_show_is_proposed_with_both_pictures() -> None:
    camera = Camera()
    assert await camera.shows() is None
    proposal = await camera.shows(LATER)
    assert camera.asked == [(BEFORE, AFTER), (BEFORE, LATER)]
    assert (proposal.code, proposal.layout_version, proposal.lost_table_ids) == (None, 3, ())
    assert proposal.transform == beside(0.1).transform
    assert proposal.layout_key == keys.layout_proposal("site_1", "cam_1", proposal.proposal_id)
    assert camera.store.objects[proposal.before_key] == BEFORE
    assert camera.store.objects[proposal.after_key] == LATER
    proposed = Layout.parse(camera.store.objects[proposal.layout_key])
    assert (proposed.layout_key, proposed.version) == (proposal.layout_key, 3)
    assert set(proposed.tables[0].polygon) == {(0.2, 0.1), (0.4, 0.1), (0.4, 0.3), (0.2, 0.3)}


async def test_while_the_camera_is_still_being_turned_nothing_is_proposed() -> None:
    camera = Camera()
    for number in range(5):
        camera.finds = beside(0.05 * number)
        assert await camera.shows() is None
    assert await camera.shows() is not None


async def test_why_nothing_is_proposed_is_published_and_tried_again() -> None:
    camera = Camera()
    camera.finds = None
    await camera.shows()
    refused = await camera.shows()
    assert (refused.code, refused.layout_key, refused.transform) == ("not_recognised", None, None)
    assert refused.reason.startswith("Too little of the earlier picture")
    assert camera.store.objects[refused.after_key] == AFTER
    camera.finds = beside(0.1)
    assert await camera.shows(after_s=REFUSED_S / 2) == refused
    assert await camera.shows(after_s=REFUSED_S) == refused, "one estimate is not enough"
    assert (await camera.shows()).code is None


async def test_a_proposal_stands_until_the_camera_is_moved_again() -> None:
    camera = Camera()
    await camera.shows()
    first = await camera.shows()
    assert await camera.shows(after_s=PROPOSED_S / 2) == first
    assert len(camera.asked) == 2, "it is not looked for at every picture"
    assert await camera.shows(after_s=PROPOSED_S) == first
    camera.finds = beside(0.2)
    await camera.shows(after_s=PROPOSED_S)
    second = await camera.shows()
    assert second.proposal_id != first.proposal_id
    assert second.transform == beside(0.2).transform


async def test_it_ends_with_what_it_is_about() -> None:
    camera = Camera()
    await camera.shows()
    proposal = await camera.shows()
    assert await camera.shows(health=DARK) == proposal, "at night it is still moved"
    drawn = replace(CONFIG, layout_version=4, layout_key="layouts/site_1/cam_1/4.json")
    assert camera.proposals.standing(drawn) is None
    assert await camera.shows(health=WELL) is None
    await camera.shows()
    assert await camera.shows() is not None
    camera.proposals.forget()
    assert camera.proposals.standing(CONFIG) is None


@pytest.mark.parametrize("health", [WELL, DARK, Health("blocked"), Health(None, "moved", 1.0, 2)], ids=str)
async def test_without_a_move_nothing_is_estimated(health: Health) -> None:
    camera = Camera()
    assert await camera.shows(health=health) is None
    assert camera.asked == []


async def test_without_a_layout_nothing_is_estimated() -> None:
    camera = Camera()
    assert await camera.shows(config=replace(CONFIG, layout_key=None, layout_version=None)) is None
    camera.store.objects[LAYOUT.layout_key] = dataclasses.replace(LAYOUT, tables=()).to_json()
    assert await camera.shows() is None
    assert await camera.shows() is None
    assert camera.asked == []


@pytest.mark.parametrize("error", [ReaderCrashed(), ConnectionError("the store")], ids=str)
async def test_what_cannot_be_done_now_is_done_later(error: Exception) -> None:
    camera = Camera()
    camera.finds = error
    for _ in range(3):
        assert await camera.shows() is None
    camera.finds = beside(0.1)
    await camera.shows()
    assert await camera.shows() is not None


async def test_a_fault_in_an_estimate_leaves_the_capture_alone() -> None:
    camera = Camera()
    camera.finds = ZeroDivisionError()
    with capture_logs() as logs:
        await camera.shows()
        await camera.shows()
        await camera.shows(after_s=REFUSED_S / 2)
    assert [each["event"] for each in logs] == ["layout_proposal_broke"]
    assert len(camera.asked) == 1, "it waits"
    camera.finds = beside(0.1)
    await camera.shows(after_s=REFUSED_S)
    assert await camera.shows() is not None


async def test_a_store_that_takes_nothing_costs_no_estimate_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera()

    async def full(*_: object) -> None:
        raise ConnectionError("full")

    with monkeypatch.context() as broken:
        broken.setattr(camera.store, "put", full)
        for _ in range(5):
            assert await camera.shows() is None
    assert len(camera.asked) == 2
    assert await camera.shows(after_s=REFUSED_S) is not None


async def test_a_layout_without_tables_is_not_read_at_every_picture() -> None:
    camera, read = Camera(), []
    empty = dataclasses.replace(LAYOUT, tables=())

    async def layout(key: str) -> Layout:
        read.append(key)
        return empty

    camera.proposals._documents = cast(Documents, SimpleNamespace(layout=layout))
    for _ in range(3):
        await camera.shows()
    assert len(read) == 1


async def test_an_estimate_under_way_ends_when_the_camera_is_well() -> None:
    camera, released = Camera(), asyncio.Event()

    async def align(_before: bytes, _after: bytes) -> Alignment | None:
        await released.wait()
        return beside(0.1)

    await camera.shows()
    camera.align = align  # type: ignore[method-assign]
    camera.clock.advance(SOON_S)
    camera.proposals.consider(CONFIG, BEFORE, LATER, MOVED)
    under_way = camera.proposals._task
    assert under_way is not None
    await asyncio.sleep(0)
    camera.proposals.consider(CONFIG, BEFORE, LATER, WELL)
    released.set()
    await asyncio.wait([under_way])
    assert under_way.cancelled()
    assert camera.proposals.standing(CONFIG) is None


async def test_a_picture_that_comes_while_an_estimate_is_under_way_begins_no_other() -> None:
    camera, released = Camera(), asyncio.Event()

    async def align(before: bytes, after: bytes) -> Alignment | None:
        camera.asked.append((before, after))
        await released.wait()
        return beside(0.1)

    camera.align = align  # type: ignore[method-assign]
    for _ in range(3):
        camera.proposals.consider(CONFIG, BEFORE, AFTER, MOVED)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert len(camera.asked) == 1
    await camera.proposals.stop()
