"""What the pictures of one session showed so far: the processes that decode them remember nothing of it."""

from dataclasses import replace

from extractor.live.sources.decoders import Before, Decoded, Decodes, Wanted


class Watched:
    """Decodes the pictures of one session, in their order, each compared with those before and the last good one."""

    def __init__(self, decoders: Decodes) -> None:
        self._decoders = decoders
        self._before = Before()
        self._anchored_s = 0.0

    def refer(self, jpeg: bytes) -> None:
        """The pictures that come are compared with this one from now on; with none if it is empty."""
        self._before = replace(self._before, good=jpeg)

    async def next_pictures(self, file: int, wanted: Wanted, at_s: float) -> list[tuple[Decoded, bytes]]:
        """Of an open file whose first picture is of `at_s`, in seconds that go on from file to file.

        Raises CameraFailed.
        """
        before = replace(self._before, at_ms=round((at_s - self._anchored_s) * 1000))
        pictures = await self._decoders.decode(file, wanted, before)
        last = pictures.found[-1][0]
        self._anchored_s = at_s + last.at_ms / 1000 - last.scene.same_s
        self._before = replace(self._before, anchor=pictures.anchor, same=last.scene.same)
        return pictures.found

    async def picture(self, file: int, wanted: Wanted) -> tuple[Decoded, bytes]:
        """One that was shown before and will be again: that it is the same says nothing. Raises CameraFailed."""
        return (await self._decoders.decode(file, wanted, Before(good=self._before.good))).found[0]
