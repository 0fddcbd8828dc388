"""Looks at stored pictures apart from tables: of a camera whose tables nobody has drawn yet, to suggest some."""

from chassis.clock import Clock
from chassis.consume import Busy
from chassis.metrics import DROPPED, WORK, Metrics
from classifier_gateway.dispatch.client import ClassifierClient
from classifier_gateway.dispatch.judgement import look_judgement
from inference import FrameRequest, Unavailable
from objects.metrics import OBJECTS_GONE
from objects.store import Gone, ObjectStore
from tablewatch_schemas import FrameCommand, keys

ACTIONS = ("look",)
ATTEMPT_S = 20.0


class Looks:
    """What is asked for on frame.command. What was judged already is not looked at again."""

    def __init__(self, objects: ObjectStore, client: ClassifierClient, *, clock: Clock, metrics: Metrics) -> None:
        self._objects, self._client = objects, client
        self._clock, self._metrics = clock, metrics

    async def look(self, command: FrameCommand) -> None:
        """Store what is seen in the picture. Raises Busy until the command expires, Unreadable."""
        left_s = (command.expires_at - self._clock.now()).total_seconds()
        if command.action not in ACTIONS or left_s <= 0:
            self._dropped("late" if left_s <= 0 else "unknown_action")
            return
        if await self._objects.stat(_key(command)) is not None:
            self._dropped("judged")
            return
        try:
            jpeg = await self._objects.get(command.object_key)
        except Gone as error:
            self._metrics.count(OBJECTS_GONE, what=keys.object_kind(error.key))
            self._dropped("gone")
            return
        await self._store(command, jpeg, min(left_s, ATTEMPT_S))

    async def _store(self, command: FrameCommand, jpeg: bytes, timeout_s: float) -> None:
        request = FrameRequest(
            frame_id=command.frame_id, site_id=command.site_id, camera_id=command.camera_id, jpeg=jpeg, regions=(),
            everything=True,
        )  # fmt: skip
        try:
            judgement = await self._client.classify(request, timeout_s, live=False)
        except Unavailable as error:
            raise Busy(1.0) from error
        document = look_judgement(command, _key(command), judgement)
        await self._objects.put(document.judgement_key, document.to_json(), "application/json")
        self._metrics.count(WORK, stage="look", outcome="ok")

    def _dropped(self, reason: str) -> None:
        self._metrics.count(DROPPED, what="look", reason=reason)


def _key(command: FrameCommand) -> str:
    return keys.live_judgement(command.site_id, command.camera_id, command.captured_at)
