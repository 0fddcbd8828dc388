"""Sequential decoding: everything is decoded, and the sampling rule is applied to the frames that come out.

For files whose packet times are unknown or unreliable, and for damaged ones: errors become gaps and reading goes on.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
from av.video.frame import PictureType

from extractor.media.packets import PacketReader, Reading
from extractor.media.propagation import Propagation
from extractor.media.source import Source
from extractor.model.failures import GAP_DAMAGED, GAP_SUSPECT
from extractor.model.sampling import Rule, Sampling, media_ms, rule_for
from extractor.model.timeline import spread

MAX_WAITING = 16
"""Frames that wait for one with a time; bounds memory."""
SUSPECT_FRAMES = 32
"""Frames behind damage among which a step longer than a frame and a half is a loss: decoders hold back up to 16."""
MISSING_S, MISSING_FRAMES = 1, 10
"""A longer step than both is damage in a file that is known to be damaged; elsewhere a recorder may have paused."""
PICTURE_EACH = frozenset({"vp9", "libvpx-vp9", "av1", "libdav1d", "mjpeg", "prores"})
"""Codecs of which each packet shows a picture."""
PICTURE_EACH_ONCE_PLANNED = frozenset({"h264", "mpeg1video", "mpeg2video"})
"""And of which it does where a plan could be made: elsewhere it may be one field of two."""
ORDERED = "hevc"
"""The codec whose pictures say themselves in which order they are shown."""
REFERS_TO_NONE = frozenset({"mjpeg", "prores"})
"""Codecs of which no picture refers to another."""
B_REFERS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9"})
"""Codecs in which others may refer to a B picture."""
KEYFRAMES_MARKED = frozenset({"h264", "hevc"})
"""Codecs whose packets are parsed for keyframes, whatever the container says."""
MAX_ERRORS = 100_000
"""Refused packets after which a file is not worth reading any further."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that could not be read, in ticks; `ends` is None where it reaches the end. `unread`: bytes of the file
    that are no recording."""

    begins: int
    ends: int | None
    code: str
    unread: int | None = None


Place = tuple[int, int]
"""Of a picture in the order of display: how often that was counted anew, and its number since."""


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    """A picture that the decoder was given: its place, its packet's number, its time."""

    place: Place
    number: int
    time: int | None = field(compare=False)


class FrameTimes:
    """Gives frames, as they come out of the decoder, times that never go back.

    A frame without a time waits for the next one that has one, as long as there are not MAX_WAITING of them. `frame`
    gives the length of a frame in ticks.
    """

    def __init__(self, frame: Callable[[], Fraction]) -> None:
        self._frame = frame
        self._waiting: list[tuple[Any, Place | None]] = []
        self._last: int | None = None
        self._place: Place | None = None
        self._shift = 0
        self._begins = False

    def take(
        self, frame: Any, pts: int | None, vanished: int = 0, place: Place | None = None
    ) -> list[tuple[int | None, Any]]:
        """The frames whose times are now known; None for one that fits nowhere in the order. So many `vanished` before
        this one; `place`: its own in the order of display."""
        if self._waiting or pts is None:
            self._waiting += vanished * [(None, None)]
        if pts is None:
            self._waiting.append((frame, place))
            return self.flush() if sum(each is not None for each, _ in self._waiting) > MAX_WAITING else []
        if self._begins and self._last is not None:
            self._shift += max(0, round(self._last + self._frame()) - pts - self._shift)
        self._begins = False
        ticks = pts + self._shift
        placed = self._spread(ticks, place)
        if self._last is not None and ticks < self._last:
            near = self._last - ticks <= MAX_WAITING * self._frame()  # stamps in the order of decoding: bad muxers
            return [*placed, (self._last if near else None, frame)]
        self._last, self._place = ticks, place
        return [*placed, (ticks, frame)]

    def flush(self) -> list[tuple[int | None, Any]]:
        """No frame that could tell more follows."""
        return self._spread(None, None)

    def begin(self) -> None:
        """The next frame is the first of a new beginning: it comes after all before it, whatever they were given."""
        self._begins = True

    def _spread(self, before: int | None, place: Place | None) -> list[tuple[int | None, Any]]:
        waiting, self._waiting = self._waiting, []
        shown = [each for each in waiting if each[0] is not None]
        times = self._by_place([where for _, where in shown], before, place)
        if times is None:
            times = [
                time for time, each in zip(self._between(waiting, before), waiting, strict=True) if each[0] is not None
            ]
        if shown:
            self._last, self._place = times[-1], shown[-1][1]
        return [(time, frame) for time, (frame, _) in zip(times, shown, strict=True)]

    def _by_place(self, places: list[Place | None], before: int | None, place: Place | None) -> list[int] | None:
        """Where all are counted alike, from the last frame with a time to the next: then nothing is guessed."""
        last = self._place
        if before is None or self._last is None or last is None or place is None or place <= last:
            return None
        known = [where for where in places if where is not None and last < where < place]
        if last[0] != place[0] or len(known) < len(places):
            return None
        apart = Fraction(before - self._last, place[1] - last[1])
        return [round(self._last + (order - last[1]) * apart) for _, order in known]

    def _between(self, waiting: list[tuple[Any, Place | None]], before: int | None) -> list[int]:
        """Those behind the last that vanished lead up to the next time, whatever else is missing."""
        length, vanished = self._frame(), [frame is None for frame, _ in waiting]
        if before is not None and self._last is not None and any(vanished):
            behind = vanished[::-1].index(True)
            times = [*spread(self._last, len(waiting) - behind, None, length), *spread(None, behind, before, length)]
            if times == sorted(times):
                return times
        return spread(self._last, len(waiting), before, length) if waiting else []


@dataclass(slots=True)
class GapCollector:
    """A gap opens with the first loss, at the last good frame, and closes with the next good one.

    Bytes that were not read count in it, whatever was lost before or behind them.
    """

    gaps: list[Gap] = field(default_factory=list)
    last_good: int | None = None
    _open: tuple[int, str, int | None] | None = None

    def loss(self, at: int, code: str, unread: int | None = None) -> None:
        if self._open is None:
            self._open = (at if self.last_good is None else self.last_good, code, unread)
        elif unread is not None:
            begins, _, before = self._open
            self._open = (begins, code, _sum(before, unread))

    def pass_by(self, at: int) -> None:
        """A frame that another segment answers for, with what was lost before it."""
        self._open, self.last_good = None, at

    def good(self, at: int) -> None:
        if self._open is not None:
            begins, code, unread = self._open
            if self.gaps and self.gaps[-1].ends == begins and self.gaps[-1].code == code:
                before = self.gaps.pop()
                begins, unread = before.begins, _sum(before.unread, unread)
            self.gaps.append(Gap(begins, at, code, unread))
            self._open = None
        self.last_good = at

    def reopen(self, begins: int, code: str) -> None:
        """What was good behind that time is not."""
        if self._open is None:
            while self.gaps and self.gaps[-1].ends is not None and self.gaps[-1].ends > begins:
                begins = min(begins, self.gaps.pop().begins)
            self._open = (begins, code, None)

    def close(self, truncated: int | None = None) -> None:
        """At the end of the file, or where it was cut off: from there on another gap is told."""
        if self._open is not None:
            begins, code, unread = self._open
            if truncated is None or truncated > begins:
                self.gaps.append(Gap(begins, truncated, code, unread))
            self._open = None


def _sum(first: int | None, second: int | None) -> int | None:
    return None if first is second is None else (first or 0) + (second or 0)


class SequentialDecoder:
    """Yields (ticks, frame) for the frames that the rule takes, in order of presentation.

    `start` is the first displayable frame where a plan was made and did not hold, else None until it is decoded.
    `source` is that of the frame that was yielded last.
    """

    def __init__(
        self, reader: PacketReader, sampling: Sampling, start: int | None, heartbeat: Callable[[], None]
    ) -> None:
        self._reader, self._sampling, self._heartbeat = reader, sampling, heartbeat
        self.start = start
        self.source = reader.source
        self._gaps, self._doubts = GapCollector(), GapCollector()
        self._times = FrameTimes(lambda: reader.timeline.frame)
        self._end: int | None = None
        self._rule: Rule | None = None
        self._errors = self._suspect = 0
        missing = max(MISSING_S / reader.time_base, MISSING_FRAMES * reader.frame_ticks)
        self._max_step = None if start is None else round(missing)
        self._picture_each = PICTURE_EACH if start is None else PICTURE_EACH | PICTURE_EACH_ONCE_PLANNED
        self._due: list[_Due] = []
        self._counted = 0
        self._unreadable: int | None = None
        self._afresh = True
        self._pauses: set[int] = set()
        self._skipped = (0, 0)
        self._damage = Propagation()
        self._shown: deque[tuple[int, int | None]] = deque(maxlen=MAX_WAITING)

    @property
    def gaps(self) -> list[Gap]:
        """In the order in which they begin."""
        return sorted(self._gaps.gaps + self._doubts.gaps, key=lambda gap: gap.begins)

    @property
    def ends(self) -> int | None:
        """The end of the last frame that came out, ticks; None if none did."""
        return None if self._end is None else self._end + round(self._reader.timeline.frame)

    def frames(self, seek: int | None, after: int | None) -> Iterator[tuple[int, Any]]:
        """From the keyframe at `seek`, the frames after the one at `after`, which an earlier segment delivered."""
        if seek is not None and self.source.seekable:
            self.source.seek(seek)
        self._gaps.last_good = self._doubts.last_good = after
        for ticks, (frame, vanished) in self._decode_all():
            if ticks is None:
                self._loss(GAP_DAMAGED)
                continue
            self._end = ticks
            if self.start is not None and ticks < self.start:
                continue
            rule = self._rule or self._begin(ticks, after)
            suspect = self._is_suspect(frame)
            if after is not None and ticks <= after:
                self._gaps.pass_by(ticks)
                self._doubts.pass_by(ticks)
                continue
            missing = self._packets_missing(ticks)
            if frame.is_corrupt or vanished or missing:
                self._gaps.loss(ticks, GAP_DAMAGED)
            if not frame.is_corrupt:
                self._gaps.good(ticks)
            self._doubt(ticks, frame, suspect)
            if rule.takes(ticks, frame.key_frame):
                yield ticks, frame
        if self._end is not None and any(time is None or time > self._end for time in self._missing_times()):
            self._loss(GAP_DAMAGED)
        truncated = self._truncated_end()
        self._gaps.close(truncated)
        self._doubts.close(truncated)

    def _truncated_end(self) -> int | None:
        """Where frames get the time of a later packet, they may end later than the packets."""
        truncated, ends = self._reader.truncated_end() if self._rule is not None else None, self.ends
        if truncated is None or ends is None or self.source.has_packet_times:
            return truncated
        return max(truncated, ends)

    def _expect(self, reading: Reading, number: int) -> None:
        """A picture, if it can be displayed."""
        self._count(reading)
        picture, time, order = reading.picture, reading.time, reading.picture.order
        if picture.hidden or (picture.leading and self._afresh) or reading.packet.is_discard:
            return
        if time is not None and time < (self.start or 0):
            return
        if order is None and reading.source.codec == ORDERED:
            self._unreadable = time if time is not None else self._unreadable
        elif order is None and reading.source.codec in self._picture_each:
            order = time
        if order is not None:
            insort(self._due, _Due((self._counted, order), number, time))

    def _missing_times(self) -> Iterator[int | None]:
        """Of pictures that did not come, at the end."""
        yield from (each.time for each in self._due)
        if self._unreadable is not None:
            yield self._unreadable

    def _count(self, reading: Reading) -> None:
        """Pictures of H.265 are shown in an order that is counted anew from time to time."""
        if reading.begins or reading.picture.fresh:
            self._counted, self._afresh = self._counted + 1, True
        elif reading.refreshes:
            self._afresh = False

    def _shown_after(self, frame: Any) -> tuple[int, Place | None]:
        """How many pictures that are shown earlier the decoder was given, and never showed, nor called damaged; and the
        frame's own place, if it is known."""
        number = _number(frame)
        at = next((at for at, each in enumerate(self._due) if each.number == number), None)
        if at is None:
            return 0, None
        for each in self._due[:at]:
            self._damage.lose(each.number)
        place = self._due[at].place
        del self._due[: at + 1]
        return at, place

    def _is_suspect(self, frame: Any) -> bool:
        """Whether a picture is damaged, or may refer to one that is."""
        if frame.is_corrupt:
            self._damage.lose(_number(frame), frame.pict_type == PictureType.B and self.source.codec not in B_REFERS)
            return True
        if frame.key_frame and self.source.codec not in KEYFRAMES_MARKED:
            self._damage.refresh(_number(frame))
        return self._damage.is_suspect(_number(frame))

    def _doubt(self, ticks: int, frame: Any, suspect: bool) -> None:
        """Where a keyframe or a reference proves to be damaged, some that refer to it may have been shown before it."""
        if frame.is_corrupt:
            shown = list(pairwise(self._shown))
            begins = next((before for (before, _), (_, number) in shown if self._damage.is_suspect(number)), None)
            if begins is not None:
                self._doubts.reopen(begins, GAP_SUSPECT)
        elif suspect:
            self._doubts.loss(ticks, GAP_SUSPECT)
        else:
            self._doubts.good(ticks)
        self._shown.append((ticks, _number(frame)))

    def _packets_missing(self, ticks: int) -> bool:
        """Whether the step to this frame is so long that the container must have skipped packets silently."""
        if ticks in self._pauses:
            self._pauses.discard(ticks)
            return False
        last, suspect = self._gaps.last_good, self._suspect > 0
        self._suspect -= suspect
        if last is None:
            return False
        if suspect and 2 * (ticks - last) > 3 * self._reader.timeline.frame:
            return True
        return self._max_step is not None and ticks - last > self._max_step

    def _begin(self, ticks: int, after: int | None) -> Rule:
        self.start = ticks if self.start is None else self.start
        self._rule = rule_for(self._sampling, self.start, self._reader.time_base)
        if after is not None:
            self._rule.takes(after, True)
        return self._rule

    def _loss(self, code: str, unread: int | None = None) -> None:
        self._suspect = SUSPECT_FRAMES
        self._gaps.loss(self._end or self.start or 0, code, unread)

    def _decode_all(self) -> Iterator[tuple[int | None, Any]]:
        """All frames, and how many vanished before each, with their times; each recording, and each new beginning in
        one, is decoded by itself."""
        joins = False
        for reading in self._reader:
            self._heartbeat()
            self.source = reading.source
            if reading.packet is None:
                yield from self._drained(reading.source)
                if reading.lost:
                    self._loss(reading.lost, reading.unread)
                self._times.begin()
                joins = True
                continue
            missing = reading.missing or (joins and not reading.stamp.keyframe and not reading.packet.is_discard)
            joins = False
            if reading.begins:
                yield from self._drained(reading.source)
                reading.source.stream.codec_context.flush_buffers()
                self._times.begin()
                missing = missing or not reading.stamp.keyframe
            if reading.skipped and reading.time is not None:
                self._skipped = (reading.time, reading.skipped)
            if reading.damaged or missing:
                self._loss(GAP_DAMAGED)
            elif reading.resumes and reading.time is not None:
                self._pauses.add(reading.time)
            alone = reading.source.codec in REFERS_TO_NONE
            number = self._damage.take(
                reading.time, reading.refreshes, missing, reading.damaged, reading.picture.disposable, alone
            )
            reading.packet.opaque = (number,)
            self._expect(reading, number)
            yield from self._timed(reading.source, self._decode(reading.source, reading.packet))

    def _drained(self, source: Source) -> Iterator[tuple[int | None, Any]]:
        yield from self._timed(source, self._decode(source, None))
        yield from self._times.flush()

    def _timed(self, source: Source, frames: list[Any]) -> Iterator[tuple[int | None, Any]]:
        """Without presentation times a frame gets the decode time of the packet that brought it out: the decoder delays
        as much as the encoder did. Its `pts` is the decode time of its own packet then."""
        for frame in frames:
            vanished, place = self._shown_after(frame)
            time = frame.pts if source.has_packet_times else self._delayed(frame)
            yield from self._times.take((frame, vanished), time, vanished, place)

    def _delayed(self, frame: Any) -> int | None:
        """One that was held back over a loss belongs before that."""
        at, skipped = self._skipped
        if frame.dts is None or frame.pts is None or not frame.pts < at <= frame.dts:
            return None if frame.dts is None else int(frame.dts)
        return int(frame.dts - skipped)

    def _decode(self, source: Source, packet: Any | None) -> list[Any]:
        """Frames that a packet completes; None flushes. Each has the number of its packet, see `_number`."""
        codec = source.stream.codec_context
        codec.copy_opaque = True
        try:
            return list(codec.decode(packet))
        except MemoryError:
            raise
        except av.EOFError:
            return []
        except av.FFmpegError:
            self._errors += 1
            self._loss(GAP_DAMAGED)
            if packet is not None:
                self._damage.lose(_number(packet))
                self._unreadable = packet.pts if packet.pts is not None else self._unreadable
            if self._errors > MAX_ERRORS:
                raise
            return []


def _number(of: Any) -> int | None:
    """Of a packet, or of the packet that a frame came of. It is in a tuple, as PyAV finds `opaque` by its address: that
    of a small number is one for all decoders of a process, and the first that is done with it takes it from the others.
    """
    return None if of.opaque is None else of.opaque[0]


def gap_fields(gap: Gap, start: int, time_base: Fraction) -> dict[str, Any]:
    """A gap as in `video.progress`."""
    ends = None if gap.ends is None else media_ms(gap.ends, start, time_base)
    fields = {"from_ms": media_ms(gap.begins, start, time_base), "to_ms": ends, "code": gap.code}
    return fields if gap.unread is None else fields | {"bytes": gap.unread}
