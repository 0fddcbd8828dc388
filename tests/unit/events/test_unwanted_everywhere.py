"""Every service that drops frames of unwanted runs agrees which runs those are, whatever commands come in which order.

The handlers are the services' own, on brokers and stores in memory; a frame that is handled leads to a record.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from tests.support.doubles import ManualClock, MemoryBroker, MemoryProducer

from chassis.metrics import Metrics
from chassis.records import Record
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dispatch.deadlines import Deadlines
from classifier_gateway.dispatch.handle import Handler as DispatchHandler
from cropper.events import Limits
from cropper.frame_crops import FrameCropper
from cropper.handle import Handler as CropperHandler
from events.cameras import CameraLayouts
from events.runs import UnwantedRuns
from hazard.detect.cameras import BlindCameras
from hazard.detect.floor import FloorOptions
from hazard.detect.handle import Handler as HazardHandler
from hazard.detect.inspect import Inspector
from hazard.detect.judged import Judgements
from objects.testing import MemoryObjects
from tablewatch_schemas import CropReady, FrameExtracted, VideoCommand, encode

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # where ManualClock starts
RUN = "run_1"
Handle = Callable[[Record], Awaitable[None]]


class NoClassifier:
    """Never asked: the frames of this test have no crops."""

    name, version = "none", "1"

    async def classify(self, request: Any) -> list[Any]:
        raise AssertionError("asked")

    async def close(self) -> None: ...


class User:
    """One service's handler. `frame` is a record of its topic that is published on unless its run is unwanted."""

    def __init__(self, service: str) -> None:
        self.objects, self.producer, self.unwanted = MemoryObjects(), MemoryProducer(), UnwantedRuns()
        self.clock, self.metrics, self.log = ManualClock(), Metrics(), structlog.get_logger()
        self.handle: Handle = getattr(self, service)()
        self.frame = record(crops() if service == "dispatch" else frame())

    def cropper(self) -> Handle:
        limits = Limits(mean=0.1, spot=0.1)
        cropper = FrameCropper(self.objects, 1, limits=limits, reused_ms=60_000, clock=self.clock)
        return CropperHandler(
            self.objects, cropper, self.producer, self.unwanted, clock=self.clock, metrics=self.metrics, log=self.log
        ).handle

    def dispatch(self) -> Handle:
        options = ClientOptions(in_flight=1, timeout_s=1)
        client = ClassifierClient(NoClassifier(), options, clock=self.clock, metrics=self.metrics, log=self.log)
        handler = DispatchHandler(
            self.objects, client, self.producer, Deadlines(live_s=1, run_s=1), self.unwanted, CameraLayouts(),
            clock=self.clock, metrics=self.metrics,
        )  # fmt: skip
        return handler.handle

    def hazard(self) -> Handle:
        judgements = Judgements(self.objects, 2.0, self.clock)
        inspector = Inspector(
            self.objects, lambda _: [], judgements, ThreadPoolExecutor(1), FloorOptions(), self.metrics
        )
        return HazardHandler(
            MemoryBroker(), inspector, self.producer, self.unwanted, BlindCameras(), streams=1, rebuild_frames=1,
            beat=lambda: None, metrics=self.metrics, log=self.log,
        ).handle  # fmt: skip

    async def drops_frames(self) -> bool:
        before = self.metrics.value("dropped_total", what=self.what, reason="run_unwanted")
        await self.handle(self.frame)
        return self.metrics.value("dropped_total", what=self.what, reason="run_unwanted") > before

    @property
    def what(self) -> str:
        return "crops" if self.frame.topic == CropReady.TOPIC else "frame"


def record(event: Any) -> Record:
    sent = encode(event, source="tablewatch/test", time=NOW)
    return Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)


def frame() -> FrameExtracted:
    return FrameExtracted(
        frame_id=f"{RUN}-0", site_id="site_1", camera_id="cam_1", run_id=RUN, video_id="vid_1", index=0, media_ms=0,
        captured_at=NOW, object_key=None, width=1, height=1, size_bytes=0, keyframe=True, sharpness=1.0,
        brightness=0.5, layout_key=None, previous_frame_id=None, previous_object_key=None,
        make=("tables", "hazards"), last=True,
    )  # fmt: skip


def crops() -> CropReady:
    return CropReady(
        frame_id=f"{RUN}-0", site_id="site_1", camera_id="cam_1", run_id=RUN, video_id="vid_1", index=0, media_ms=0,
        captured_at=NOW, frame_key=None, crops_key=None, layout_key=None, layout_version=None, width=1, height=1,
        crops=(), make=("tables",), last=True,
    )  # fmt: skip


def command(action: str) -> Record:
    return record(
        VideoCommand(
            command_id=f"cmd_{action}", video_id="vid_1", run_id=RUN, site_id="site_1", camera_id="cam_1",
            action=action, actor="key_1", requested_at=NOW,
        )
    )  # fmt: skip


@pytest.fixture(params=["cropper", "dispatch", "hazard"])
def user(request: pytest.FixtureRequest) -> User:
    return User(request.param)


STORIES = [
    ((), False),
    (("cancel",), True),
    (("cancel", "retry"), False),
    (("delete",), True),
    (("delete", "retry"), True),
    (("cancel", "delete", "retry"), True),
    (("cancel", "retry", "delete", "retry"), True),
]


@pytest.mark.parametrize(("actions", "dropped"), STORIES)
async def test_commands_of_the_group(user: User, actions: tuple[str, ...], dropped: bool) -> None:
    for action in actions:
        await user.handle(command(action))
    assert await user.drops_frames() is dropped


@pytest.mark.parametrize(("actions", "dropped"), STORIES)
async def test_commands_of_before_a_restart(user: User, actions: tuple[str, ...], dropped: bool) -> None:
    for action in actions:
        user.unwanted.apply_record(command(action))
    assert await user.drops_frames() is dropped


async def test_a_deleted_run_stays_deleted_behind_any_number_of_others(user: User) -> None:
    user.unwanted.apply_record(command("delete"))
    for number in range(25_000):
        user.unwanted.apply(
            VideoCommand(
                command_id="c", video_id="v", run_id=f"other_{number}", site_id="s", camera_id=None, action="delete",
                actor="a", requested_at=NOW,
            )
        )  # fmt: skip
    assert await user.drops_frames()
