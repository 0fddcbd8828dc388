"""What every process reads in full: unwanted runs, and layouts by camera."""

from datetime import UTC, datetime

import pytest

from chassis.records import Record
from events.cameras import CameraLayouts
from events.runs import UnwantedRuns
from tablewatch_schemas import CameraConfig, CameraConfigSource, VideoCommand, encode

T0 = datetime(2026, 11, 23, tzinfo=UTC)


def command(action: str, run: str = "run_1") -> VideoCommand:
    return VideoCommand(
        command_id=f"cmd_{action}", video_id="vid_1", run_id=run, site_id="site_1", camera_id=None, action=action,
        actor="key_1", requested_at=T0,
    )  # fmt: skip


def config(version: int, layout_key: str | None) -> CameraConfig:
    return CameraConfig(
        camera_id="cam_1", site_id="site_1", version=version, name="door", enabled=True,
        source=CameraConfigSource(type="file", address="x", secret_ref=None), cadence_ms=1000, max_age_ms=10_000,
        layout_key=layout_key, layout_version=1, updated_at=T0,
    )  # fmt: skip


def record(event) -> Record:
    sent = encode(event, source="tablewatch/test", time=T0)
    return Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)


@pytest.mark.parametrize("deliveries", [1, 2])
@pytest.mark.parametrize(
    ("actions", "unwanted"),
    [
        (("cancel",), True),
        (("cancel", "retry"), False),
        (("delete",), True),
        (("delete", "retry"), True),
        (("cancel", "delete", "retry"), True),
        (("cancel", "retry", "cancel"), True),
        (("frobnicate",), False),
        (("retry",), False),
    ],
)
def test_a_retry_undoes_a_cancel_and_not_a_delete(actions, unwanted, deliveries):
    runs = UnwantedRuns()
    for action in actions:
        for _ in range(deliveries):
            runs.apply(command(action))
    assert ("run_1" in runs) is unwanted
    assert "run_2" not in runs


def test_a_table_reader_feeds_the_registry():
    runs = UnwantedRuns()
    runs.apply_record(record(command("delete")))
    assert "run_1" in runs


def test_live_frames_have_no_run_and_are_wanted():
    runs = UnwantedRuns()
    runs.apply(command("delete"))
    assert None not in runs


def test_no_deleted_run_is_ever_forgotten():
    runs = UnwantedRuns()
    for number in range(30_000):
        runs.apply(command("delete", f"run_{number}"))
    assert all(f"run_{number}" in runs for number in range(30_000))


def test_a_camera_has_the_layout_of_its_newest_configuration():
    layouts = CameraLayouts()
    assert (layouts.layout_key("cam_1"), layouts.layout_key(None)) == (None, None)
    for version, key in ((2, "second"), (1, "first")):
        layouts.apply_record(record(config(version, key)))
    assert layouts.layout_key("cam_1") == "second"
    layouts.apply(config(2, "the same version redelivered"))
    assert layouts.layout_key("cam_1") == "the same version redelivered"
    layouts.apply(config(3, None))
    assert layouts.layout_key("cam_1") is None


def test_registries_ignore_what_cannot_be_decoded_and_events_of_others():
    runs, layouts = UnwantedRuns(), CameraLayouts()
    runs.apply_record(Record("video.command", 0, 0, 0, b"k", b"not json"))
    runs.apply_record(record(config(1, "a")))
    layouts.apply_record(Record("camera.config", 0, 0, 0, b"cam_1", None))
    layouts.apply_record(record(command("delete")))
    assert layouts.layout_key("cam_1") is None
