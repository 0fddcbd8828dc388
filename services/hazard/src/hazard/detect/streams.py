"""What is kept of each run and camera while its frames come: its floor, and what was last said. Bounded."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from hazard.detect.floor import Floor
from tablewatch_schemas import FrameExtracted, HazardCandidate

V = TypeVar("V")


class Recent(Generic[V]):
    """A mapping that keeps the `most` entries used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, V] = OrderedDict()

    def get(self, key: str) -> V | None:
        """The entry, which is then the one used last."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: str, value: V) -> None:
        """Keep an entry; the one not used for longest may go."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def drop(self, key: str) -> None:
        """Forget an entry."""
        self._kept.pop(key, None)


@dataclass
class Stream:
    """A run or a camera. `said` is the candidate of the newest frame, told again when that frame comes again."""

    floor: Floor | None = None
    layout_key: str | None = None
    at: tuple[int, int] = (-1, -1)
    said: HazardCandidate | None = None


def stream_of(frame: FrameExtracted) -> str:
    """The run, or else the camera."""
    return frame.run_id or frame.camera_id or ""
