"""Unwanted runs and bounded memory."""

from datetime import UTC, datetime

from cropper.commands import Unwanted
from cropper.recent import Recent
from tablewatch_schemas import VideoCommand


def command(action: str, run: str = "run_1") -> VideoCommand:
    return VideoCommand(
        command_id=f"cmd_{action}", video_id="vid_1", run_id=run, site_id="site_1", camera_id=None, action=action,
        actor="key_1", requested_at=datetime(2026, 11, 23, tzinfo=UTC),
    )  # fmt: skip


def test_a_retry_undoes_a_cancel_and_not_a_delete():
    unwanted = Unwanted()
    unwanted.apply(command("cancel"))
    assert "run_1" in unwanted
    unwanted.apply(command("retry"))
    assert "run_1" not in unwanted
    unwanted.apply(command("delete"))
    unwanted.apply(command("retry"))
    assert "run_1" in unwanted


def test_unknown_actions_and_live_frames_are_wanted():
    unwanted = Unwanted()
    unwanted.apply(command("frobnicate"))
    assert "run_1" not in unwanted
    assert None not in unwanted


def test_what_was_not_used_for_longest_is_forgotten():
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
