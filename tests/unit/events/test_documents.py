"""Layouts, manifests and judgements: cached, one fetch for all who wait, failures asked again."""

import asyncio
from datetime import UTC, datetime

import pytest

from events.documents import Documents
from objects.store import Gone
from objects.testing import MemoryObjects
from tablewatch_schemas import ContractError, keys
from tablewatch_schemas.judgement import MOST_BYTES, FrameJudgement
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest, ModelRef, Sampling, Thresholds

T0 = datetime(2026, 11, 23, tzinfo=UTC)
KEY = keys.layout("site_1", "cam_1", 1)


def layout(key: str = KEY) -> Layout:
    return Layout(
        layout_key=key, site_id="site_1", camera_id="cam_1", version=1, created_at=T0, width=640, height=360, tables=(),
        floor=(),
    )  # fmt: skip


MANIFEST = Manifest(
    run_id="run_1", video_id="vid_1", site_id="site_1", camera_id=None, layout_key=None,
    sampling=Sampling(mode="all", every_ms=None), make=("frames",), started_at=None, model=None,
    thresholds=Thresholds(enter_ms=1, leave_ms=2, hold_ms=3, ttl_ms=4), created_at=T0,
)  # fmt: skip


JUDGEMENT = FrameJudgement(
    judgement_key=keys.run_judgement("site_1", "run_1", 4), site_id="site_1", camera_id="cam_1", run_id="run_1",
    video_id="vid_1", frame_id="run_1-000000004", frame_key="frames/site_1/4.jpg", captured_at=T0, width=640,
    height=360,
    layout_key=KEY, layout_version=1, model=ModelRef(name="m", version="1"), rule="share", tables=(), seen=(),
)  # fmt: skip


class Counted(MemoryObjects):
    """Counts fetches; each waits until `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def get(self, key: str) -> bytes:
        self.fetched.append(key)
        await self.open.wait()
        return await super().get(key)


@pytest.fixture
def objects() -> Counted:
    made = Counted()
    made.objects |= {KEY: layout().to_json(), keys.manifest("site_1", "run_1"): MANIFEST.to_json()}
    return made


async def test_a_document_is_fetched_once(objects):
    documents = Documents(objects)
    for _ in range(3):
        assert await documents.layout(KEY) == layout()
        assert await documents.manifest("site_1", "run_1") == MANIFEST
    assert objects.fetched == [KEY, keys.manifest("site_1", "run_1")]


async def test_judgements_are_fetched_like_the_others(objects):
    documents = Documents(objects)
    with pytest.raises(Gone):
        await documents.judgement(JUDGEMENT.judgement_key)
    objects.objects[JUDGEMENT.judgement_key] = JUDGEMENT.to_json()
    found = await asyncio.gather(*(documents.judgement(JUDGEMENT.judgement_key) for _ in range(20)))
    assert found == [JUDGEMENT] * 20
    assert objects.fetched == [JUDGEMENT.judgement_key] * 2


async def test_a_cached_document_outlives_its_object(objects):
    documents = Documents(objects)
    await documents.manifest("site_1", "run_1")
    objects.objects.clear()
    assert await documents.manifest("site_1", "run_1") == MANIFEST


async def test_many_waiters_share_one_fetch(objects):
    documents = Documents(objects)
    assert set(await asyncio.gather(*(documents.layout(KEY) for _ in range(20)))) == {layout()}
    assert objects.fetched == [KEY]


async def test_a_cancelled_waiter_takes_nothing_from_the_others(objects):
    objects.open.clear()
    documents = Documents(objects)
    first, second = (asyncio.create_task(documents.layout(KEY)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    objects.open.set()
    assert await second == layout()
    assert first.cancelled() and objects.fetched == [KEY]


@pytest.mark.parametrize(
    ("broken", "error"),
    [({}, Gone), ({KEY: b"{}"}, ContractError), ({KEY: b"{"}, ContractError)],
    ids=["gone", "wrong", "no json"],
)
async def test_every_waiter_hears_of_a_failure_and_the_next_call_asks_again(objects, broken, error):
    good, objects.objects = objects.objects, broken
    documents = Documents(objects)
    heard = await asyncio.gather(*(documents.layout(KEY) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in heard] == [error] * 3
    objects.objects = good
    assert await documents.layout(KEY) == layout()
    assert objects.fetched == [KEY, KEY]


async def test_what_lies_under_the_key_of_another_document_is_not_taken_for_it(objects):
    other = JUDGEMENT.judgement_key.replace("site_1", "site_2")
    objects.objects |= {
        keys.layout("site_2", "cam_1", 1): layout().to_json(),
        keys.manifest("site_2", "run_1"): MANIFEST.to_json(),
        other: JUDGEMENT.to_json(),
    }
    documents = Documents(objects)
    for wrong in (
        documents.layout(keys.layout("site_2", "cam_1", 1)), documents.manifest("site_2", "run_1"),
        documents.judgement(other),
    ):  # fmt: skip
        with pytest.raises(ContractError) as refused:
            await wrong
        assert refused.value.code == "wrong_schema"


async def test_of_a_judgement_that_is_far_too_large_no_more_is_read_than_shows_it(objects):
    objects.objects[JUDGEMENT.judgement_key] = JUDGEMENT.to_json() + b" " * MOST_BYTES
    read: list[int] = []
    get_range = objects.get_range

    async def noted(key, offset, length):
        data = await get_range(key, offset, length)
        read.append(len(data))
        return data

    objects.get_range = noted
    with pytest.raises(ContractError, match="not_json"):
        await Documents(objects).judgement(JUDGEMENT.judgement_key)
    assert read == [MOST_BYTES + 1]


async def test_a_store_that_is_away_is_asked_again(objects):
    objects.fail = ConnectionError("away")
    documents = Documents(objects)
    with pytest.raises(ConnectionError):
        await documents.layout(KEY)
    objects.fail = None
    assert await documents.layout(KEY) == layout()


async def test_a_failure_that_nobody_waits_for_any_more_is_no_complaint(objects, caplog):
    objects.objects.clear()
    objects.open.clear()
    waiting = asyncio.create_task(Documents(objects).layout(KEY))
    await asyncio.sleep(0)
    waiting.cancel()
    objects.open.set()
    await asyncio.gather(waiting, return_exceptions=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not caplog.records


async def test_what_was_not_used_for_longest_goes_first(objects):
    objects.objects |= {name: layout(name).to_json() for name in "abc"}
    documents = Documents(objects, cached=2)
    for name in "abaca":
        await documents.layout(name)
    assert objects.fetched == ["a", "b", "c"]
    await documents.layout("b")
    assert objects.fetched == ["a", "b", "c", "b"]
