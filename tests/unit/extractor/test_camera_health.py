"""What a capture notes of its camera, and the status that comes of it: the five freezes, and what is none."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.support.doubles.clock import ManualClock

from extractor.live.health import CameraHealth
from extractor.model.camera_failures import CameraFailed, NoPackets, PortClosed, SoundOnly
from extractor.model.camera_health import Health, next_health
from extractor.model.camera_status import CameraStatusNow, next_status
from extractor.model.scene import Compared, Scene

CADENCES = pytest.mark.parametrize("cadence_s", [1.0, 10.0])


@dataclass
class Watched:
    """A camera whose status is asked for each half second, as the supervisor does."""

    cadence_s: float
    clock: ManualClock = field(default_factory=ManualClock)
    status: CameraStatusNow | None = None
    told: list[tuple[str, str | None]] = field(default_factory=list)
    plays: bool = False

    def __post_init__(self) -> None:
        self.health = CameraHealth(self.clock)
        self.packets = 0

    def open(self) -> None:
        self.health.opens()
        self.plays, self.packets = True, 0

    def picture(self, packets: int = 25, **scene: float) -> None:
        self.packets += packets
        self.health.takes(Scene(**{"same": 0, "same_s": 0.0} | scene), self.packets, timedelta(seconds=self.cadence_s))  # type: ignore[arg-type]
        self.health.stored()
        self._report()

    def end(self, failure: type[CameraFailed]) -> None:
        self.plays = False
        self.health.ends(failure())
        self._report()

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 2)):
            self.clock.advance(0.5)
            self._report()

    def live(self) -> None:
        self.open()
        for _ in range(4):
            self.picture()
            self.wait(self.cadence_s)
        assert self.told == [("live", None)]

    def _report(self) -> None:
        seen = self.health.seen(timedelta(seconds=self.cadence_s), plays=self.plays)
        found = next_status(self.status, seen, self.clock.now())
        if found is not None:
            self.status = found
            self.told.append((found.status, found.code))


def within(cadence_s: float) -> float:
    """Ten seconds make a freeze certain; it is found within two cadences of that."""
    return 10 + 2 * cadence_s


@CADENCES
def test_the_same_picture(cadence_s: float) -> None:
    watched = Watched(cadence_s)
    watched.live()
    same = 0
    while watched.told[-1][0] == "live":
        same += 1
        watched.picture(same=same, same_s=same * cadence_s)
        watched.wait(cadence_s)
        assert same * cadence_s <= within(cadence_s)
    assert watched.told == [("live", None), ("frozen", "same_picture")]
    watched.picture()
    assert len(watched.told) == 2, "one picture is not enough"
    watched.wait(cadence_s)
    watched.picture()
    assert watched.told[-1] == ("live", None)


@CADENCES
def test_a_session_in_which_no_packets_come(cadence_s: float) -> None:
    watched = Watched(cadence_s)
    watched.live()
    for _ in range(5):  # each ends after ten seconds, and the camera is opened anew
        watched.wait(10)
        watched.end(NoPackets)
        watched.wait(0.5)
        watched.open()
    assert watched.told == [("live", None), ("frozen", "no_packets")]
    assert watched.status is not None
    assert (watched.status.since - watched.clock.now()).total_seconds() < -(52.5 - within(cadence_s))
    watched.picture()
    watched.wait(cadence_s)
    watched.picture()
    assert watched.told[-1] == ("live", None)


@CADENCES
def test_one_picture_and_then_none_in_every_session(cadence_s: float) -> None:
    watched = Watched(cadence_s)
    watched.live()
    for _ in range(5):
        watched.end(NoPackets)
        watched.wait(0.5)
        watched.open()
        watched.wait(0.5)
        watched.picture()
        watched.wait(10)
    assert watched.told[0] == ("live", None)
    assert {status for status, _ in watched.told[1:]} == {"frozen"}
    assert watched.told[-1] == ("frozen", "no_packets")


def test_a_session_that_is_open_and_silent_need_not_end_to_be_frozen() -> None:
    watched = Watched(1)
    watched.live()
    watched.wait(29)
    assert watched.told[1:] == [("frozen", "no_packets")]


def test_one_picture_every_ten_seconds() -> None:
    watched = Watched(1)
    watched.live()
    for _ in range(6):
        watched.wait(9.5)
        watched.picture(packets=1)
    assert {status for status, _ in watched.told[1:]} == {"frozen"}
    assert watched.told[-1] == ("frozen", "few_pictures")
    for _ in range(3):
        watched.wait(1)
        watched.picture()
    assert watched.told[-1] == ("live", None)


def test_the_first_of_few_pictures_does_not_end_the_freeze() -> None:
    """Packets of before it are counted in the first wait."""
    watched = Watched(0.5)
    watched.live()
    watched.packets += 12
    for _ in range(4):
        watched.wait(12)
        watched.picture(packets=1)
    assert {status for status, _ in watched.told[1:]} == {"frozen"}
    assert watched.told[-1] == ("frozen", "few_pictures")


def test_a_slow_camera_that_is_asked_for_no_more_is_live_and_told() -> None:
    watched = Watched(10)
    watched.open()
    for _ in range(5):
        watched.picture(packets=1)
        watched.wait(10)
    assert watched.told[-1] == ("degraded", "few_packets")


def test_pictures_that_come_late_because_we_are_slow_are_no_freeze() -> None:
    watched = Watched(1)
    watched.live()
    for _ in range(6):
        watched.wait(8)
        watched.picture(packets=200)
    assert watched.told == [("live", None)]


@CADENCES
def test_reconnected_with_sound_alone(cadence_s: float) -> None:
    watched = Watched(cadence_s)
    watched.live()
    for _ in range(3):
        watched.wait(0.5)
        watched.end(SoundOnly)
    assert watched.told[1:] == [("frozen", "sound_only")]


def test_a_camera_that_is_silent_and_then_away_is_offline() -> None:
    watched = Watched(1)
    watched.live()
    watched.wait(10)
    watched.end(NoPackets)
    watched.wait(1)
    watched.end(PortClosed)
    assert watched.told[1:] == [("frozen", "no_packets"), ("offline", "port_closed")]


def test_ten_silent_seconds_are_no_freeze_at_a_cadence_of_ten() -> None:
    watched = Watched(10)
    watched.live()
    watched.end(NoPackets)
    watched.wait(0.5)
    watched.open()
    for _ in range(3):
        watched.picture()
        watched.wait(10)
    assert watched.told == [("live", None)]


def test_pictures_that_are_not_stored_are_told() -> None:
    watched = Watched(1)
    watched.live()
    for _ in range(15):
        watched.health.takes(Scene(same=0, same_s=0.0), 25, timedelta(seconds=1))
        watched.wait(1)
    assert watched.told[1:] == [("degraded", "not_stored")]


def test_what_is_certain_goes_on_with_whoever_takes_the_camera_over() -> None:
    clock = ManualClock()
    frozen = CameraStatusNow("frozen", "why", clock.now(), clock.now(), "same_picture")
    taken = Watched(1, clock, frozen)
    taken.health = CameraHealth(clock, frozen)
    taken.open()
    for same in range(4):
        taken.picture(same=same, same_s=same)
        taken.wait(1)
    assert {status for status, _ in taken.told} <= {"frozen"}
    assert next_health(Health("same_picture"), Scene(same=0, same_s=0.0), 5.0).trouble == "same_picture"


def test_pictures_that_differ_end_a_freeze_whatever_they_show_by_turns() -> None:
    away = Scene(same=0, same_s=0.0, compared=Compared(right=9.0, down=0.0, agreeing=1.0, lost=0.0))
    here = Scene(same=0, same_s=0.0, compared=Compared(right=0.0, down=0.0, agreeing=1.0, lost=0.0))
    first = next_health(Health("same_picture"), away, 1.0)
    assert first.trouble == "same_picture", "a single one may be noise"
    assert next_health(first, Scene(same=1, same_s=1.0), 2.0) == Health("same_picture")
    assert next_health(first, here, 2.0).trouble is None
    assert next_health(next_health(Health("same_picture"), here, 1.0), away, 2.0).trouble is None


def test_what_was_not_certain_before_a_break_is_not_made_so_by_it() -> None:
    clock = ManualClock()
    health = CameraHealth(clock)
    away = Scene(same=0, same_s=0.0, compared=Compared(right=9.0, down=0.0, agreeing=1.0, lost=0.0))
    for wait_s in (0.5, 0.5, 20, 0.5, 0.5):
        clock.advance(wait_s)
        health.takes(away, None, timedelta(seconds=0.5))
        assert health.health.trouble is None
    clock.advance(10)
    health.takes(away, None, timedelta(seconds=0.5))
    assert health.health.trouble == "moved"
