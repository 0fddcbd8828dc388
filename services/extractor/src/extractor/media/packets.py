"""The packets of a file on one rising line of time, recording after recording, whatever their clocks say."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

import av

from extractor.media import matroska, transport
from extractor.media.avi import Numbering, Pictures, pictures_of
from extractor.media.h264 import PictureCount
from extractor.media.h265 import PictureOrder
from extractor.media.nal import UNKNOWN, Picture
from extractor.media.reading import reader
from extractor.media.recordings import Part, parts_of
from extractor.media.source import TRUNCATED_S, Source, open_source
from extractor.model.failures import GAP_DAMAGED, GAP_TRUNCATED, GAP_UNREAD_BYTES, GAP_UNREADABLE, Failed
from extractor.model.timeline import LOOKAHEAD, Stamp, Timeline
from tracks import read_packets

MARKED_BEFORE = 2
"""FFmpeg marks a packet at most so many before the break of the counter, as its parser is one behind."""
FINE_TICKS = 90_000
"""A second, on the line of several recordings: those of an AVI are as long as its frames."""
MAX_REORDERED = 64
"""Pictures that may be decoded behind one that is shown after them: more than any codec has."""
NO_STAMP = Stamp(None)


@dataclass(slots=True)
class Reading:
    """A packet, its source, and its time on the common line (None: it has none, or a damaged one).

    `begins`: time began again with it; `resumes`: it is a keyframe after a pause; `damaged`: it may be corrupt;
    `missing`: pictures before it are, for as long as `skipped` where its container counts them; `refreshes`: it and
    those behind it refer to none before it; `picture`: what its own header says. Without a packet, a recording ends
    here; `lost`: the code of the gap behind it, and `unread`: how many bytes that are none follow.
    """

    source: Source
    packet: Any = None
    stamp: Stamp = NO_STAMP
    time: int | None = None
    begins: bool = False
    resumes: bool = False
    damaged: bool = False
    missing: bool = False
    skipped: int = 0
    refreshes: bool = False
    picture: Picture = UNKNOWN
    lost: str = ""
    unread: int | None = None


@dataclass(slots=True)
class _Shown:
    """The latest picture, the latest that was decoded before it, and those between: where a file was cut off, pictures
    that would have been shown before the last may be missing."""

    before: int | None = None
    latest: int | None = None
    between: list[int] = field(default_factory=list)

    def take(self, time: int) -> None:
        if self.latest is None or time > self.latest:
            self.before, self.latest, self.between = self.latest, time, []
        elif self.before is not None and time > self.before and len(self.between) < MAX_REORDERED:
            self.between.append(time)

    def ends(self, end: int, frame: Fraction) -> int:
        """The end of the last picture up to which none is missing."""
        if self.before is None or self.latest is None:
            return end
        for earlier, later in pairwise([self.before, *sorted(self.between), self.latest]):
            if 2 * (later - earlier) > 3 * frame:
                return round(earlier + frame)
        return end


class _Latest:
    """The pictures that were read last: what comes behind them shows whether they are damaged.

    A packet of a program stream may hold several, and the end of the one before it. In a transport stream FFmpeg marks
    the picture before the one that is damaged, or the one before that, as its parser is one or two behind.
    """

    def __init__(self, source: Source) -> None:
        self._source, self._begin = source, (source.recording or (0, 0))[0]
        self._recent: deque[Reading] = deque(maxlen=LOOKAHEAD)
        self._marked: Reading | None = None
        self._left = 0

    def take(self, reading: Reading) -> Reading:
        self._recent.append(reading)
        if reading.packet.is_corrupt and self._source.is_transport:
            self.end()
            self._marked, self._left = reading, MARKED_BEFORE + 1
        return reading

    def damage(self) -> None:
        """What is missing behind them began in them."""
        for reading in self._recent:
            reading.damaged = True

    def pass_by(self, at: int | None) -> None:
        """The next one begins in the packet at that byte; None: in the same as the one before."""
        if at is None:
            return
        if self._left:
            self._left -= 1
            self._check(at)
        while len(self._recent) > (self._source.container.format.name == "mpeg"):
            self._recent.popleft()

    def _check(self, at: int) -> None:
        begin = self._recent[0].packet.pos if self._recent else None
        file, pid = self._source.file, self._source.stream.id
        if begin is not None and transport.breaks(file, pid, self._begin + begin, self._begin + at):
            self.damage()
            self._marked = None
        elif not self._left:
            self.end()

    def end(self) -> None:
        """Where no break is found the one that is marked is the damaged one."""
        if self._marked is not None:
            self._marked.damaged = True
        self._marked = None


def open_recordings(file: int, heartbeat: Callable[[], None]) -> tuple[Source, list[Part]]:
    """The first recording, and the parts behind it. Raises Failed."""
    first, *following = parts_of(file, heartbeat)
    joined = any(part.readable for part in following)
    source = open_source(file, (first.begin, first.end) if joined else None)
    return replace(source, is_cut=first.is_cut, holes=first.holes), following


class PacketReader:
    """Reads on from where `source` stands, then the recordings behind it (`following`, see `parts_of`).

    Times are in ticks of `time_base`. `unbroken` is False once a packet's own time is not that of the line, because
    time began again or it has none or a damaged one, or something could not be read. `heartbeat` is called where no
    packet comes for a while.
    """

    def __init__(self, source: Source, following: Sequence[Part], heartbeat: Callable[[], None]) -> None:
        self.source, self._behind, self._heartbeat = source, None, heartbeat
        if following and not following[-1].readable:
            *following, self._behind = following
        self._following, self._last_byte = following, 0
        self.time_base = line_time_base(source.time_base) if following else source.time_base
        self.timeline = Timeline(self.frame_ticks, 1 / self.time_base, source.wraps)
        self.unbroken = not following
        self._again = False
        self._marked: deque[bool] = deque(maxlen=MARKED_BEFORE + 1)
        self._end: int | None = None
        self._shown = _Shown()
        self._declared_end: int | None = None
        self._end_is_shared = self._stream_is_cut = False
        self._tolerance = Fraction(TRUNCATED_S)

    def truncated_end(self) -> int | None:
        """Where the last recording ended, if its container declares clearly more: by TRUNCATED_S, by a picture where
        its elements say that it was cut off or, in an AVI, that its index is lost. A stream that ends within a packet
        was cut off, and does not say how much is missing."""
        if self._end is not None and self._stream_is_cut:
            return self._shown.ends(self._end, self.timeline.frame)
        if self._end is None or self._declared_end is None:
            return None
        if self._declared_end - self._end <= self._tolerance / self.time_base:
            return None
        return self._shown.ends(self._end, self.timeline.frame)

    def unread_bytes(self) -> int | None:
        """How many bytes behind the last recording are none, and were not read as part of it either."""
        part = self._behind
        return part.end - part.begin if part is not None and self._last_byte < part.begin else None

    def __iter__(self) -> Iterator[Reading]:
        """Each recording is opened when the one before it has ended; the caller closes the first `source` only."""
        yield from self._placed(self.source)
        lost: list[Reading] = []
        for part in self._following:
            source = self._opened(part)
            if isinstance(source, Reading):
                lost.append(source)
                continue
            yield from (*self._cut_off(), *lost)
            lost.clear()
            self.timeline.join(source.frame_ticks * self._ratio(source))
            try:
                yield from self._placed(source)
            finally:
                source.container.close()
        yield from lost

    def _opened(self, part: Part) -> Source | Reading:
        """The recording, or what is lost as it is none or cannot be opened."""
        if not part.readable:
            return Reading(self.source, lost=GAP_UNREAD_BYTES, unread=part.end - part.begin)
        try:
            source = open_source(self.source.file, (part.begin, part.end))
            return replace(source, is_cut=part.is_cut, holes=part.holes)
        except Failed:
            return Reading(self.source, lost=GAP_UNREADABLE)

    def _cut_off(self) -> Iterator[Reading]:
        """What the recording before this place declares and does not hold: time goes on behind it."""
        if self.truncated_end() is not None and (self._stream_is_cut or not self._end_is_shared):
            if self._declared_end is not None:
                self.timeline.skip(self._declared_end)
            yield Reading(self.source, lost=GAP_TRUNCATED)

    @property
    def frame_ticks(self) -> Fraction:
        """Nominal duration of a frame of the first recording."""
        return self.source.frame_ticks * self._ratio(self.source)

    def _ratio(self, source: Source) -> Fraction:
        return source.time_base / self.time_base

    def _placed(self, source: Source) -> Iterator[Reading]:
        pictures = _pictures(source, self._heartbeat)
        self._declared_end, declared, self._end_is_shared = None, _declared_end(source, pictures), source.end_is_shared
        self._tolerance, self._stream_is_cut = _tolerance(source, pictures), False
        held: deque[Reading] = deque()
        for reading in self._moved(source, pictures):
            if reading.begins or reading.resumes:
                _clear_whole_pictures(held, reading)
            held.append(reading)
            if len(held) > MARKED_BEFORE:
                yield self._checked(held.popleft())
        yield from map(self._checked, held)
        self._stream_is_cut = source.wraps and source.is_cut
        if declared is not None and (source is self.source or not self._end_is_shared):
            self._declared_end = round(declared * self._ratio(source)) + self.timeline.shift

    def _checked(self, reading: Reading) -> Reading:
        self.unbroken = self.unbroken and not reading.damaged and not reading.missing
        return reading

    def _moved(self, source: Source, pictures: Pictures | None) -> Iterator[Reading]:
        waiting: deque[Reading] = deque()
        readings = self._read(source)
        if pictures is not None:
            readings = self._numbered(readings, Numbering(pictures, source.stream.start_time or 0))
        for reading in readings:
            waiting.append(reading)
            if len(waiting) > LOOKAHEAD:
                yield self._place(waiting.popleft(), waiting)
        while waiting:
            yield self._place(waiting.popleft(), waiting)

    def _read(self, source: Source) -> Iterator[Reading]:
        """The packet before a hole is damaged, as a rule: what is missing began in it."""
        packets, hole, holes = read_packets(source.container, source.stream), False, _holes(source, self._heartbeat)
        headers, latest = _headers(source), _Latest(source)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                latest.end()
                if holes or (source.wraps and source.is_cut):
                    latest.damage()
                yield Reading(source, lost=GAP_DAMAGED if holes else "")
                return
            except av.BlockingIOError:  # no packet of a transport stream in 64 KiB: zeros of a disk that lost power
                self._heartbeat()
                self.unbroken, hole = False, True
                packets = read_packets(source.container, source.stream)
                continue
            except av.FFmpegError:
                self.unbroken = False
                yield Reading(source, lost=GAP_UNREADABLE)
                return
            if packet.size:
                self._last_byte = max(self._last_byte, packet.pos or 0)
                while holes and packet.pos is not None and packet.pos >= holes[0]:
                    holes.popleft()
                    hole = True
                picture = UNKNOWN if headers is None else headers.take(bytes(packet))
                shifted = picture.begins_damaged and not packet.is_corrupt  # that is cut off at the end of the file
                if hole or shifted or (picture.missing and source.wraps):
                    latest.damage()
                latest.pass_by(packet.pos)
                yield latest.take(self._reading(source, packet, hole, picture))
                hole = False

    def _reading(self, source: Source, packet: Any, hole: bool, picture: Picture) -> Reading:
        stamp = self._stamp(source, packet)
        refreshes = stamp.keyframe if picture.refreshes is None else picture.refreshes
        missing, damaged = hole or picture.missing, picture.damaged
        return Reading(source, packet, stamp, damaged=damaged, missing=missing, refreshes=refreshes, picture=picture)

    def _numbered(self, readings: Iterable[Reading], numbering: Numbering) -> Iterator[Reading]:
        """Of an AVI. What is missing began in the picture before it or at its end, so that one is damaged as well."""
        before = None
        for reading in readings:
            packet = reading.packet
            if packet is None:
                if not numbering.is_complete and not reading.lost:
                    reading.lost = GAP_DAMAGED
                yield from (each for each in (before, reading) if each is not None)
                return
            packet.dts, lost = numbering.take(packet.pos, packet.dts)
            reading.stamp = self._stamp(reading.source, packet)
            reading.damaged = reading.damaged or packet.dts is None
            reading.missing = reading.missing or numbering.is_behind_damage
            reading.skipped = round(lost * self._ratio(reading.source))
            if before is not None:
                before.damaged = before.damaged or numbering.is_behind_damage
                yield before
            before = reading

    def _stamp(self, source: Source, packet: Any) -> Stamp:
        ratio = self._ratio(source)
        time = packet.pts if source.has_packet_times else packet.dts
        stamp = Stamp(time, packet.dts, packet.duration or 0, packet.is_keyframe)
        return stamp if ratio == 1 else _scaled(stamp, ratio)

    def _place(self, reading: Reading, behind: Sequence[Reading]) -> Reading:
        """Moves the packet's own times to the common line as well."""
        packet, stamp = reading.packet, reading.stamp
        if packet is None:
            return reading
        if packet.is_discard and self.timeline.joins:  # hidden by an edit list: its recording begins behind it
            return reading
        joins = self.timeline.joins
        reading.damaged = reading.damaged or (packet.is_corrupt and not reading.source.is_transport)
        self._marked.append(reading.damaged or reading.missing)
        goes_on = not stamp.keyframe and not any(self._marked) and _shows_breaks(reading.source)
        place = self.timeline.place(stamp, (each.stamp for each in behind), goes_on)
        if stamp.time is not None and not place.stray:
            reading.time = stamp.time + place.shift
            self._end = max(self._end or reading.time, reading.time + stamp.duration)
            self._shown.take(reading.time)
        if place.begins and stamp.keyframe:
            reading.missing = False
        reading.begins, reading.resumes = place.begins and not joins, place.leaps and stamp.keyframe
        self.unbroken = self.unbroken and reading.time is not None and reading.time == stamp.time
        timed = reading.source.has_packet_times
        self._again = (self._again or place.begins) and not joins
        if packet.is_discard and self._again:
            packet = reading.packet = _undiscarded(packet)
        packet.pts, packet.dts = reading.time, None if timed else reading.time
        return reading


def line_time_base(first: Fraction) -> Fraction:
    """Of several recordings: that of the first, divided until no stamp of MPEG, 90,000 in a second, is rounded."""
    return first / max(1, ceil(first * FINE_TICKS))


def _shows_breaks(source: Source) -> bool:
    """Whether a packet is marked where another recording begins: by the counter of a transport stream, by the header of
    a Matroska. A step back elsewhere is a clock that was set back, and pictures refer to those before it."""
    return source.is_matroska or source.is_transport


def _headers(source: Source) -> PictureCount | PictureOrder | None:
    extradata = source.stream.codec_context.extradata
    if source.codec == "hevc":
        return PictureOrder(extradata)
    return PictureCount(extradata) if source.codec == "h264" else None


def _holes(source: Source, heartbeat: Callable[[], None]) -> deque[int]:
    """Positions in a recording, as its packets have them, from which on reading went on behind damage."""
    begin, end = source.recording or (0, os.fstat(source.file).st_size)
    found: Sequence[int] = source.holes
    if source.is_matroska:
        found = matroska.holes(reader(source.file, end, heartbeat), begin, end)
    return deque(at - begin for at in found)


def _clear_whole_pictures(ended: Iterable[Reading], begins: Reading) -> None:
    """Packets before a new beginning are marked as corrupt because the counter of their transport stream breaks there:
    no damage, if the picture is whole."""
    source = begins.source
    for reading in ended:
        if reading.damaged and source.is_transport:
            span = (reading.packet.pos, begins.packet.pos)
            whole = transport.is_whole(source.file, source.stream.id, *span)
            reading.damaged = reading.picture.damaged or not whole


def _pictures(source: Source, heartbeat: Callable[[], None]) -> Pictures | None:
    """Of an AVI. Positions are those of its packets."""
    if not source.is_avi:
        return None
    begin, end = source.recording or (0, os.fstat(source.file).st_size)
    found = pictures_of(reader(source.file, end, heartbeat), begin, end, source.stream.index)
    return None if found is None else replace(found, places=found.places - begin)


def _undiscarded(packet: Any) -> Any:
    """A copy that the decoder shows. FFmpeg has it hide fragments of MP4 whose decode times do not rise."""
    copy = av.Packet(bytes(packet))
    copy.time_base, copy.duration = packet.time_base, packet.duration
    return copy


def _declared_end(source: Source, pictures: Pictures | None) -> int | None:
    """In ticks of the source; that of a file of fragments counts from zero, also where the first begins later."""
    if pictures is not None:
        return None if pictures.length is None else pictures.length + (source.stream.start_time or 0)
    declared = source.declared_end() if source.declares_end else None
    if declared is None or source.stream.frames or not source.container.format.name.startswith("mov,"):
        return declared
    return int(declared - (source.stream.start_time or 0))


def _tolerance(source: Source, pictures: Pictures | None) -> Fraction:
    """By how many seconds a recording may end before its declared end and be whole."""
    if pictures is not None:
        return Fraction(0)
    return Fraction(3, 2) * source.frame_ticks * source.time_base if source.is_cut else Fraction(TRUNCATED_S)


def _scaled(stamp: Stamp, ratio: Fraction) -> Stamp:
    time, decode = (None if each is None else round(each * ratio) for each in (stamp.time, stamp.decode))
    return Stamp(time, decode, round(stamp.duration * ratio), stamp.keyframe)
