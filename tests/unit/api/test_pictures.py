"""Names of pictures: whose they are, where they lie, and what is no name of one."""

import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from api.http.documents.links import NewLink
from api.model.pictures import OBJECT_KEY, frame_key, frame_owner, owner_of
from tablewatch_schemas import keys
from tablewatch_schemas.ids import frame_id, live_frame_id, new_id

NOW = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)


def test_a_frame_is_found_by_its_id() -> None:
    run, camera = new_id("run"), new_id("cam")
    assert frame_key("site_a", frame_id(run, 42)) == keys.run_frame("site_a", run, 42)
    assert frame_key("site_a", live_frame_id(camera, NOW)) == keys.live_frame("site_a", camera, NOW)
    assert (frame_owner(frame_id(run, 42)), frame_owner(live_frame_id(camera, NOW))) == (run, camera)
    assert frame_owner("vid_1-000000001") == ""


def test_every_kind_of_picture_has_a_form_that_is_taken() -> None:
    run, camera = new_id("run"), new_id("cam")
    taken = [
        keys.run_frame("site_a", run, 1), keys.live_frame("site_a", camera, NOW), keys.run_crops("site_a", run, 1),
        keys.live_crops("site_a", camera, NOW), keys.thumbnail("site_a", run, "best"),
        keys.last_good_snapshot("site_a", camera),
    ]  # fmt: skip
    assert [key for key in taken if not re.search(OBJECT_KEY, key)] == []
    assert {owner_of(key) for key in taken} == {("site_a", run), ("site_a", camera)}


@pytest.mark.parametrize(
    "key",
    [
        keys.original("site_a", "vid_1"), keys.manifest("site_a", "run_1"), keys.layout("site_a", "cam_1", 1),
        "frames/site_a/run_1/../../site_b/run_2/000000001.jpg", "frames//run_1/1.jpg", "/frames/a/b/c.jpg",
        "frames/a/b", "frames/a/b/.hidden", "frames/a/b/c.jpg\n", "",
    ],
)  # fmt: skip
def test_anything_else_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        NewLink(object_key=key)


def test_one_name_of_the_two() -> None:
    for body in ({}, {"object_key": "frames/a/b/c.jpg", "frame_id": "run_1-000000001"}):
        with pytest.raises(ValidationError, match="one of them"):
            NewLink.model_validate(body)
