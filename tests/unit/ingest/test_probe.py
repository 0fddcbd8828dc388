"""The child process that opens files, with real ones and hostile ones."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop
from tests.unit.ingest.clips import (
    archive,
    concat,
    jpeg,
    mp4_box,
    mp4_with_png_of,
    playlist,
    png,
    rotated,
    sound_file,
    video_file,
)

from ingest.admission import probe
from ingest.admission.facts import FileLimits
from ingest.admission.probe import ProbeOptions, admit, examine
from ingest.refusals import ProbeFailed, Refusal
from sandbox.kernel import ISOLATION, can_isolate_network

LIMITS = FileLimits(max_pixels=8192 * 4320, max_duration_ms=3_600_000, max_streams=8)
CHILD = ProbeOptions(wall_s=30, memory_mb=2048)


async def code_of(path: Path, limits: FileLimits = LIMITS, child: ProbeOptions = CHILD) -> str:
    with pytest.raises(Refusal) as refused:
        await admit(path, limits, child)
    assert refused.value.final
    return refused.value.code


@pytest.mark.parametrize(
    ("format", "codec", "name"),
    [
        ("mp4", "libx264", "h264"),
        ("mp4", "libx265", "hevc"),
        ("matroska", "libvpx-vp9", "vp9"),
        ("webm", "libvpx", "vp8"),
        ("mp4", "libsvtav1", "av1"),
        ("avi", "mpeg4", "mpeg4"),
        ("mpegts", "mpeg2video", "mpeg2video"),
        ("vob", "mpeg2video", "mpeg2video"),
        ("avi", "mjpeg", "mjpeg"),
    ],
)
async def test_codecs_that_are_taken(tmp_path: Path, format: str, codec: str, name: str) -> None:
    try:
        path = video_file(tmp_path / "x", codec=codec, format=format)
    except (ValueError, OSError) as error:
        pytest.skip(f"no encoder: {error}")
    video = await admit(path, LIMITS, CHILD)
    assert (video.codec, video.width, video.height, video.rotation_degrees) == (name, 96, 64, 0)
    assert video.fps == pytest.approx(10, rel=0.2)
    assert video.duration_ms is None or 900 <= video.duration_ms <= 1500


@pytest.mark.parametrize("clockwise", [0, 90, 180, 270])
async def test_rotation_is_clockwise(tmp_path: Path, clockwise: int) -> None:
    path = rotated(video_file(tmp_path / "x.mp4", format="mp4"), clockwise)
    video = await admit(path, LIMITS, CHILD)
    assert (video.rotation_degrees, video.width, video.height) == (clockwise, 96, 64)


async def test_cover_art_is_no_video(tmp_path: Path) -> None:
    assert await code_of(sound_file(tmp_path / "a.mp4", cover=jpeg())) == "no_video_stream"
    assert await code_of(sound_file(tmp_path / "b.mp4")) == "no_video_stream"


async def test_a_codec_that_is_not_taken(tmp_path: Path) -> None:
    assert await code_of(video_file(tmp_path / "x", codec="ffv1", format="matroska")) == "unsupported_codec"


async def test_limits_of_picture_and_time(tmp_path: Path) -> None:
    path = video_file(tmp_path / "x.mp4", frames=20)
    assert await code_of(path, FileLimits(96 * 64 - 1, 10_000, 8)) == "too_many_pixels"
    assert await code_of(path, FileLimits(96 * 64, 1999, 8)) == "too_long"
    assert (await admit(path, FileLimits(96 * 64, 2000, 1), CHILD)).duration_ms == 2000


async def test_a_file_cut_before_its_index_is_truncated(tmp_path: Path) -> None:
    path = video_file(tmp_path / "x.mp4", frames=30)
    path.write_bytes(path.read_bytes()[:-200])  # moov stands at the end
    assert await code_of(path) == "truncated"


async def test_headers_without_pictures(tmp_path: Path) -> None:
    path = video_file(tmp_path / "x", format="matroska", frames=30)
    path.write_bytes(path.read_bytes()[:400])
    assert await code_of(path) in {"truncated", "unreadable", "no_video_stream"}


@pytest.mark.parametrize("name", ["x.mp4", "x.m3u8", "x.ffconcat", "x.mpd", "x.png", "x.mkv"])
async def test_files_that_pretend_are_refused_whatever_their_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for body in (playlist("http://127.0.0.1/x"), concat(Path("/etc/hostname")), png(), archive()):
        path.write_bytes(body)
        assert await code_of(path) == "not_a_video"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[object]]]:
    """A server that nobody may call."""
    called: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    called.append(server.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        yield server.getsockname()[1], called
        done.set()
        thread.join()


async def test_the_demuxer_by_itself_follows_no_list_either(tmp_path: Path, listener: tuple[int, list[object]]) -> None:
    """The second wall: should a list ever get past the first bytes, FFmpeg still reads no other file and no address."""
    port, called = listener
    secret = video_file(tmp_path / "secret.mp4")
    for body in (playlist(f"http://127.0.0.1:{port}/x.ts"), playlist(str(secret)), concat(secret)):
        for name in ("x.mp4", "x.m3u8", "x.ffconcat"):
            path = tmp_path / name
            path.write_bytes(body)
            facts = await examine(path, CHILD)
            assert not facts.opened
    assert called == []


async def test_data_references_of_mp4_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(mp4_box(b"ftyp", b"isom\0\0\0\0isom") + mp4_box(b"moov", mp4_box(b"rmra", b"file:///etc/passwd")))
    assert await code_of(path) in {"truncated", "no_video_stream"}


async def test_a_huge_picture_in_an_mp4_takes_bounded_memory(tmp_path: Path) -> None:
    path = mp4_with_png_of(tmp_path / "x.mp4", 16_000)
    assert await code_of(path, LIMITS, ProbeOptions(wall_s=30, memory_mb=512)) in {"probe_failed", "unsupported_codec"}


async def test_too_little_memory_is_a_refusal_and_not_a_crash_of_ours(tmp_path: Path) -> None:
    path = video_file(tmp_path / "x.mp4")
    assert await code_of(path, LIMITS, ProbeOptions(wall_s=30, memory_mb=60)) == "probe_failed"


async def test_a_child_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    path = video_file(tmp_path / "x.mp4")
    assert await code_of(path, LIMITS, ProbeOptions(wall_s=0.01, memory_mb=2048)) == "probe_timeout"


async def test_a_fifo_does_not_hold_us_up(tmp_path: Path) -> None:
    """Endless input: the wall clock ends it."""
    fifo = tmp_path / "x.mp4"
    os.mkfifo(fifo)
    with pytest.raises(Refusal) as refused:
        await examine(fifo, ProbeOptions(wall_s=1.5, memory_mb=2048))
    assert refused.value.code == "probe_timeout"


async def test_the_child_has_no_network_where_that_can_be(tmp_path: Path) -> None:
    prefix = ISOLATION if await can_isolate_network() else ()
    program = "import socket; socket.create_connection(('127.0.0.1', 1), 1)"
    tried = subprocess.run([*prefix, sys.executable, "-c", program], check=False, capture_output=True)
    assert (b"unreachable" in tried.stderr) == bool(prefix)
    assert (await admit(video_file(tmp_path / "x.mp4"), LIMITS, ProbeOptions(30, 2048, prefix))).codec == "h264"


def test_the_child_can_write_no_file(tmp_path: Path) -> None:
    program = f"""
import os
from ingest.admission.child import limit
limit(1024, 5, os.getppid())
with open({str(tmp_path / "out")!r}, "w") as out:
    out.write("x" * 10)
"""
    tried = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert tried.returncode != 0
    assert (tmp_path / "out").stat().st_size == 0


async def test_an_attack_on_the_child_is_told_from_an_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(*_: object) -> tuple[int, bytes]:
        return -signal.SIGSYS, b""

    monkeypatch.setattr(probe, "_run", run)
    with pytest.raises(ProbeFailed) as refused:
        await examine(tmp_path / "x.mp4", CHILD)
    assert "forbidden" in refused.value.detail


LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_child_that_prints_without_end_is_ended(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """One that a file has taken over: its pipe is full when it is killed, and nobody waits for it for ever."""

    async def scene() -> None:
        async with asyncio.timeout(20):
            with pytest.raises(ProbeFailed):
                await probe._run(["cat", "/dev/zero"], 30)

    tracemalloc.start()
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(scene())
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("loop", LOOPS)
def test_a_child_that_prints_much_and_stays_is_killed_in_time(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def scene() -> tuple[int | None, bytes]:
        async with asyncio.timeout(20):
            return await probe._run(["sh", "-c", "head -c 60000 /dev/zero; exec sleep 600"], 0.5)

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(scene()) == (None, b"")


async def test_facts_that_come_in_pieces_are_read_whole() -> None:
    status, output = await probe._run(["sh", "-c", "printf '{'; sleep 0.2; printf '}'"], 30)
    assert (status, output) == (0, b"{}")
