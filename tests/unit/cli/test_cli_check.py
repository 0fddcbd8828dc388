"""What `check` says of the model that judges frames, and of cameras."""

from tablewatch_cli.commands.check import cameras_read, frames_judged, frames_taken, models_in_use
from tablewatch_cli.ops import samples


def page(model: str, wanted: str) -> str:
    return f'tablewatch_classifier_model{{model="{model}",version="0.6.2+1",wanted="{wanted}"}} 1.0'


def test_the_model_in_use_is_named() -> None:
    (finding,) = models_in_use(samples(page("yolox-nano", "yolox-nano")))
    assert (finding.part, finding.ok, finding.detail) == ("model", True, "frames are judged by yolox-nano 0.6.2+1")


def test_a_model_that_stands_in_for_another_is_wrong_and_says_what_to_do() -> None:
    (finding,) = models_in_use(samples(page("coco-ssd", "yolox-nano")))
    assert finding.ok is False
    assert "coco-ssd 0.6.2+1 in place of yolox-nano" in finding.detail
    assert "CLASSIFIER_GATEWAY_MODEL=coco-ssd" in finding.detail


def test_why_a_detector_is_not_used_is_told_by_its_code() -> None:
    old = 'tablewatch_detector_refused{code="detector_file_missing",detector="ours"} 0.0'
    refused = 'tablewatch_detector_refused{code="detector_hash_differs",detector="ours"} 1.0'
    (finding,) = models_in_use(samples("\n".join([old, refused, page("yolox-nano", "ours")])))
    assert finding.ok is False
    assert "in place of ours, which cannot be used (detector_hash_differs)" in finding.detail


def test_services_without_a_model_say_nothing_of_it() -> None:
    assert list(models_in_use(samples("tablewatch_outbox_rows 1.0"))) == []


def cameras(live: int, offline: int) -> str:
    counts = {"live": live, "offline": offline, "unknown": 0}
    return "\n".join(f'tablewatch_cameras_captured{{status="{name}"}} {count}.0' for name, count in counts.items())


def test_a_camera_that_is_offline_is_wrong_and_says_where_to_look() -> None:
    (finding,) = cameras_read(samples(cameras(2, 1)))
    assert finding.ok is False
    assert finding.detail == "2 of 3 are live, 1 offline: `tablewatch cameras` says which, and what to do"
    more = [f'tablewatch_cameras_captured{{status="{status}"}} 1.0' for status in ("frozen", "paused")]
    (finding,) = cameras_read(samples("\n".join([cameras(2, 1), *more])))
    assert finding.detail.startswith("2 of 5 are live, 1 offline, 1 frozen: ")


def test_cameras_of_several_extractors_are_counted_together() -> None:
    (finding,) = cameras_read([*samples(cameras(2, 0)), *samples(cameras(1, 0))])
    assert (finding.part, finding.ok, finding.detail) == ("cameras", True, "3 of 3 are live")


def test_without_live_cameras_nothing_is_said_of_them() -> None:
    assert list(cameras_read(samples(cameras(0, 0)))) == []


def test_cameras_that_nobody_reads_are_wrong() -> None:
    (finding,) = cameras_read(samples(cameras(64, 0) + "\ntablewatch_cameras_unclaimed 3.0"))
    assert finding.ok is False
    assert finding.detail.startswith("64 of 67 are live, 3 are read by nobody, as every extractor is full")


def recent(**counts: int) -> str:
    """Of the dispatch of live frames: `done`, and by the reason for which they were dropped."""
    done = f'tablewatch_live_recent_frames{{outcome="done",reason="",stage="judged"}} {counts.pop("done")}.0'
    dropped = (
        f'tablewatch_live_recent_frames{{outcome="dropped",reason="{reason}",stage="judged"}} {count}.0'
        for reason, count in counts.items()
    )
    return "\n".join((done, *dropped))


def test_an_overloaded_classifier_is_wrong_and_says_how_much_is_lost_and_why() -> None:
    (finding,) = frames_judged(samples(recent(done=150, late=20, superseded=130)))
    assert finding.ok is False
    assert finding.detail.startswith(
        "150 of 300 live frames of the last 5 minutes were judged; dropped: 130 superseded, 20 late."
    )


def test_a_few_frames_that_were_lost_when_a_service_was_started_are_none_of_it() -> None:
    (finding,) = frames_judged(samples(recent(done=10, late=4)))
    assert (finding.ok, finding.detail) == (True, "10 of 14 live frames of the last 5 minutes were judged")


def test_what_was_lost_while_pictures_are_taken_is_another_row() -> None:
    page = samples(recent(done=10).replace("judged", "captured"))
    assert list(frames_judged(page)) == []
    assert [each.part for each in frames_taken(page)] == ["live frames"]
    assert list(frames_taken(samples("tablewatch_outbox_rows 1.0"))) == []
