"""Transport streams of several devices, put together: packet identifiers and codecs of their own."""

import random
from pathlib import Path

import pytest
from tests.unit.extractor import joined
from tests.unit.extractor.test_exact_frames import extracted

from extractor.media.programs import other_tracks
from extractor.media.recordings import parts_of
from ingest.admission.child import examine

H265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none:pools=1:bframes=3 -g 25"
SOUND = "-f lavfi -i sine=d=1 -map 1:a -map 0:v -c:a aac"
RECIPES = {
    "usual": joined.B_FRAMES,
    "other identifier": f"{joined.B_FRAMES} -streamid 0:300",
    "other identifier, time goes on": f"{joined.B_FRAMES} -streamid 0:300 -output_ts_offset 1",
    "sound where the picture was": f"{SOUND} {joined.B_FRAMES}",
    "other codec": H265,
    "older codec": "-c:v mpeg2video -bf 2 -g 12",
    "other program": f"{joined.B_FRAMES} -mpegts_service_id 7 -mpegts_pmt_start_pid 0x0200 -streamid 0:301",
    "with stamps of a recorder": f"{joined.B_FRAMES} -streamid 0:0x1011 -mpegts_m2ts_mode 1",
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracks")


def recording(folder: Path, kind: str, number: int) -> Path:
    name = f"{kind.replace(' ', '_').replace(',', '')}_{number}.ts"
    return joined.piece(folder, name, RECIPES[kind], hue=70 * number, seconds=1)


def test_every_recording_of_other_tracks_is_delivered(folder: Path) -> None:
    for kind in [each for each in RECIPES if each != "usual"]:
        for kinds in (("usual", kind), (kind, "usual", kind)):
            pieces = [recording(folder, each, number) for number, each in enumerate(kinds)]
            frames, gaps = extracted(joined.together(pieces), "all", None)
            expected = joined.frames_of(pieces)
            assert [ms for _, ms, _ in frames] == [round(each.time * 1000) for each in expected], kinds
            assert [jpeg for _, _, jpeg in frames] == [each.jpeg for each in expected], kinds
            assert gaps == [], kinds


def test_what_is_lost_before_the_first_keyframe_of_another_track_is_a_gap(folder: Path) -> None:
    first, second = recording(folder, "usual", 0), joined.piece(folder, "long.ts", RECIPES["other identifier"], 90)
    packets = second.read_bytes()
    tables = packets[: 3 * 188]
    path = folder / "cut_in.ts"
    path.write_bytes(first.read_bytes() + tables + packets[len(packets) // 4 // 188 * 188 :])
    frames, gaps = extracted(path, "all", None)
    late = [ms for _, ms, _ in frames if ms > 960]
    assert len(late) == 25
    assert [(gap["from_ms"], gap["to_ms"]) for gap in gaps] == [(960, late[0])]
    assert 300 < late[0] - 960 < 1000


def test_tables_that_are_only_repeated_or_grow_make_no_parts(folder: Path) -> None:
    usual, sound = recording(folder, "usual", 0).read_bytes(), folder / "sound.ts"
    joined.piece(folder, "sound.ts", f"-f lavfi -i sine=d=1 -map 0:v -map 1:a -c:a aac {joined.B_FRAMES}", seconds=1)
    path = folder / "alike.ts"
    path.write_bytes(usual + usual + sound.read_bytes())
    with path.open("rb") as file:
        assert len(parts_of(file.fileno(), lambda: None)) == 1


def test_a_damaged_table_makes_no_parts(folder: Path) -> None:
    data = bytearray(recording(folder, "usual", 0).read_bytes() * 2)
    half = len(data) // 2
    table = data.index(b"\x47\x50\x00", half)  # of the program, PID 0x1000
    data[table + 4 + 14] ^= 0x02  # the identifier of its video
    assert list(other_tracks(lambda at, count: bytes(data[at : at + count]), 0, len(data))) == []


def test_several_programs_side_by_side_are_one_part(folder: Path) -> None:
    path = joined.piece(
        folder,
        "programs.ts",
        f"-f lavfi -i testsrc2=size=160x120:rate=25:duration=1 -map 0:v -map 1:v {joined.B_FRAMES} "
        "-program program_num=1:st=0 -program program_num=2:st=1 -f mpegts",
        seconds=1,
    )
    with path.open("rb") as file:
        assert len(parts_of(file.fileno(), lambda: None)) == 1


def test_a_track_that_appears_later_takes_nothing_away(folder: Path) -> None:
    """Behind what FFmpeg reads of a file before it takes its tracks: 5 MB."""
    heavy = "-vf scale=384:288,noise=alls=100:allf=t -c:v mpeg2video -q:v 1 -qmin 1 -g 5"
    sound = f"-f lavfi -i sine=d=1 -map 0:v -map 1:a -c:a aac {heavy}"
    alone = joined.piece(folder, "heavy.ts", heavy)
    pieces = [alone, joined.piece(folder, "heavy_sound.ts", sound, hue=90, seconds=1), alone]
    assert alone.stat().st_size > 10 << 20
    path = joined.together(pieces)
    frames, gaps = extracted(path, "all", None)
    assert [jpeg for _, _, jpeg in frames] == [each.jpeg for each in joined.frames_of(pieces)]
    assert gaps == []
    with path.open("rb") as file:
        assert examine(file.fileno(), frozenset({"mpeg2video"}))["decoded"]


@pytest.mark.parametrize("kind", ["other identifier", "with stamps of a recorder", "other codec"])
@pytest.mark.parametrize("lead", [-100, 4, 188, 1000, 3000])
def test_a_stream_that_does_not_begin_with_a_packet_is_walked_as_well(lead: int, kind: str, folder: Path) -> None:
    """Cut within a packet (less than 0), or behind bytes that are none."""
    pieces = [recording(folder, "usual", 0), recording(folder, kind, 1)]
    path = joined.together(pieces)
    junk = random.Random(2).randbytes(max(0, lead))
    path.write_bytes(junk + path.read_bytes()[max(0, -lead) :])
    frames, gaps = extracted(path, "all", None)
    expected = joined.frames_of(pieces)
    assert ([jpeg for _, _, jpeg in frames], gaps) == ([each.jpeg for each in expected], [])
