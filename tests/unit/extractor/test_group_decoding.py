"""Of the frames that are decoded on the way to a sample only the last is kept: one of 1080p is 3 MB, a group has 50."""

from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

from extractor.media.camera import _Decoder
from extractor.model.cadence import Action


class Frame:
    """Decoded."""

    def __init__(self, number: int) -> None:
        self.number = number


class Codec:
    """Gives a frame for each packet and notes how many of them somebody keeps."""

    def __init__(self) -> None:
        self.kept, self.most, self.decoded = WeakSet[Frame](), 0, 0

    def decode(self, packet: Any) -> list[Frame]:
        frame = Frame(self.decoded)
        self.decoded += 1
        self.kept.add(frame)
        self.most = max(self.most, len(self.kept))
        return [frame]

    def flush_buffers(self) -> None:
        """Nothing is buffered."""


def test_only_the_last_frame_is_kept_of_those_that_lead_to_a_sample() -> None:
    codec = Codec()
    decoder = _Decoder(SimpleNamespace(codec_context=codec))
    for number in range(25):
        assert decoder.take(SimpleNamespace(is_keyframe=number == 0), Action.HOLD) is None
    sample = decoder.take(SimpleNamespace(is_keyframe=False), Action.SAMPLE)
    assert sample is not None
    assert (sample.number, codec.decoded) == (25, 26)
    assert codec.most <= 2
