"""Sources that the service reads itself, against real servers and real decoders, without broker and database."""

import asyncio
import itertools
import os
import shutil
import signal
import ssl
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from fakecamera.faults import CHANGES
from fakecamera.pictures import Luma
from tests.support.clock_pictures import read_jpeg
from tests.support.hls_streams import HlsStream
from tests.support.http_cameras import Handler, HttpCamera, commented, http_camera, picture, room
from tests.unit.extractor import clips

from chassis.clock import SystemClock
from extractor.live.reader import Frame
from extractor.live.sources import decoders
from extractor.live.sources.decoders import Decoders
from extractor.live.sources.open import OPENERS
from extractor.live.sources.source import Asked, SourceParts
from extractor.model.camera_failures import CameraFailed
from extractor.model.camera_health import judged
from extractor.model.scene import Scene
from extractor.model.snapshot import STEADY_PX
from extractor.model.stills import Freshness
from outbound import Policy


@pytest.fixture
async def own_decoders() -> AsyncIterator[Decoders]:
    made = Decoders(3 << 30, most=1)
    yield made
    await made.close()


def parts(shared: Decoders, *cameras: HttpCamera, **more: Any) -> SourceParts:
    policy = Policy.read("", ",".join(f"127.0.0.1:{each.port}" for each in cameras))
    return SourceParts(shared, policy, ssl.create_default_context(), 85, SystemClock(), **more)


def asked(address: str, every_s: float = 0.5, freshness: Freshness | None = None) -> Asked:
    return Asked("site_1", address, every_s, None, freshness or Freshness(), dropped=lambda: None)


async def frames(kind: str, session: Asked, shared: SourceParts, number: int) -> list[tuple[Frame, bytes]]:
    """The first of a session."""
    found: list[tuple[Frame, bytes]] = []
    async with asyncio.timeout(60), OPENERS[kind](session, shared) as source:
        while len(found) < number:
            found.append(await source.next_frame())
    return found


async def failure(kind: str, session: Asked, shared: SourceParts) -> str:
    """The code with which a session ends."""
    with pytest.raises(CameraFailed) as failed:
        await frames(kind, session, shared, 1000)
    return failed.value.code


STREAMS = {
    "ts, each dated": HlsStream(),
    "fmp4, first dated": HlsStream("fmp4", dates="first"),
    "byte ranges": HlsStream(ranges=True),
    "discontinuities": HlsStream(discontinuity_every=2),
    "another size each second": HlsStream(sizes=(640, 1280)),
}


async def test_frames_of_a_playlist_with_dates_have_the_time_that_is_drawn_into_them(own_decoders: Decoders) -> None:
    async def check(name: str, stream: HlsStream) -> None:
        async with http_camera(stream.on(HttpCamera())) as camera:
            found = await frames("hls", asked(camera.address("/live.m3u8")), parts(own_decoders, camera), 5)
        for frame, jpeg in found:
            if frame.width != 640:
                continue  # the squares of the time have another size there
            drawn_ms = read_jpeg(jpeg)
            assert drawn_ms is not None, name
            assert abs(frame.captured_ms - drawn_ms) <= frame.error_ms, name
            assert (frame.source, frame.error_ms) == ("playlist", 20 if stream.dates == "each" else 100), name
        times = [frame.captured_ms for frame, _ in found]
        assert times == sorted(set(times)), name

    await asyncio.gather(*(check(name, stream) for name, stream in STREAMS.items()))


@pytest.mark.parametrize("stream", [HlsStream(dates="none"), HlsStream(off_s=3600), HlsStream(off_s=-3600)])
async def test_without_dates_that_can_be_believed_the_time_is_that_of_receipt(
    own_decoders: Decoders, stream: HlsStream
) -> None:
    async with http_camera(stream.on(HttpCamera())) as camera:
        found = await frames("hls", asked(camera.address("/live.m3u8")), parts(own_decoders, camera), 6)
    for frame, jpeg in found:
        drawn_ms = read_jpeg(jpeg)
        assert drawn_ms is not None
        assert frame.source == "receipt"
        assert abs(frame.captured_ms - drawn_ms) <= frame.error_ms + 1000, "a second more, as this machine may be busy"


async def test_of_a_master_playlist_the_best_that_is_not_too_large_is_read(own_decoders: Decoders) -> None:
    stream = HlsStream()
    async with http_camera(stream.on(HttpCamera())) as camera:
        [(frame, _)] = await frames("hls", asked(camera.address("/master.m3u8")), parts(own_decoders, camera), 1)
    assert frame.width == 640
    assert {each.path for each in camera.requests} == {"/master.m3u8", "/live.m3u8", "/media"}


async def test_segments_of_which_nothing_is_due_are_not_fetched(own_decoders: Decoders) -> None:
    stream = HlsStream()
    async with http_camera(stream.on(HttpCamera())) as camera:
        found = await frames("hls", asked(camera.address("/live.m3u8"), 3.0), parts(own_decoders, camera), 3)
    times = [frame.captured_ms for frame, _ in found]
    assert [after - before for before, after in pairwise(times)] == [3000, 3000]
    assert len(stream.fetched) == 3


async def test_the_next_session_does_not_read_the_last_segment_again(own_decoders: Decoders) -> None:
    stream, freshness = HlsStream(), Freshness()
    async with http_camera(stream.on(HttpCamera())) as camera:
        for _ in range(2):
            await frames("hls", asked(camera.address("/live.m3u8"), 1.0, freshness), parts(own_decoders, camera), 1)
    assert len(set(stream.fetched)) == 2


ENDS = {
    "stream_encrypted": HlsStream(more='#EXT-X-KEY:METHOD=AES-128,URI="key"'),
    "elsewhere_not_allowed": HlsStream(more='#EXT-X-MAP:URI="http://169.254.169.254/latest"'),
    "playlist_ended": HlsStream(ended=True),
}


@pytest.mark.parametrize("code", ENDS)
async def test_what_is_not_read_is_told(own_decoders: Decoders, code: str) -> None:
    async with http_camera(ENDS[code].on(HttpCamera())) as camera:
        assert await failure("hls", asked(camera.address("/live.m3u8")), parts(own_decoders, camera)) == code


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "concat:media?number=1|/etc/passwd", "data:,", "//[x"])
async def test_a_playlist_that_names_what_is_not_http_is_refused(own_decoders: Decoders, uri: str) -> None:
    async with http_camera(HttpCamera({"/live.m3u8": of_one_segment(uri)})) as camera:
        code = await failure("hls", asked(camera.address("/live.m3u8")), parts(own_decoders, camera))
    assert code == "elsewhere_not_allowed"
    assert len(camera.requests) == 1


async def test_a_segment_on_a_host_that_is_not_allowed_is_not_fetched(own_decoders: Decoders) -> None:
    async with http_camera(HttpCamera()) as camera, http_camera(HttpCamera()) as other:
        camera.answers["/live.m3u8"] = of_one_segment(other.address("/media?number=1"))
        code = await failure("hls", asked(camera.address("/live.m3u8")), parts(own_decoders, camera))
    assert code == "elsewhere_not_allowed"
    assert other.requests == []


def of_one_segment(uri: str) -> Handler:
    """A playlist."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{uri}\n")

    return answer


async def test_a_playlist_to_which_nothing_is_added_ends_the_session(own_decoders: Decoders) -> None:
    stream = HlsStream(stopped_at=int(time.time()) - 1)
    async with http_camera(stream.on(HttpCamera())) as camera:
        code = await failure("hls", asked(camera.address("/live.m3u8")), parts(own_decoders, camera))
    assert code == "playlist_stands_still"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the site's local files."""
    made = tmp_path / "root" / "site_1"
    made.mkdir(parents=True)
    return made


async def test_a_video_is_shown_in_a_loop_and_its_times_rise(own_decoders: Decoders, folder: Path) -> None:
    shutil.copy(clips.make("cfr.mp4", folder.parent, seconds=1), folder / "loop.mp4")
    shared = parts(own_decoders, files=folder.parent)
    found = await frames("file", asked("loop.mp4", 0.3), shared, 9)
    times = [frame.captured_ms for frame, _ in found]
    assert times == sorted(set(times))
    assert times[-1] - times[0] > 1000
    assert len({jpeg for _, jpeg in found}) > 1
    assert {(frame.width, frame.source) for frame, _ in found} == {(192, "receipt")}
    assert {frame.scene.same for frame, _ in found if frame.scene} == {0}, "a loop comes again, and is not frozen"


async def test_a_still_is_a_picture_each_time_that_a_program_writes_it(own_decoders: Decoders, folder: Path) -> None:
    path, shared = folder / "in" / "latest.jpg", parts(own_decoders, files=folder.parent)
    path.parent.mkdir()
    path.write_bytes(picture(0))
    async with asyncio.timeout(60), OPENERS["file"](asked("in/latest.jpg", 0.2), shared) as source:
        first, _ = await source.next_frame()
        following = asyncio.ensure_future(source.next_frame())
        await asyncio.sleep(0.5)
        assert not following.done(), "the same picture is no new one"
        path.touch()
        await asyncio.sleep(0.5)
        assert not following.done(), "nor is it when it is written again"
        whole = picture(1)
        path.write_bytes(whole[:-50])
        await asyncio.sleep(0.7)
        assert not following.done(), "half a picture is none yet"
        path.unlink()
        await asyncio.sleep(0.3)
        assert not following.done(), "nor is one that is being replaced"
        (folder / "new").write_bytes(whole)
        written_ms = (folder / "new").stat().st_mtime_ns // 1_000_000
        (folder / "new").rename(path)
        second, jpeg = await following
    assert abs(second.captured_ms - written_ms) <= 1
    assert first.captured_ms < second.captured_ms
    assert jpeg.startswith(b"\xff\xd8")


async def test_what_stills_show_is_measured_against_those_before_and_the_last_good_one(
    own_decoders: Decoders, folder: Path
) -> None:
    path, number = folder / "latest.jpg", itertools.count(1)

    def write(luma: Luma) -> None:
        """Other bytes each time."""
        (folder / "new").write_bytes(commented(luma, next(number)))
        (folder / "new").rename(path)

    write(room())
    async with (
        asyncio.timeout(60),
        OPENERS["file"](asked("latest.jpg", 0.2), parts(own_decoders, files=folder.parent)) as source,
    ):

        async def shown(luma: Luma) -> Scene:
            write(luma)
            scene = (await source.next_frame())[0].scene
            assert scene is not None
            return scene

        first, jpeg = await source.next_frame()
        assert first.scene is not None
        assert (first.scene.same, first.scene.compared) == (0, None)
        source.refer(jpeg)
        again = [await shown(room()) for _ in range(2)]
        assert [each.same for each in again] == [1, 2]
        assert 0 < again[0].same_s < again[1].same_s
        assert again[1].compared is not None
        assert again[1].compared.shift < STEADY_PX
        for fault, change in CHANGES.items():
            scene = await shown(change(room()))
            assert (judged(scene), scene.same) == (fault, 0)
        source.refer(b"")
        assert (await shown(room())).compared is None


async def test_pictures_of_segments_are_measured_from_one_segment_to_the_next(own_decoders: Decoders) -> None:
    stream = HlsStream(frozen=True)
    async with (
        http_camera(stream.on(HttpCamera())) as camera,
        asyncio.timeout(60),
        OPENERS["hls"](asked(camera.address("/live.m3u8"), 1.0), parts(own_decoders, camera)) as source,
    ):
        (first, jpeg), second = await source.next_frame(), await source.next_frame()
        source.refer(jpeg)
        scenes = [each.scene for each in (first, second[0], *[(await source.next_frame())[0] for _ in range(2)])]
    assert len(set(stream.fetched)) == 4
    assert [each and each.same for each in scenes] == [0, 1, 2, 3]
    since = [each.same_s for each in scenes if each is not None]
    assert since == sorted(set(since))
    assert since[3] >= 2.9, "in time of the stream"
    assert [each and each.compared is not None for each in scenes] == [False, False, True, True]


async def test_no_path_leads_out_of_the_sites_folder(own_decoders: Decoders, folder: Path) -> None:
    root = folder.parent
    other = root / "site_2"
    other.mkdir()
    (other / "a.jpg").write_bytes(picture(1))
    (root.parent / "outside.jpg").write_bytes(picture(1))
    (folder / "link.jpg").symlink_to(other / "a.jpg")
    (folder / "out").symlink_to(other)
    (folder / "inner").mkdir()
    os.mkfifo(folder / "pipe.jpg")
    shared = parts(own_decoders, files=root)
    for path in ("link.jpg", "out/a.jpg", "pipe.jpg", "inner", "missing.jpg", "missing/a.jpg"):
        assert await failure("file", asked(path), shared) == "no_such_file", path
    for path in ("../site_2/a.jpg", "/etc/hostname", "inner/../../site_2/a.jpg", ""):
        assert await failure("file", asked(path), shared) == "bad_address", path
    (folder / "a.jpg").write_bytes(picture(1))
    assert await failure("file", asked("a.jpg"), parts(own_decoders)) == "files_off"
    assert len(await frames("file", asked("a.jpg"), shared, 1)) == 1


async def test_what_a_decoder_cannot_take_costs_its_camera_alone(own_decoders: Decoders, folder: Path) -> None:
    (folder / "noise.mp4").write_bytes(bytes(range(256)) * 100)
    (folder / "noise.jpg").write_bytes(b"\xff\xd8\xff" + bytes(1000) + b"\xff\xd9")
    (folder / "a.jpg").write_bytes(picture(1))
    shared = parts(own_decoders, files=folder.parent)
    await frames("file", asked("a.jpg"), shared, 1)
    pids = own_decoders.pids
    assert await failure("file", asked("noise.mp4"), shared) == "no_picture"
    assert await failure("file", asked("noise.jpg"), shared) == "no_picture"
    assert own_decoders.pids == pids
    os.kill(pids[0], signal.SIGKILL)
    assert await failure("file", asked("a.jpg"), shared) == "reader_crashed"
    assert len(await frames("file", asked("a.jpg"), shared, 1)) == 1


async def test_a_decoder_that_hangs_is_ended(
    own_decoders: Decoders, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.jpg").write_bytes(picture(1))
    shared = parts(own_decoders, files=folder.parent)
    await frames("file", asked("a.jpg"), shared, 1)
    [pid] = own_decoders.pids
    monkeypatch.setattr(decoders, "DECODE_S", 1.0)
    os.kill(pid, signal.SIGSTOP)
    assert await failure("file", asked("a.jpg"), shared) == "no_answer"
    assert not Path(f"/proc/{pid}").exists()
    monkeypatch.undo()
    assert len(await frames("file", asked("a.jpg"), shared, 1)) == 1
