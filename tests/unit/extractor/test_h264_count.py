"""Pictures that are missing from a stream of H.264 are found by its own count of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import pytest
from tests.unit.extractor import clips

from extractor.media.h264 import PictureCount
from extractor.media.nal import Picture

RECIPES = {
    "plain.mp4": f"{clips.X264} -g 9999 -bf 0",
    "pyramid.ts": f"{clips.BFRAMES} -x264-params b-pyramid=normal:keyint=250:scenecut=0 -f mpegts",
    "fields.mkv": f"-vf tinterlace=interleave_top,fieldorder=tff {clips.X264} -flags +ildct+ilme -g 50",
    "high444.avi": "-c:v libx264 -preset ultrafast -pix_fmt yuv444p -g 50",
    "refresh.mp4": f"{clips.X264} -bf 0 -x264-params intra-refresh=1:keyint=20",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("count")


def recorded(folder: Path, name: str) -> tuple[bytes | None, list[bytes], list[bool]]:
    """The track's extradata, its packets, and which are keyframes for the container."""
    path = folder / name
    if not path.exists():
        source = "testsrc2=size=64x48:rate=25:duration=2"
        clips.ffmpeg("-f", "lavfi", "-i", source, *RECIPES[name].split(), str(path))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        return stream.codec_context.extradata, [bytes(each) for each in packets], [each.is_keyframe for each in packets]


def counted(extradata: bytes | None, packets: Sequence[bytes]) -> Iterator[Picture]:
    count = PictureCount(extradata)
    return (count.take(packet) for packet in packets)


@pytest.mark.parametrize("name", RECIPES)
def test_no_picture_of_a_whole_stream_is_missing_and_each_that_others_refer_to_is_if_left_out(
    name: str, folder: Path
) -> None:
    extradata, packets, _ = recorded(folder, name)
    whole = list(counted(extradata, packets))
    assert not any(picture.missing for picture in whole)
    for at in range(5, len(packets) - 1, 3):
        found = list(counted(extradata, packets[:at] + packets[at + 1 :]))
        assert any(picture.missing for picture in found[at:]) != whole[at].disposable or not any(
            not picture.disposable for picture in whole[at + 1 :]
        )


def test_a_stream_that_is_renewed_bit_by_bit_is_right_at_the_end_of_each_round(folder: Path) -> None:
    extradata, packets, keyframes = recorded(folder, "refresh.mp4")
    found = list(counted(extradata, packets))
    assert found[0].refreshes
    rounds = [at for at, keyframe in enumerate(keyframes) if keyframe and at]
    assert rounds and all(found[at].refreshes is False for at in rounds)
    assert [at for at, picture in enumerate(found) if picture.refreshes][1:]


def test_an_encoder_that_does_not_count_is_not_believed(folder: Path) -> None:
    extradata, packets, _ = recorded(folder, "plain.mp4")
    found = list(counted(extradata, packets[:1] + packets[2::2] * 4))
    assert sum(picture.missing for picture in found) < 8


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0\1", b"\0\0\1\x67", b"\0\0\1\x41\x9a" + bytes(40), b"\1" * 20])
def test_what_cannot_be_read_tells_nothing(data: bytes) -> None:
    found = PictureCount(data).take(data)
    assert not found.missing
    assert found.refreshes is None
