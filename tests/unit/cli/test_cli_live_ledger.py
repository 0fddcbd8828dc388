"""The ledger of live cameras: every frame that was taken has one end, in the hour and of the camera that it is of."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tablewatch_cli.ledger import CROPPER, DISPATCH
from tablewatch_cli.live_ledger import LiveAccount, LiveLedger, first_hour, totals

NOW = datetime(2026, 11, 29, 9, 31, tzinfo=UTC)
SINCE = first_hour(NOW, 2)
ALL = {CROPPER: {("frame.extracted", 0): 100}, DISPATCH: {("crop.ready", 0): 100}}
TABLES = ("a", "b")


def frame(index: int, camera: str = "cam_1", at: str = "2026-11-29T09:10:00.000Z", **changes: Any) -> dict[str, Any]:
    made = {
        "frame_id": f"{camera}-{index}", "camera_id": camera, "run_id": None, "captured_at": at, "object_key": "o",
        "layout_key": "l", "make": ["frames", "tables"],
    }  # fmt: skip
    return made | changes


def crops(index: int, *tables: str, camera: str = "cam_1") -> dict[str, Any]:
    return {"frame_id": f"{camera}-{index}", "run_id": None, "crops": [{"table_id": table} for table in tables]}


def evidence(index: int, table: str, kind: str = "verdict", reason: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "frame_id": f"cam_1-{index}", "table_id": table, "run_id": None, "reason": reason}


def dropped(frames: int, reason: str, hour: str = "2026-11-29T09:00:00.000Z", camera: str = "cam_1") -> dict[str, Any]:
    reasons = [{"reason": reason, "frames": frames}]
    return {"camera_id": camera, "site_id": "site_1", "hour": hour, "frames": frames, "reasons": reasons}


def ledger(committed: Any = ALL, camera: str | None = None) -> LiveLedger:
    return LiveLedger(committed, SINCE, camera)


def only(made: LiveLedger) -> LiveAccount:
    (account,) = made.accounts()
    return account


def take(made: LiveLedger, index: int, kind: str = "verdict", reason: str | None = None) -> None:
    """A frame with everything that comes of it."""
    made.add(("frame.extracted", 0, index), frame(index))
    made.add(("crop.ready", 0, index), crops(index, *TABLES))
    for table in TABLES:
        made.add(("table.evidence", 0, index), evidence(index, table, kind, reason))


def test_every_end_is_counted_and_the_account_balances() -> None:
    made = ledger()
    take(made, 0)
    take(made, 1, "gated")
    take(made, 2, "unavailable", "late")
    take(made, 3, "unavailable", "unavailable: 503")
    made.add(("frame.extracted", 0, 4), frame(4))
    made.add_dead_letter(frame(4))
    made.add(("frame.extracted", 0, 5), frame(5, layout_key=None))
    made.add(("frame.extracted", 0, 6), frame(6))
    made.add(("crop.ready", 0, 6), crops(6))
    made.add(("frame.dropped", 0, 0), dropped(3, "slow"))
    made.add(("frame.extracted", 0, 200), frame(7))  # not committed
    account = only(made)
    assert (account.captured, account.classified, account.gated, account.dead_lettered) == (11, 1, 1, 1)
    assert account.dropped == {
        "capture_slow": 3, "late": 1, "nothing_to_cut": 1, "not_wanted": 1, "unavailable": 1,
    }  # fmt: skip
    assert (account.in_flight, account.missing, account.balanced) == (1, 0, True)
    assert totals([account])["dropped"] == 7


def test_a_frame_that_a_group_is_done_with_and_nobody_ended_is_missing() -> None:
    made = ledger()
    made.add(("frame.extracted", 0, 0), frame(0))
    made.add(("crop.ready", 0, 0), crops(0, *TABLES))
    made.add(("table.evidence", 0, 0), evidence(0, "a"))
    account = only(made)
    assert (account.missing, account.missing_frames, account.balanced) == (1, ["cam_1-0"], False)


def test_what_came_twice_counts_once_and_a_verdict_outweighs_what_came_before_a_replay() -> None:
    made = ledger()
    take(made, 0)
    take(made, 0, "unavailable", "late")
    made.add_dead_letter(crops(0))
    account = only(made)
    assert (account.captured, account.classified, account.dropped, account.dead_lettered) == (1, 1, {}, 0)


def test_counts_of_an_hour_grow_and_the_highest_is_right_in_whatever_order() -> None:
    made = ledger()
    for frames in (2, 7, 5):
        made.add(("frame.dropped", 0, frames), dropped(frames, "slow"))
    assert only(made).dropped == {"capture_slow": 7}


def test_frames_are_of_the_hour_in_which_they_were_taken_and_of_their_camera() -> None:
    made = ledger()
    made.add(("frame.extracted", 0, 0), frame(0, at="2026-11-29T08:59:59.999Z"))
    made.add(("frame.extracted", 0, 1), frame(1, at="2026-11-29T10:00:00.000+01:00"))
    made.add(("frame.extracted", 0, 2), frame(2, camera="cam_2"))
    made.add(("frame.extracted", 0, 3), frame(3, at="2026-11-29T07:59:59.999Z"))  # before the first hour
    made.add(("frame.extracted", 0, 4), frame(4, run_id="run_1"))
    found = [(each.hour, each.camera_id) for each in made.accounts()]
    assert found == [
        ("2026-11-29T08:00:00Z", "cam_1"), ("2026-11-29T09:00:00Z", "cam_1"), ("2026-11-29T09:00:00Z", "cam_2"),
    ]  # fmt: skip
    one = ledger(camera="cam_2")
    one.add(("frame.extracted", 0, 2), frame(2, camera="cam_2"))
    one.add(("frame.extracted", 0, 1), frame(1))
    one.add(("frame.dropped", 0, 1), dropped(1, "slow"))
    assert [each.camera_id for each in one.accounts()] == ["cam_2"]


VALUES = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(st.sampled_from(["frame.extracted", "crop.ready", "table.evidence", "frame.dropped"]), st.data())
def test_a_record_of_wrong_types_counts_as_nothing(topic: str, data: st.DataObject) -> None:
    made = ledger()
    made.add(("frame.extracted", 0, 0), frame(0))
    right = {"frame.extracted": frame(1), "crop.ready": crops(0, "a"), "table.evidence": evidence(0, "a")}
    name = data.draw(st.sampled_from(sorted(right.get(topic, dropped(1, "slow")))))
    made.add((topic, 0, 2), {each: right.get(topic, {})[each] for each in right.get(topic, {}) if each != name})
    made.add((topic, 0, 1), {**right.get(topic, dropped(1, "slow")), name: data.draw(VALUES)})
    assert all(each.captured >= 0 for each in made.accounts())
