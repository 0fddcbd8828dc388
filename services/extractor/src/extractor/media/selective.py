"""Selective decoding of PLANNED segments: known frames, decoding as little as the codec allows.

Of each group of pictures only the packets up to the last wanted one are decoded, and frames that no other refers to and
nobody wants are skipped. The output is bit-identical to decoding everything.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from extractor.media.source import Source
from tracks import read_packets

MAX_PENDING = 1500
"""Packets held back because they may not have to be decoded; a longer group of pictures is decoded through."""


class PlanBroken(Exception):
    """The plan does not hold: a wanted frame did not come out, or came out damaged."""


class SelectiveDecoder:
    """Reads packets in demux order and yields the wanted frames in order of presentation.

    A group's packets wait in `_pending` until a wanted one comes. At a keyframe the group before it waits in `_tail`:
    its rest has to be decoded after all if a *leading* picture of the new group (open GOP: shown before the keyframe,
    coded after it, referring to both sides) is wanted.
    """

    def __init__(self, source: Source, wanted: Sequence[int], heartbeat: Callable[[], None]) -> None:
        self._source, self._codec, self._heartbeat = source, source.stream.codec_context, heartbeat
        self._unfed, self._missing, self._last = set(wanted), set(wanted), max(wanted)
        self._pending: list[Any] = []
        self._tail: list[Any] | None = None
        self._tail_fed = self._fed = False
        self._keyframe: int | None = None
        self._begun: int | None = None

    def frames(self, seek: int | None) -> Iterator[Any]:
        """Frames at exactly the wanted times. Raises PlanBroken; and av.FFmpegError for what the decoder refuses."""
        if seek is not None:
            self._source.seek(seek)
        for packet in read_packets(self._source.container, self._source.stream):
            if not packet.size or packet.pts is None:
                continue
            if self._keyframe is None and not packet.is_keyframe:
                raise PlanBroken("reading does not begin at a keyframe")
            if packet.is_keyframe and seek is not None and self._keyframe is None and packet.pts > seek:
                raise PlanBroken("seek went too far")
            self._heartbeat()
            yield from self._take(packet)
            if not self._unfed or self._past_last(packet.pts):
                break
        yield from self._end_tail()
        yield from self._flush()
        if self._missing:
            raise PlanBroken(f"{len(self._missing)} planned frames did not come out")

    def _take(self, packet: Any) -> Iterator[Any]:
        if packet.is_keyframe:
            yield from self._end_tail()
            self._tail, self._tail_fed = self._pending, self._fed
            self._pending, self._fed, self._keyframe = [packet], False, packet.pts
            return
        self._pending.append(packet)
        leading = self._tail is not None and packet.pts < (self._keyframe or 0)
        if not leading:
            yield from self._end_tail()
        if packet.pts in self._unfed:
            yield from self._feed_tail()
            yield from self._feed_pending()
        elif len(self._pending) > MAX_PENDING and self._tail is None:
            yield from self._feed_pending()

    def _past_last(self, pts: int) -> bool:
        """Reading is past everything wanted, leading pictures of the next group included."""
        return self._keyframe is not None and pts > self._keyframe > self._last

    def _feed_tail(self) -> Iterator[Any]:
        """A leading picture is wanted: continue from the group before without a break."""
        if self._tail is not None:
            following, self._pending, self._tail = self._pending, self._tail, None
            yield from self._feed_pending()
            self._pending = following

    def _end_tail(self) -> Iterator[Any]:
        """No leading picture of this group is wanted: the group before is over."""
        if self._tail is None:
            return
        self._tail = None
        if self._tail_fed:
            yield from self._flush()
        if self._pending and self._keyframe in self._unfed:
            yield from self._feed_pending()

    def _feed_pending(self) -> Iterator[Any]:
        self._fed = True
        packets, self._pending = self._pending, []
        for packet in packets:
            if packet.is_corrupt:
                raise PlanBroken("a packet that is needed is damaged")
            self._codec.skip_frame = "DEFAULT" if packet.pts in self._unfed else "NONREF"
            self._unfed.discard(packet.pts)
            self._begun = packet.pts if self._begun is None else self._begun
            self._heartbeat()
            yield from self._wanted(self._codec.decode(packet))

    def _flush(self) -> Iterator[Any]:
        yield from self._wanted(self._codec.decode(None))
        self._codec.flush_buffers()
        self._begun = None

    def _wanted(self, frames: Sequence[Any]) -> Iterator[Any]:
        for frame in frames:
            if frame.is_corrupt and self._shown(frame.pts):
                raise PlanBroken("a frame is damaged, and others may refer to it")
            if frame.pts not in self._missing:
                continue
            self._missing.discard(frame.pts)
            yield frame

    def _shown(self, pts: int | None) -> bool:
        """A leading picture of the keyframe with which decoding began refers to what was not decoded."""
        return pts is None or self._begun is None or pts >= self._begun or pts in self._missing
