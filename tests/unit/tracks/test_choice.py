"""Which of several video tracks is the film."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tracks import VideoTrack, choose

FILM = VideoTrack(position=0, pixels=640 * 360, pictures=100, rate=25.0, codec="h264", default=False)
PREVIEW = replace(FILM, pixels=160 * 120, rate=1.0, codec="mjpeg", pictures=4)


def taken(*tracks: VideoTrack) -> int | None:
    """Position of the choice among these, numbered as given."""
    chosen = choose([replace(track, position=at) for at, track in enumerate(tracks)])
    return None if chosen is None else chosen.position


def test_the_default_track_comes_first_then_the_one_with_most_pixels() -> None:
    small = replace(FILM, pixels=320 * 180)
    assert taken(small, FILM) == 1
    assert taken(replace(small, default=True), FILM) == 0
    assert taken(FILM, replace(small, default=True)) == 1
    assert taken(FILM, FILM) == 0
    assert taken(replace(FILM, default=True), replace(FILM, default=True, pixels=FILM.pixels * 2)) == 1


def test_a_single_picture_is_no_film_whatever_its_size_and_flags() -> None:
    assert taken(replace(FILM, pictures=1, default=True, pixels=4000 * 3000), FILM) == 1
    assert taken(replace(FILM, still=True, default=True), FILM) == 1
    assert taken(replace(FILM, pictures=0), FILM) == 1


def test_a_preview_of_several_pictures_is_no_film_though_it_is_the_default() -> None:
    assert taken(replace(PREVIEW, default=True), FILM) == 1
    assert taken(replace(PREVIEW, default=True, codec="h264"), FILM) == 1  # smaller and slower
    assert taken(replace(PREVIEW, default=True, rate=25.0), FILM) == 1  # smaller, in a codec of pictures
    assert taken(replace(PREVIEW, default=True, pixels=FILM.pixels * 2), FILM) == 1  # slower, in a codec of pictures


def test_one_difference_makes_no_preview() -> None:
    assert taken(replace(FILM, default=True, rate=1.0), FILM) == 0
    assert taken(replace(FILM, default=True, codec="mjpeg"), FILM) == 0
    assert taken(replace(FILM, default=True, pixels=FILM.pixels // 16), FILM) == 0
    assert taken(replace(PREVIEW, default=True, rate=0.0, codec="h264"), FILM) == 0  # an unknown rate is not slow


def test_what_is_alone_is_taken() -> None:
    assert taken() is None
    assert taken(replace(PREVIEW, pictures=1)) == 0


TRACKS = st.builds(
    VideoTrack,
    position=st.just(0),
    pixels=st.integers(0, 10_000_000),
    pictures=st.integers(0, 100),
    rate=st.floats(0, 120),
    codec=st.sampled_from(["h264", "mjpeg", "vp9", "png"]),
    default=st.booleans(),
    still=st.booleans(),
)


@given(st.lists(TRACKS, min_size=1, max_size=6))
def test_some_track_is_always_taken_and_one_that_moves_if_there_is_one(tracks: list[VideoTrack]) -> None:
    numbered = [replace(track, position=at) for at, track in enumerate(tracks)]
    chosen = choose(numbered)
    assert chosen is not None
    if any(track.pictures > 1 and not track.still for track in numbered):
        assert chosen.pictures > 1 and not chosen.still
