"""Where the view of a camera comes from: the last minute to begin with, then the frames that are heard of."""

from collections.abc import Awaitable, Callable
from typing import Any

from api.events.cut_follower import CutFollower
from api.events.judged import Judged
from api.model.views import WaitingFrames
from chassis.clock import Clock
from tablewatch_schemas.judgement import FrameJudgement
from tablewatch_schemas.times import to_ms

RETRY_S = 5.0
Newest = Callable[[], Awaitable[FrameJudgement | None]]
"""The newest judged frame, as far as is known now; None before the first. Raises ConnectionError."""


class CameraSource:
    """The newest judged frame of one camera. `named`: the newest of those that its tables' states name.

    Whenever the follower begins at the end of the topic, the last minute is read after that, so that no frame falls
    between: those that are judged, and those that may be.
    """

    def __init__(
        self, camera_id: str, judged: Judged, follower: CutFollower, named: Newest, clock: Clock, log: Any
    ) -> None:
        self._camera_id, self._judged, self._follower, self._named = camera_id, judged, follower, named
        self._clock, self._log = clock, log
        self._waiting = WaitingFrames()
        self._newest: FrameJudgement | None = None
        self._read_for: int | None = None
        """The beginning of the follower after which the last minute was read."""
        self._retry_at = 0.0

    def heard(self, key: str) -> None:
        """A frame is cut, and its judgement will have this key."""
        self._waiting.add(key, self._now_ms())

    async def newest(self) -> FrameJudgement | None:
        """Of all that it came by. Raises ConnectionError."""
        if self._read_for != self._follower.opened and self._clock.monotonic() >= self._retry_at:
            await self._read_back(self._follower.opened)
        await self._look()
        return self._newest

    async def _read_back(self, opened: int) -> None:
        try:
            recent = await self._judged.recent(self._camera_id, self._clock.now())
        except ConnectionError as error:
            self._log.warning("view_without_topic", camera_id=self._camera_id, error=repr(error))
            self._retry_at = self._clock.monotonic() + RETRY_S
            self._offer(await self._named())
            return
        for key in recent.unjudged:
            self._waiting.add(key, self._now_ms())
        self._offer(recent.newest or await self._named())
        self._read_for = opened

    async def _look(self) -> None:
        """The first that is found is the newest: nothing before it is looked for any more."""
        for key in self._waiting.due(self._now_ms()):
            if (found := await self._judged.at(key)) is not None:
                self._offer(found)
                self._waiting.found(key)
                return
            self._waiting.asked(key, self._now_ms())

    def _offer(self, found: FrameJudgement | None) -> None:
        if found is not None and (self._newest is None or found.captured_at > self._newest.captured_at):
            self._newest = found

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())
