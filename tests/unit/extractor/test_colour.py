"""Colours and orientation of stored pictures: those of the film that a clip was made from, or as ffmpeg shows it."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.extractor import clips
from tests.unit.extractor.test_exact_frames import Sent

from extractor.files.decoder import Decoder, DecoderLimits
from extractor.media import colour, requests
from extractor.media.colour import BT709, BT2020, HLG, P3_D65, PQ, UNSPECIFIED, Colours, complete, sdr_of, table_for
from ingest.admission.facts import FileLimits
from ingest.admission.probe import ProbeOptions, admit

Pixels = NDArray[np.uint8]

SIZE = (640, 360)
FRAMES = 6
PNG = {"quality": 95, "format": "png"}
LIMITS = DecoderLimits(1536 << 20, 60.0, isolated=False)
FILM = "setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range=tv"
TAGS = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
LINEAR = "zscale=t=linear:npl=203:agamma=0,format=gbrpf32le"
"""`agamma=0` keeps HLG its OOTF, which zscale leaves out by default (BT.2100, table 5)."""
WIDE = "zscale=agamma=0:p=2020:m=2020_ncl:r=tv:npl=203:t="
X265 = "-c:v libx265 -preset ultrafast -crf 4 -tag:v hvc1 -x265-params"
BITSTREAM = "log-level=none:pools=1:keyint=2:colorprim={}:transfer={}:colormatrix={}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("colours")


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    """SDR in BT.709: colours that drift, from dark to bright."""
    source = f"gradients=s={SIZE[0]}x{SIZE[1]}:r=25:n=4:seed=3:d=1:speed=0.05,hue=s=0.6"
    path = folder / "film.mkv"
    clips.ffmpeg(
        *("-f", "lavfi", "-i", source, "-frames:v", str(FRAMES)),
        *("-vf", f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{FILM}", "-c:v", "ffv1", *TAGS, str(path)),
    )
    return path


def wide(
    film: Path, transfer: str, name: str, tags: tuple[str, str, str], *more: str, pixels: str = "yuv420p10le"
) -> Path:
    """The film in BT.2020 with that transfer; `tags` are the primaries, transfer and matrix in the bitstream."""
    path = film.with_name(name)
    picture = f"{LINEAR},{WIDE}{transfer},format={pixels}"
    clips.ffmpeg("-i", str(film), "-vf", picture, *X265.split(), BITSTREAM.format(*tags), *more, str(path))
    return path


def stored(path: Path, mode: str = "all", kind: str | None = None, **options: Any) -> list[Pixels]:
    """The PNGs that are delivered, and the last thumbnail behind them; `kind`: of all segments, if not their own."""
    about = asked(path, mode, **options)
    open_file, survey = requests.OpenFile(lambda: None), Sent()
    requests.survey_file(about, survey, open_file)
    sent = Sent()
    for segment in survey.all("segment"):
        request = about | {"start": survey.all("done")[0]["start"]} | segment | ({"kind": kind} if kind else {})
        requests.extract_segment(request, sent, open_file)
    return pictures((fields["size_bytes"], payload) for name, fields, payload in sent.messages if name == "frame")


async def stored_by(decoder: Decoder, path: Path) -> list[Pixels]:
    """The same by a decoder process, every frame by sequential decoding."""
    request = asked(path, "all") | {"type": "extract", "kind": "straight", "start": None, "first_index": 0}
    messages = decoder.request(request | {"wanted": [], "seek": None, "after": None}, 120)
    frames = [message async for message in messages if message.type == "frame"]
    return pictures((message.fields["size_bytes"], message.payload) for message in frames)


def asked(path: Path, mode: str, **options: Any) -> dict[str, Any]:
    sampling = {"mode": mode, "every_ms": 40 if mode == "cadence" else None}
    return {"path": str(path), "options": {"sampling": sampling, "picture": PNG, **options}}


def pictures(frames: Iterable[tuple[int, bytes]]) -> list[Pixels]:
    """Decoded, of payloads that have a picture of that size and perhaps a thumbnail; the last thumbnail is the last."""
    payloads = list(frames)
    thumbnails = [payload[size:] for size, payload in payloads if len(payload) > size]
    return [*(decoded(payload[:size]) for size, payload in payloads), decoded(thumbnails[-1])]


def decoded(data: bytes) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return np.asarray(pixels, np.uint8)


def shown(path: Path, *arguments: str, size: tuple[int, int] = SIZE) -> list[Pixels]:
    """What ffmpeg shows, BGR."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), *arguments]
    output = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    data = subprocess.run([*command, *output], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
    return list(np.frombuffer(data, np.uint8).reshape(-1, size[1], size[0], 3))


def psnr(one: Pixels, other: Pixels) -> float:
    """dB; 99 for equal pictures."""
    assert one.shape == other.shape
    error = float(np.mean((one.astype(float) - other) ** 2))
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def worst(got: list[Pixels], truth: list[Pixels]) -> float:
    """dB of the worst picture."""
    assert len(got) == len(truth) + 1
    return min(psnr(one, other) for one, other in zip(got, truth, strict=False))


HDR = {
    "hlg": ("arib-std-b67", ("bt2020", "arib-std-b67", "bt2020nc")),
    "pq": ("smpte2084", ("bt2020", "smpte2084", "bt2020nc")),
}


@pytest.fixture(scope="module", params=HDR)
def hdr(film: Path, request: pytest.FixtureRequest) -> Path:
    transfer, tags = HDR[request.param]
    return wide(film, transfer, f"{request.param}.mov", tags)


@pytest.mark.parametrize(
    ("mode", "kind"), [("all", None), ("cadence", None), ("all", "straight"), ("cadence", "straight")]
)
def test_hdr_is_stored_as_the_sdr_film(film: Path, hdr: Path, mode: str, kind: str | None) -> None:
    """By selective and by sequential decoding, and in the thumbnail."""
    truth = shown(film)
    got = stored(hdr, mode, kind)
    assert worst(got, truth) >= 40
    small = cv2.resize(truth[0], (320, 180), interpolation=cv2.INTER_AREA)
    assert max(psnr(got[-1], np.asarray(small, np.uint8)), 0) >= 30


async def test_a_locked_decoder_converts_hdr_too(film: Path, hdr: Path) -> None:
    """It can open no file once it has the video."""
    decoder = await Decoder.start(LIMITS)
    try:
        assert worst(await stored_by(decoder, hdr), shown(film)) >= 40
    finally:
        await decoder.kill()


def test_keyframes_of_hdr_are_stored_as_the_sdr_film(film: Path, hdr: Path) -> None:
    assert worst(stored(hdr, "keyframes"), shown(film)[::2]) >= 40


def test_hdr_that_only_the_container_declares(film: Path) -> None:
    whole = wide(
        film,
        "arib-std-b67",
        "tagged.mov",
        HDR["hlg"][1],
        "-color_trc",
        "arib-std-b67",
        "-color_primaries",
        "bt2020",
        "-colorspace",
        "bt2020nc",
    )
    path = film.with_name("container.mov")
    bare = "hevc_metadata=colour_primaries=2:transfer_characteristics=2:matrix_coefficients=2"
    clips.ffmpeg(
        "-i", str(whole), "-c", "copy", "-bsf:v", bare, "-tag:v", "hvc1", "-movflags", "+write_colr", str(path)
    )
    assert worst(stored(path), shown(film)) >= 40


def test_wide_gamut_without_hdr_is_stored_in_bt709(film: Path) -> None:
    path = wide(film, "2020_10", "wide.mov", ("bt2020", "bt2020-10", "bt2020nc"))
    assert worst(stored(path), shown(film)) >= 40


def test_hdr_is_stored_in_any_size(film: Path, hdr: Path) -> None:
    truth = [np.asarray(cv2.resize(each, (200, 112), interpolation=cv2.INTER_AREA), np.uint8) for each in shown(film)]
    picture = {"quality": 95, "format": "png", "long_side": 200}
    assert worst(stored(hdr, picture=picture), truth) >= 38


X264 = "-c:v libx264 -preset ultrafast -crf 4"
BARS = "smptehdbars=s={}x{}:r=25:d=0.2"


@pytest.mark.parametrize(
    ("size", "matrix"),
    [
        ((1280, 720), "bt709"),
        ((720, 1280), "bt709"),
        ((720, 578), "bt709"),
        ((720, 576), "smpte170m"),
        ((640, 360), "smpte170m"),
    ],
)
def test_a_film_without_tags_is_bt709_by_size(folder: Path, size: tuple[int, int], matrix: str) -> None:
    rgb, path = folder / f"{size}.rgb.mkv", folder / f"{size}.mp4"
    clips.ffmpeg("-f", "lavfi", "-i", BARS.format(*size), "-pix_fmt", "gbrp", "-c:v", "ffv1", str(rgb))
    bare = "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown"
    planes = f"scale=out_color_matrix={matrix}:out_range=tv,format=yuv420p,{bare}"
    clips.ffmpeg("-i", str(rgb), "-vf", planes, *X264.split(), str(path))
    assert worst(stored(path), shown(rgb, size=size)) >= 33  # half the resolution of colours, hard edges


@pytest.mark.parametrize(
    "arguments",
    [
        f"-vf scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p {X264} -color_range pc -colorspace smpte170m",
        f"-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p {X264} -color_range pc -colorspace bt709",
        "-vf scale=out_color_matrix=bt601:out_range=tv,format=yuv420p -c:v libx264 -crf 4 -colorspace bt470bg",
        "-vf format=gray -c:v libx264 -crf 4",
        "-vf format=gbrp -c:v libx264rgb -crf 4",
        "-vf format=yuv444p10le -c:v libx265 -crf 4 -x265-params log-level=none:pools=1",
        "-vf format=yuvj422p -c:v mjpeg -q:v 2",
    ],
)
def test_other_pixels_are_stored_as_ffmpeg_shows_them(folder: Path, arguments: str) -> None:
    path = folder / f"other{abs(hash(arguments))}.mov"
    clips.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=0.2", *arguments.split(), str(path))
    assert worst(stored(path), shown(path)) >= 40


SD, HD = (640, 360), (1280, 720)
HLG_TAGS = Colours(9, 9, HLG)


@pytest.mark.parametrize(
    ("frame", "container", "size", "expected"),
    [
        (UNSPECIFIED, UNSPECIFIED, SD, Colours(6, 2, 2)),
        (UNSPECIFIED, UNSPECIFIED, HD, Colours(1, 2, 2)),
        (Colours(3, 2, 2), UNSPECIFIED, HD, Colours(1, 2, 2)),
        (Colours(0, 2, 2), UNSPECIFIED, HD, Colours(1, 2, 2)),
        (Colours(5, 1, 1), UNSPECIFIED, HD, Colours(5, 1, 1)),
        (UNSPECIFIED, HLG_TAGS, SD, HLG_TAGS),
        (Colours(1, 1, 1), HLG_TAGS, HD, Colours(1, 1, 1)),
        (Colours(2, 2, PQ), UNSPECIFIED, SD, Colours(9, 9, PQ)),
        (Colours(2, 9, 14), UNSPECIFIED, SD, Colours(9, 9, 14)),
        (Colours(9, 2, 2), UNSPECIFIED, SD, Colours(9, 9, 2)),
        (Colours(10, 9, PQ), UNSPECIFIED, SD, Colours(9, 9, PQ)),
    ],
)
def test_open_tags_are_completed(frame: Colours, container: Colours, size: tuple[int, int], expected: Colours) -> None:
    assert complete(frame, container, *size) == expected


def test_only_what_is_not_sdr_bt709_has_a_table() -> None:
    assert [table_for(Colours(1, primaries, 1)) for primaries in (1, 2, 5, 6, 9, 12)] == [
        *(None, None, None, None),
        *(("sdr", BT2020), ("sdr", P3_D65)),
    ]
    assert table_for(Colours(9, 9, PQ)) == ("pq", BT2020)
    assert table_for(Colours(1, 1, HLG)) == ("hlg", BT709)


@pytest.mark.parametrize("table", [("pq", BT2020), ("hlg", BT2020), ("sdr", BT2020), ("sdr", P3_D65)])
def test_a_table_keeps_grey_grey_and_rises(table: Any) -> None:
    grey = sdr_of(np.repeat(np.linspace(0, 1, 200)[:, None], 3, 1), table)
    assert np.allclose(grey, grey[:, :1], atol=1e-6)
    assert np.all(np.diff(grey[:, 0]) > -1e-9)
    assert (grey[0, 0], round(float(grey[-1, 0]), 3)) == (0, 1)


def test_diffuse_white_is_white() -> None:
    """203 nits: 58 % of PQ, 75 % of HLG (BT.2408, table 1)."""
    for transfer, signal in (("pq", 0.5807), ("hlg", 0.7495)):
        assert sdr_of(np.full((1, 3), signal), (transfer, BT2020))[0] == pytest.approx(0.99, abs=0.01)  # type: ignore[arg-type]


ORIENTATIONS = [(degrees, mirrored) for mirrored in (False, True) for degrees in (0, 90, 180, 270)]


@pytest.mark.parametrize(("degrees", "mirrored"), ORIENTATIONS)
async def test_all_eight_orientations_are_stored_as_ffmpeg_shows_them(
    folder: Path, degrees: int, mirrored: bool
) -> None:
    plain, path = folder / "plain.mp4", folder / f"{degrees}{mirrored}.mp4"
    if not plain.exists():
        clips.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=0.2", *X264.split(), str(plain))
    flip = ["-display_hflip"] if mirrored else []
    clips.ffmpeg("-display_rotation", str(-degrees), *flip, "-i", str(plain), "-c", "copy", str(path))
    truth = shown(path, size=SIZE if degrees % 180 == 0 else SIZE[::-1])
    video = await admit(path, FileLimits(1 << 24, 60_000, 4), ProbeOptions(30, 2048))
    assert video.mirrored == mirrored
    assert worst(stored(path, rotation=video.rotation_degrees, mirrored=video.mirrored), truth) >= 40


@pytest.mark.parametrize("transfer", ["hlg", "pq"])
async def test_admission_names_the_transfer(film: Path, transfer: str) -> None:
    path = film.with_name(f"{transfer}.mov")
    if not path.exists():
        path = wide(film, HDR[transfer][0], path.name, HDR[transfer][1])
    assert (await admit(path, FileLimits(1 << 24, 60_000, 4), ProbeOptions(30, 2048))).transfer == transfer


@pytest.mark.parametrize("size", [(30, 20), (854, 480)])
def test_what_stands_behind_a_row_is_no_matter(size: tuple[int, int]) -> None:
    """A NaN there ended the process."""
    lookup = colour.Lookup(*size, ("pq", colour.BT2020))
    for _ in range(3):
        planes = av.VideoFrame(*size, "gbrpf32le")
        for plane in planes.planes:
            rows = np.frombuffer(plane, np.float32).reshape(plane.height, -1)
            rows[:], rows[:, plane.width :] = 0.5, np.nan
        colour._tag_as_rgb(planes)
        shown = np.frombuffer(lookup.apply(planes).planes[0], np.float32).reshape(size[1], -1)
        assert np.isfinite(shown[:, : size[0]]).all()
