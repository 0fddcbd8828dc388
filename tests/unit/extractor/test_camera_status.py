"""The status of a camera, from its last frame and its last failure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from extractor.model.camera_failures import CameraFailed, NoAnswer, WrongPassword
from extractor.model.camera_status import CONFIRM, LIVE_REASON, CameraStatusNow, Seen, find, next_status

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def live(since: datetime = NOW) -> CameraStatusNow:
    return CameraStatusNow("live", LIVE_REASON, since, since)


def offline(failure: type[CameraFailed], since: datetime, published_at: datetime) -> CameraStatusNow:
    return CameraStatusNow("offline", failure.sentence, since, published_at, failure.code)


def test_the_first_frame_makes_it_live() -> None:
    seen = Seen(NOW - 3 * SECOND, every=SECOND, pictured_at=NOW - SECOND)
    assert next_status(None, seen, NOW) == live()


def test_a_session_that_breaks_and_comes_back_is_nobodys_concern() -> None:
    seen = Seen(NOW, every=SECOND, pictured_at=NOW, failure=NoAnswer())
    assert next_status(live(), seen, NOW + 9 * SECOND) is None


def test_without_frames_it_is_offline_since_that_was_found_and_says_why() -> None:
    seen = Seen(NOW, every=SECOND, pictured_at=NOW, failure=WrongPassword("401"))
    found = next_status(live(), seen, NOW + 11 * SECOND)
    assert found == offline(WrongPassword, NOW + 11 * SECOND, NOW + 11 * SECOND)


def test_a_slow_cadence_has_three_of_its_steps() -> None:
    seen = Seen(NOW, every=10 * SECOND, pictured_at=NOW)
    assert next_status(live(), seen, NOW + 29 * SECOND) is None
    well = Seen(NOW, every=10 * SECOND, pictured_at=NOW + CONFIRM - SECOND)
    found = next_status(live(), well, NOW + CONFIRM)
    assert found is not None
    assert (found.status, found.since) == ("live", NOW)
    late = next_status(live(), seen, NOW + 31 * SECOND)
    assert late is not None
    assert late.status == "offline"


def test_a_new_camera_that_cannot_be_opened_is_offline_at_once() -> None:
    seen = Seen(NOW, every=SECOND, failure=NoAnswer())
    found = next_status(None, seen, NOW + SECOND)
    assert found is not None
    assert found.reason == NoAnswer.sentence


def test_one_that_another_process_had_is_not_offline_while_it_is_taken_over() -> None:
    seen = Seen(NOW, every=SECOND, failure=NoAnswer())
    assert next_status(live(NOW - SECOND), seen, NOW + SECOND) is None


def test_a_status_is_confirmed_and_a_new_reason_is_published_at_once_and_since_stays() -> None:
    away = offline(NoAnswer, NOW, NOW)
    seen = Seen(NOW - 60 * SECOND, every=SECOND, failure=NoAnswer())
    assert next_status(away, seen, NOW + SECOND) is None
    confirmed = next_status(away, seen, NOW + CONFIRM)
    assert confirmed == offline(NoAnswer, NOW, NOW + CONFIRM)
    other = Seen(NOW - 60 * SECOND, every=SECOND, failure=WrongPassword())
    changed = next_status(away, other, NOW + SECOND)
    assert changed == offline(WrongPassword, NOW, NOW + SECOND)


def test_one_that_was_offline_says_at_once_what_is_wrong_with_its_new_address() -> None:
    away = offline(NoAnswer, NOW - 60 * SECOND, NOW - 60 * SECOND)
    changed_now = Seen(NOW, every=10 * SECOND, failure=WrongPassword())
    found = next_status(away, changed_now, NOW + SECOND)
    assert found == offline(WrongPassword, NOW - 60 * SECOND, NOW + SECOND)


def test_one_that_only_begins_to_play_is_not_frozen() -> None:
    """Opening may take longer than a picture is waited for, as after the death of a process."""
    seen = Seen(began=NOW - timedelta(seconds=30), every=timedelta(seconds=2), plays=True, played_at=NOW)
    assert find(None, seen, NOW + timedelta(seconds=9)) is None
    found = find(None, seen, NOW + timedelta(seconds=11))
    assert found is not None
    assert found.status == "frozen"
    older = replace(seen, pictured_at=NOW - timedelta(minutes=2))
    assert find(None, older, NOW + timedelta(seconds=9)) is None


def test_the_same_status_of_another_source_is_published_once_its_picture_is_there() -> None:
    opened = Seen(NOW, every=SECOND, source_version=4)
    before = replace(live(), source_version=3)
    assert next_status(before, opened, NOW + SECOND) is None
    pictured = replace(opened, pictured_at=NOW + 2 * SECOND)
    found = next_status(before, pictured, NOW + 2 * SECOND)
    assert found == replace(before, source_version=4, published_at=NOW + 2 * SECOND)
    assert next_status(found, pictured, NOW + 3 * SECOND) is None
