"""Looks at stored pictures apart from tables."""

from datetime import timedelta

import pytest
from tests.unit.classifier_gateway.test_dispatch_handle import CAMERA, NOW, SITE, Stage, record, stage  # noqa: F401

from chassis.consume import Busy, Invalid
from inference import Judgement, Seen, Unavailable, Unreadable
from tablewatch_schemas import FrameCommand, keys, replace
from tablewatch_schemas.judgement import FrameJudgement

AT = NOW - timedelta(minutes=2)
KEY, PICTURE = keys.live_judgement(SITE, CAMERA, AT), keys.live_frame(SITE, CAMERA, AT)
COMMAND = FrameCommand(
    frame_id="cam_1-1", site_id=SITE, camera_id=CAMERA, action="look", object_key=PICTURE, captured_at=AT,
    actor="key_1", requested_at=NOW, expires_at=NOW + timedelta(minutes=5),
)  # fmt: skip


async def seeing(_request: object) -> Judgement:
    return Judgement((), (Seen("dining table", 0.7, (0.1, 0.2, 0.3, 0.4)),), "m", "1", "none", 640, 360, complete=True)


async def test_what_is_seen_is_stored_without_layout_and_makes_no_evidence(stage: Stage) -> None:  # noqa: F811
    stage.objects.objects[PICTURE] = b"jpeg"
    stage.classifier.classify = seeing  # type: ignore[method-assign]
    assert await stage.handle(COMMAND) == []
    judgement = FrameJudgement.parse(stage.objects.objects[KEY], KEY)
    assert (judgement.layout_key, judgement.tables, judgement.width) == (None, (), 640)
    assert judgement.seen[0].label == "dining table"


async def test_everything_in_the_picture_is_asked_for_and_live_tables_go_first(stage: Stage) -> None:  # noqa: F811
    stage.objects.objects[PICTURE] = b"jpeg"
    await stage.handle(COMMAND)
    (request,) = stage.classifier.requests
    assert (request.everything, request.live, request.regions, request.camera_id) == (True, False, (), CAMERA)


async def test_a_frame_that_was_judged_is_left_alone(stage: Stage) -> None:  # noqa: F811
    await stage.objects.put(PICTURE, b"jpeg")
    await stage.objects.put(KEY, b"with tables")
    await stage.handle(COMMAND)
    assert (stage.objects.objects[KEY], stage.classifier.requests) == (b"with tables", [])


@pytest.mark.parametrize("command", [replace(COMMAND, expires_at=NOW), replace(COMMAND, action="later"), COMMAND])
async def test_what_nobody_waits_for_or_knows_or_is_gone_is_left_out(
    stage: Stage, command: FrameCommand  # noqa: F811
) -> None:  # fmt: skip
    if command is not COMMAND:
        stage.objects.objects[PICTURE] = b"jpeg"
    await stage.handler.handle(record(command) if command.action == "look" else _unchecked(command))
    assert KEY not in stage.objects.objects and stage.classifier.requests == []


async def test_a_classifier_that_is_away_is_waited_for_and_a_broken_picture_is_not(
    stage: Stage,  # noqa: F811
) -> None:
    stage.objects.objects[PICTURE] = b"jpeg"
    stage.classifier.fail = Unreadable("no picture")
    with pytest.raises(Invalid, match="no picture"):
        await stage.handle(COMMAND)
    stage.classifier.fail = Unavailable("down")
    stage.clock.sleep = _passing(stage)  # type: ignore[method-assign]
    with pytest.raises(Busy):
        await stage.handle(COMMAND)
    stage.clock.advance(300)
    await stage.handle(COMMAND)
    assert KEY not in stage.objects.objects


def _passing(stage: Stage):  # noqa: F811
    async def passing(seconds: float) -> None:
        stage.clock.advance(max(seconds, 0.01))

    return passing


def _unchecked(command: FrameCommand):
    """An action of a later release, which this one does not write."""
    made = record(replace(command, action="look"))
    return replace_value(made, made.value.replace(b'"look"', b'"later"'))


def replace_value(made, value):
    return made.__class__(made.topic, 0, 0, 0, made.key, value, made.headers)
