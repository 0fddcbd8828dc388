"""How long an index is, from its boxes; long recordings pass."""

import io
import struct
from pathlib import Path

import pytest
from tests.unit.ingest.clips import mp4_box, sound_file, video_file

from ingest.admission import boxes
from ingest.admission.boxes import MAX_BOXES, TooManyBoxes, index_entries
from ingest.admission.probe import ProbeOptions

DAY_S = 24 * 3600


def table(name: bytes, *numbers: int) -> bytes:
    return mp4_box(name, struct.pack(f">{1 + len(numbers)}I", 0, *numbers))


def track(handler: bytes, *tables: bytes) -> bytes:
    kind = mp4_box(b"hdlr", struct.pack(">II4s", 0, 0, handler))
    data = mp4_box(b"hdlr", struct.pack(">I4s4s", 0, b"dhlr", b"url "))
    inner = mp4_box(b"minf", data + mp4_box(b"stbl", b"".join(tables)))
    return mp4_box(b"trak", mp4_box(b"tkhd", b"\0" * 84) + mp4_box(b"mdia", kind + inner))


def movie(*tracks: bytes) -> io.BytesIO:
    return io.BytesIO(mp4_box(b"ftyp", b"isom") + mp4_box(b"mdat", b"x" * 99) + mp4_box(b"moov", b"".join(tracks)))


def test_samples_of_all_tracks_are_added() -> None:
    picture = track(b"vide", table(b"stsz", 0, 700), table(b"stts", 1, 700, 40), table(b"stco", 30))
    sound = track(b"soun", table(b"stsz", 4, 900), table(b"stts", 1, 900, 1024))
    assert index_entries(movie(picture, sound)) == 1600


def test_the_longest_table_counts() -> None:
    assert index_entries(movie(track(b"vide", table(b"stsz", 0, 7), table(b"ctts", 5000)))) == 5000
    assert index_entries(movie(track(b"vide", table(b"stz2", 0, 7), table(b"co64", 6000)))) == 6000


def test_pcm_sound_is_kept_by_chunks() -> None:
    """Every sample of it is one tick; FFmpeg keeps 160 of them together at least."""
    samples = DAY_S * 48_000
    tables = (table(b"stsz", 2, samples), table(b"stts", 1, samples, 1), table(b"stco", DAY_S))
    assert index_entries(movie(track(b"soun", *tables))) == samples // 160
    assert index_entries(movie(track(b"vide", *tables))) == samples, "pictures never are"


@pytest.mark.parametrize("fps", [25, 60])
def test_a_day_of_a_recorder_with_sound_passes(fps: int) -> None:
    picture = track(b"vide", table(b"stsz", 0, DAY_S * fps), table(b"stts", 1, DAY_S * fps, 1))
    aac = track(b"soun", table(b"stsz", 0, DAY_S * 47), table(b"stts", 1, DAY_S * 47, 1024))
    assert DAY_S * fps < index_entries(movie(picture, aac)) < ProbeOptions(1, 1).entries


def test_boxes_of_64_bits_and_to_the_end_of_the_file() -> None:
    inner = track(b"vide", table(b"stsz", 1, 12_345))
    wide = struct.pack(">I4sQ", 1, b"moov", 16 + len(inner)) + inner
    assert index_entries(io.BytesIO(mp4_box(b"ftyp", b"") + wide)) == 12_345
    assert index_entries(io.BytesIO(struct.pack(">I4s", 0, b"moov") + inner)) == 12_345


def test_samples_of_all_fragments_are_added() -> None:
    run = mp4_box(b"trun", struct.pack(">III", 0, 25, 0))
    fragment = mp4_box(b"moof", mp4_box(b"mfhd", b"\0" * 8) + mp4_box(b"traf", run + run)) + mp4_box(b"mdat", b"x")
    header = movie(track(b"vide", table(b"stsz", 0, 0))).getvalue()
    assert index_entries(io.BytesIO(header + fragment * 100)) == 5000
    assert index_entries(io.BytesIO(header + fragment * MAX_BOXES)) == 50 * MAX_BOXES


def test_more_fragments_than_can_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "MAX_FRAGMENT_BOXES", 100)
    header, few = movie(track(b"vide", table(b"stsz", 1, 5))).getvalue(), mp4_box(b"mdat", b"x") * 100
    assert index_entries(io.BytesIO(header + few)) == 5
    with pytest.raises(TooManyBoxes):
        index_entries(io.BytesIO(header + few + mp4_box(b"mdat", b"x")))


def test_more_boxes_than_any_recording_has() -> None:
    few, many = mp4_box(b"free", b"") * (MAX_BOXES // 2), mp4_box(b"free", b"") * (MAX_BOXES + 1)
    header = movie(track(b"vide", table(b"stsz", 1, 5))).getvalue()
    assert index_entries(io.BytesIO(few + header)) == 5
    for body in (many + header, mp4_box(b"moov", many)):
        with pytest.raises(TooManyBoxes):
            index_entries(io.BytesIO(body))


@pytest.mark.parametrize("body", [b"", b"\0\0", b"x" * 4000, b"\0" * 4000, b"\x1a\x45\xdf\xa3" * 100, b"\xff" * 64])
def test_what_is_no_mp4_has_none(body: bytes) -> None:
    assert index_entries(io.BytesIO(body)) == 0


def test_real_files(tmp_path: Path) -> None:
    with video_file(tmp_path / "a.mp4", frames=37).open("rb") as file:
        assert index_entries(file) == 37
    with sound_file(tmp_path / "b.mp4").open("rb") as file:
        assert 4 <= index_entries(file) <= 8
    with video_file(tmp_path / "c", format="matroska").open("rb") as file:
        assert index_entries(file) == 0


@pytest.mark.parametrize("length", range(0, 1200, 7))
def test_a_header_cut_anywhere_is_no_error(tmp_path: Path, length: int) -> None:
    whole = video_file(tmp_path / "a.mp4").read_bytes()
    header = whole[whole.index(b"moov") - 4 :]
    assert index_entries(io.BytesIO(header[:length])) <= 12
