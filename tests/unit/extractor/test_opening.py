"""Capture rests while a site is closed, and goes on by itself."""

import asyncio
import errno
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from msgspec import structs
from structlog.testing import capture_logs
from tests.support.doubles.clock import ManualClock

from chassis.records import Record
from extractor.live.capture import Capture, CaptureParts
from extractor.live.opening import SiteHours
from extractor.live.rows import Claimed
from extractor.model.camera_status import CameraStatusNow, Seen, next_status
from extractor.model.opening import CODE, closed
from tablewatch_schemas import CameraConfig, CameraConfigSource, SiteConfig, encode, tombstone
from tablewatch_schemas.events import CameraConfigOpeningHours, SiteConfigOpeningHours
from tablewatch_schemas.opening_hours import WEEKDAYS

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def week(*monday: str, zone: str = "UTC") -> dict[str, Any]:
    return dict.fromkeys(WEEKDAYS, ()) | {"monday": monday, "timezone": zone}


def of_site(*monday: str, zone: str = "UTC") -> SiteConfigOpeningHours:
    return SiteConfigOpeningHours(**week(*monday, zone=zone))


def of_camera(*monday: str, zone: str = "UTC") -> CameraConfigOpeningHours:
    return CameraConfigOpeningHours(**week(*monday, zone=zone))


def camera(hours: CameraConfigOpeningHours | None = None) -> CameraConfig:
    return CameraConfig(
        camera_id="cam_1",
        site_id="site_1",
        version=1,
        name="Camera",
        enabled=True,
        source=CameraConfigSource(type="rtsp", address="rtsp://192.0.2.1/1", secret_ref=None),
        cadence_ms=1000,
        max_age_ms=60_000,
        layout_key=None,
        layout_version=None,
        opening_hours=hours,
        updated_at=MONDAY_NOON,
    )


def site_record(version: int, hours: SiteConfigOpeningHours | None) -> Record:
    site = SiteConfig(
        site_id="site_1",
        version=version,
        original_bytes=None,
        picture_bytes=None,
        opening_hours=hours,
        updated_at=MONDAY_NOON,
    )
    return as_record(encode(site, source="tablewatch/api", time=MONDAY_NOON))


def as_record(sent: Any) -> Record:
    return Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)


def test_the_cameras_own_hours_come_before_those_of_its_site() -> None:
    open_now, closed_now = ("10:00-14:00",), ("18:00-23:00",)
    assert closed(None, None, MONDAY_NOON) is None, "as before there were hours"
    assert closed(None, of_site(*open_now), MONDAY_NOON) is None
    assert closed(of_camera(*open_now), of_site(*closed_now), MONDAY_NOON) is None
    rests = closed(None, of_site(*closed_now), MONDAY_NOON)
    assert rests is not None
    assert (rests.status, rests.code) == ("paused", CODE) == ("paused", "outside_opening_hours")
    assert rests.reason == "The camera rests outside its opening hours, until 2026-11-23 18:00 (UTC)."
    assert closed(of_camera(*closed_now), of_site(*open_now), MONDAY_NOON) == rests


def test_hours_are_by_the_clock_of_the_site() -> None:
    assert closed(of_camera("13:00-14:00", zone="Europe/Vienna"), None, MONDAY_NOON) is None
    rests = closed(of_camera("11:00-12:00", zone="Europe/Vienna"), None, MONDAY_NOON)
    assert rests is not None
    assert "until 2026-11-30 11:00 (Europe/Vienna)" in rests.reason


@pytest.mark.parametrize(
    "hours", [of_camera("11:00-12:00", zone="Mars/Olympus"), of_camera("noon"), of_camera("1", zone="..")]
)
def test_hours_that_cannot_be_read_close_nothing(hours: CameraConfigOpeningHours) -> None:
    assert closed(hours, None, MONDAY_NOON) is None


def test_a_zone_that_could_not_be_opened_once_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    hours = of_camera("18:00-22:59")

    def no_descriptors(_: str) -> None:
        raise OSError(errno.EMFILE, "too many open files")

    with monkeypatch.context() as busy:
        busy.setattr("extractor.model.opening.ZoneInfo", no_descriptors)
        assert closed(hours, None, MONDAY_NOON) is None
    assert closed(hours, None, MONDAY_NOON) is not None


def test_of_a_site_the_newest_hours_hold() -> None:
    hours = SiteHours(structlog.get_logger())
    assert hours.closed(camera(), MONDAY_NOON) is None
    hours.apply_record(site_record(2, of_site("18:00-23:00")))
    assert hours.closed(camera(), MONDAY_NOON) is not None
    hours.apply_record(site_record(1, None))
    assert hours.closed(camera(), MONDAY_NOON) is not None, "an older record"
    assert hours.closed(camera(of_camera("10:00-14:00")), MONDAY_NOON) is None
    hours.apply_record(site_record(3, None))
    assert hours.closed(camera(), MONDAY_NOON) is None
    hours.apply_record(site_record(4, of_site("18:00-23:00")))
    gone = tombstone(SiteConfig, "site_1", source="tablewatch/api", time=MONDAY_NOON, lane="live", version=5)
    hours.apply_record(as_record(gone))
    assert hours.closed(camera(), MONDAY_NOON) is None


def test_what_cannot_be_read_is_logged() -> None:
    with capture_logs() as logs:
        hours = SiteHours(structlog.get_logger())
        hours.apply_record(site_record(1, of_site("18:00-23:00", zone="Mars/Olympus")))
        hours.apply_record(replace(site_record(1, None), value=b"{"))
    assert [each["event"] for each in logs] == ["opening_hours_ignored", "site_config_ignored"]


def test_a_status_says_that_it_rests_whatever_was_before_and_until_when() -> None:
    rests = closed(of_camera("18:00-23:00"), None, MONDAY_NOON)
    seen = Seen(MONDAY_NOON, timedelta(seconds=1), pictured_at=MONDAY_NOON, trouble="dark", closed=rests)
    for before in (None, CameraStatusNow("live", "", MONDAY_NOON, MONDAY_NOON)):
        now = next_status(before, seen, MONDAY_NOON)
        assert now is not None
        assert (now.status, now.code) == ("paused", CODE)
        assert next_status(now, seen, MONDAY_NOON + timedelta(minutes=9)) is None
    by_hand = CameraStatusNow("paused", "The camera was switched off by somebody.", MONDAY_NOON, MONDAY_NOON, "by_hand")
    told = next_status(by_hand, seen, MONDAY_NOON)
    assert told is not None
    assert told.code == CODE
    later = MONDAY_NOON + timedelta(hours=6)
    woken = next_status(told, Seen(later, timedelta(seconds=1)), later + timedelta(seconds=1))
    assert woken is None, "it is being opened: nothing is known yet"


class Sessions:
    """Those of a camera that never gives a picture; how many began, and how many are open."""

    def __init__(self, clock: ManualClock) -> None:
        self.began = self.open = 0
        self.hours = SiteHours(structlog.get_logger())
        unused = dict.fromkeys(("store", "documents", "aligner"))
        parts = SimpleNamespace(**unused, clock=clock, hours=self.hours, log=structlog.get_logger())
        self.parts = cast(CaptureParts, parts)

    def capture(self, config: CameraConfig) -> Capture:
        sessions = self

        class Counted(Capture):
            async def _session(self, *, alone: bool) -> None:
                sessions.began, sessions.open = sessions.began + 1, sessions.open + 1
                try:
                    await asyncio.Event().wait()
                finally:
                    sessions.open -= 1

        return Counted(Claimed(config, 1, None), self.parts)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_camera_rests_and_goes_on_with_the_clock() -> None:
    clock = ManualClock(MONDAY_NOON)
    sessions = Sessions(clock)
    capture = sessions.capture(camera(of_camera("12:30-13:00")))
    await settled()
    assert (sessions.began, capture.seen.closed is not None) == (0, True), "it begins closed"
    clock.advance(1800)
    assert not capture.observe_hours(may_open=False), "others are opened first"
    await settled()
    assert (sessions.open, capture.seen.closed is not None) == (0, True)
    assert capture.observe_hours(may_open=True)
    assert not capture.observe_hours(may_open=True), "it is open already"
    await settled()
    assert (sessions.open, capture.seen.closed) == (1, None)
    assert capture.seen.began == clock.now(), "it was not away while it rested"
    clock.advance(1800)
    assert not capture.observe_hours(may_open=True)
    await settled()
    assert (sessions.open, sessions.began) == (0, 1)
    assert capture.crashed() is None
    await capture.stop()


async def test_a_camera_rests_and_goes_on_when_its_hours_are_changed() -> None:
    clock = ManualClock(MONDAY_NOON)
    sessions = Sessions(clock)
    capture = sessions.capture(camera())
    await settled()
    assert sessions.open == 1
    sessions.hours.apply_record(site_record(1, of_site("18:00-23:00")))
    assert not capture.observe_hours(may_open=True)
    await settled()
    assert sessions.open == 0
    elsewhere = structs.replace(
        camera(), source=CameraConfigSource(type="rtsp", address="rtsp://192.0.2.2/1", secret_ref=None)
    )
    capture.update(Claimed(elsewhere, 1, None))
    await settled()
    assert sessions.open == 0, "another address opens nothing while it rests"
    capture.update(Claimed(camera(of_camera("10:00-14:00")), 1, None))
    assert capture.observe_hours(may_open=True)
    await settled()
    assert (sessions.open, sessions.began) == (1, 2)
    await capture.stop()
    assert sessions.open == 0
