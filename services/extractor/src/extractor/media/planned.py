"""Planned segments: known frames out of known groups of pictures, decoding as little as the codec allows.

Per group of pictures only the packets up to the last wanted one are decoded, and frames that no other refers to and
nobody wants are skipped. The output is bit-identical to decoding everything.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from extractor.media.source import Source

MAX_PENDING = 1500
"""Packets held back in the hope that they need not be decoded; a longer group of pictures is decoded through."""


class Broken(Exception):
    """The plan does not hold here: a wanted frame did not come out, or came out damaged."""


class PlannedSampler:
    """Feeds packets in demux order and yields the wanted frames in order of presentation.

    A group's packets wait in `_pending` until a wanted one comes. At a keyframe the group before it waits in `_tail`:
    its rest has to be decoded after all if a *leading* picture of the new group (open GOP: shown before the keyframe,
    coded after it, referring to both sides) is wanted.
    """

    def __init__(self, source: Source, wanted: Sequence[int], alive: Callable[[int], None]) -> None:
        self._source, self._codec, self._alive = source, source.stream.codec_context, alive
        self._unfed, self._missing, self._last = set(wanted), set(wanted), max(wanted)
        self._pending: list[Any] = []
        self._tail: list[Any] | None = None
        self._tail_fed = self._fed = False
        self._key: int | None = None

    def frames(self, seek: int | None) -> Iterator[Any]:
        """Frames at exactly the wanted times. Raises Broken; and av.FFmpegError for what the decoder refuses."""
        if seek is not None:
            self._source.container.seek(seek, stream=self._source.stream, backward=True)
        for packet in self._source.container.demux(self._source.stream):
            if not packet.size or packet.pts is None:
                continue
            if self._key is None and not packet.is_keyframe:
                raise Broken("reading does not begin at a keyframe")
            if packet.is_keyframe and seek is not None and self._key is None and packet.pts > seek:
                raise Broken("seek went too far")
            self._alive(packet.pts)
            yield from self._take(packet)
            if not self._unfed or self._beyond(packet.pts):
                break
        yield from self._settle()
        yield from self._drain()
        if self._missing:
            raise Broken(f"{len(self._missing)} planned frames did not come out")

    def _take(self, packet: Any) -> Iterator[Any]:
        if packet.is_keyframe:
            yield from self._settle()
            self._tail, self._tail_fed = self._pending, self._fed
            self._pending, self._fed, self._key = [packet], False, packet.pts
            return
        self._pending.append(packet)
        leading = self._tail is not None and packet.pts < (self._key or 0)
        if not leading:
            yield from self._settle()
        if packet.pts in self._unfed:
            yield from self._join()
            yield from self._feed()
        elif len(self._pending) > MAX_PENDING and self._tail is None:
            yield from self._feed()

    def _beyond(self, pts: int) -> bool:
        """Reading is past everything wanted, leading pictures of the next group included."""
        return self._key is not None and pts > self._key > self._last

    def _join(self) -> Iterator[Any]:
        """A wanted leading picture: go on decoding from the group before without a break."""
        if self._tail is not None:
            following, self._pending, self._tail = self._pending, self._tail, None
            yield from self._feed()
            self._pending = following

    def _settle(self) -> Iterator[Any]:
        """No leading picture of this group is wanted: the group before is over."""
        if self._tail is None:
            return
        self._tail = None
        if self._tail_fed:
            yield from self._drain()
        if self._pending and self._key in self._unfed:
            yield from self._feed()

    def _feed(self) -> Iterator[Any]:
        self._fed = True
        waiting, self._pending = self._pending, []
        for packet in waiting:
            if packet.is_corrupt:
                raise Broken("a packet that is needed is damaged")
            self._codec.skip_frame = "DEFAULT" if packet.pts in self._unfed else "NONREF"
            self._unfed.discard(packet.pts)
            self._alive(packet.pts)
            yield from self._kept(self._codec.decode(packet))

    def _drain(self) -> Iterator[Any]:
        yield from self._kept(self._codec.decode(None))
        self._codec.flush_buffers()

    def _kept(self, frames: Sequence[Any]) -> Iterator[Any]:
        for frame in frames:
            if frame.pts not in self._missing:
                continue
            if frame.is_corrupt:
                raise Broken("a wanted frame is damaged")
            self._missing.discard(frame.pts)
            yield frame
