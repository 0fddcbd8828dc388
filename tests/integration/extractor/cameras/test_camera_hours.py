"""Cameras rest outside their opening hours, and begin again by themselves; by the processes that are deployed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakecamera.pictures import LoopedClip
from fakecamera.server import FakeCamera, fake_camera
from tests.integration.extractor.house import API, House
from tests.integration.extractor.pipeline import until
from tests.support.side_by_side import PROCESSES_OF_CAMERAS
from tests.unit.extractor import clips

from tablewatch_schemas import CameraConfig, SiteConfig, encode
from tablewatch_schemas.events import CameraConfigOpeningHours, SiteConfigOpeningHours
from tablewatch_schemas.opening_hours import WEEKDAYS

pytestmark = PROCESSES_OF_CAMERAS

CODE = "outside_opening_hours"


@pytest.fixture(scope="session")
def clip(clip_folder: Path) -> LoopedClip:
    return LoopedClip(clips.make("cfr.mp4", clip_folder))


def hours(day: datetime, *intervals: str) -> dict[str, Any]:
    """In UTC, on the weekday of `day` alone."""
    return dict.fromkeys(WEEKDAYS, ()) | {"timezone": "UTC", WEEKDAYS[day.weekday()]: intervals}


def elsewhen() -> dict[str, Any]:
    """Three days from now."""
    return hours(datetime.now(UTC) + timedelta(days=3), "10:00-12:00")


async def configure_site(house: House, version: int, opening_hours: dict[str, Any] | None) -> None:
    site = SiteConfig(
        site_id=house.site,
        version=version,
        original_bytes=None,
        picture_bytes=None,
        opening_hours=None if opening_hours is None else SiteConfigOpeningHours(**opening_hours),
        updated_at=datetime.now(UTC),
    )
    await house.producer.send(encode(site, source=API, time=datetime.now(UTC)))


async def left_alone(camera: FakeCamera) -> None:
    async def nobody() -> bool:
        return camera.watching == 0

    await until(nobody, 30, "the camera to be left alone")


async def goes_on(house: House, configured: CameraConfig, since: datetime) -> None:
    async def newer() -> bool:
        return (await house.frames(configured))[-1].captured_at > since

    await until(newer, 60, "frames of the camera")
    await house.status(configured, "live")


async def test_a_camera_rests_while_its_site_is_closed_and_its_own_hours_come_before(
    house: House, clip: LoopedClip
) -> None:
    async with fake_camera(clip) as camera, house.process("only", camera) as process:
        configured = await house.configure(camera.address)
        await house.status(configured, "live")
        await house.more_frames(configured)
        await configure_site(house, 1, elsewhen())
        rests = await house.status(configured, "paused", code=CODE)
        assert rests.reason.startswith("The camera rests outside its opening hours, until ")
        assert rests.last_frame_at is not None
        await left_alone(camera)
        changed_at, always = datetime.now(UTC), dict.fromkeys(WEEKDAYS, ("00:00-24:00",)) | {"timezone": "UTC"}
        own = CameraConfigOpeningHours(**always)  # type: ignore[arg-type]
        await house.configure(camera.address, camera_id=configured.camera_id, version=2, opening_hours=own)
        await goes_on(house, configured, changed_at)
        own = CameraConfigOpeningHours(**elsewhen())
        await house.configure(camera.address, camera_id=configured.camera_id, version=3, opening_hours=own)
        await house.status(configured, "paused", code=CODE)
        await configure_site(house, 2, None)
        changed_at = datetime.now(UTC)
        await house.configure(camera.address, camera_id=configured.camera_id, version=4)
        await goes_on(house, configured, changed_at)
        assert process.process.returncode is None
        told = [(each.status, each.code) for each in await house.statuses(configured)]
        assert "offline" not in {status for status, _ in told}, f"no alarm at closing and at opening: {told}"


async def test_a_camera_opens_with_the_clock_and_a_process_that_starts_while_it_is_closed_leaves_it_alone(
    house: House, clip: LoopedClip
) -> None:
    async with fake_camera(clip) as camera:
        now = datetime.now(UTC)
        opens = (now + timedelta(seconds=90)).replace(second=0, microsecond=0)
        closes = opens + timedelta(minutes=30)
        await configure_site(house, 1, hours(opens, f"{opens:%H:%M}-{closes:%H:%M}"))
        configured = await house.configure(camera.address)
        async with house.process("only", camera):
            rests = await house.status(configured, "paused", code=CODE)
            assert f"until {opens:%Y-%m-%d %H:%M} (UTC)" in rests.reason
            assert camera.sessions == 0
            frames = await house.more_frames(configured, within_s=90 + 60)
            assert frames[0].captured_at > opens - timedelta(seconds=1)
            await house.status(configured, "live")
