"""Whether facts are a video that we take."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from ingest.admission.facts import CODECS, Facts, FileLimits, decide, read_facts
from ingest.refusals import REFUSALS, Refusal

LIMITS = FileLimits(max_pixels=1920 * 1080, max_duration_ms=60_000, max_streams=4)
GOOD = Facts(
    opened=True,
    streams=2,
    has_video=True,
    codec="h264",
    width=1920,
    height=1080,
    rotation_degrees=90,
    duration_ms=60_000,
    fps=25.0,
    packets=1,
    decoded=True,
    created_at="2026-03-01T18:00:00.000000Z",
)


def test_a_good_one_keeps_its_facts() -> None:
    video = decide(GOOD, "mp4", LIMITS)
    assert (video.container, video.codec, video.width, video.height) == ("mp4", "h264", 1920, 1080)
    assert (video.rotation_degrees, video.duration_ms, video.fps) == (90, 60_000, 25.0)
    assert video.created_at == datetime(2026, 3, 1, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"opened": False}, "truncated"),
        ({"streams": 5}, "too_many_streams"),
        ({"has_video": False, "codec": None}, "no_video_stream"),
        ({"codec": "prores"}, "unsupported_codec"),
        ({"codec": None}, "unsupported_codec"),
        ({"codec": "png"}, "unsupported_codec"),
        ({"width": 1921}, "too_many_pixels"),
        ({"duration_ms": 60_001}, "too_long"),
        ({"decoded": False, "packets": 0}, "truncated"),
        ({"decoded": False, "packets": 7}, "unreadable"),
        ({"width": 0}, "unreadable"),
    ],
)
def test_refusals(change: dict[str, object], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        decide(replace(GOOD, **change), "mp4", LIMITS)  # type: ignore[arg-type]
    assert refused.value.code == code
    assert refused.value.final


def test_the_detail_gives_the_figures() -> None:
    with pytest.raises(Refusal) as refused:
        decide(replace(GOOD, width=4000, height=3000), "mp4", LIMITS)
    assert refused.value.detail == "It is 4000 x 3000."


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_every_codec_of_the_list_is_taken(codec: str) -> None:
    assert decide(replace(GOOD, codec=codec), "matroska", LIMITS).codec == codec


def test_unknown_duration_is_let_in() -> None:
    assert decide(replace(GOOD, duration_ms=None), "mpegts", LIMITS).duration_ms is None


@pytest.mark.parametrize("fps", [None, 0.0, float("inf"), float("nan"), -1.0])
def test_an_impossible_frame_rate_is_unknown(fps: float | None) -> None:
    assert decide(replace(GOOD, fps=fps), "mp4", LIMITS).fps is None


@pytest.mark.parametrize("text", [None, "", "1904-01-01T00:00:00.000000Z", "1970-01-01T00:00:00Z", "yesterday"])
def test_a_clock_that_was_never_set_is_not_believed(text: str | None) -> None:
    assert decide(replace(GOOD, created_at=text), "mp4", LIMITS).created_at is None


def test_a_time_without_zone_is_utc() -> None:
    video = decide(replace(GOOD, created_at="2026-03-01 18:00:00"), "mp4", LIMITS)
    assert video.created_at == datetime(2026, 3, 1, 18, tzinfo=UTC)


def test_answers_of_the_child_are_read_strictly() -> None:
    assert read_facts(b'{"opened": false}') == Facts(opened=False)
    for bad in (b"", b"[]", b'{"opened": true, "width": "a lot"}', b'{"width": 1}', b"not json"):
        with pytest.raises(ValidationError):
            read_facts(bad)


def test_every_refusal_says_what_to_do() -> None:
    for code, refusal in REFUSALS.items():
        assert refusal.code == code and code == code.lower()
        assert refusal.sentence.endswith(".") and len(refusal.sentence) > 20
        assert 400 <= refusal.status < 600
