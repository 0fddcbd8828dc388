"""Dry runs: pictures are judged and folded as live ones are, and nothing is published."""

from datetime import timedelta

import pytest
from tests.unit.classifier_gateway.test_dispatch_handle import (
    CAMERA,
    LAYOUT_KEY,
    NOW,
    SITE,
    TABLES,
    Stage,
    record,
    stage,  # noqa: F401
)

from chassis.consume import Busy, Invalid
from classifier_gateway.dispatch.client import ClassifierClient, ClientOptions
from classifier_gateway.dry_runs import DryRuns
from inference import Judgement, TableVerdict, Unavailable, Unreadable
from tablewatch_schemas import FrameCommand, TableEvidenceThresholds, keys, replace
from tablewatch_schemas.dry_run import MOST_LOOKS, DryRunReport
from tablewatch_schemas.layout import Layout

RUN = "dry_1"
KEY = keys.dry_run_report(SITE, CAMERA, RUN)
THRESHOLDS = TableEvidenceThresholds(enter_ms=3000, leave_ms=6000, hold_ms=2000, ttl_ms=30_000)


def command(second: int) -> FrameCommand:
    at = NOW - timedelta(minutes=2) + timedelta(seconds=second)
    return FrameCommand(
        frame_id=f"{CAMERA}-{second}", site_id=SITE, camera_id=CAMERA, action="dry_run", dry_run_id=RUN,
        layout_key=LAYOUT_KEY, object_key=keys.live_frame(SITE, CAMERA, at), captured_at=at, actor="key_1",
        requested_at=NOW, expires_at=NOW + timedelta(minutes=5),
    )  # fmt: skip


class DryStage:
    """A handler with dry runs; each picture is named in `verdicts` by what its tables are, in order of the layout."""

    def __init__(self, stage: Stage) -> None:  # noqa: F811
        self.stage = stage
        self.answers: list[tuple[str, ...]] = []
        options = ClientOptions(in_flight=2, timeout_s=15)
        client = ClassifierClient(self, options, clock=stage.clock, metrics=stage.metrics, log=_Log())
        self.dry_runs = DryRuns(stage.objects, client, THRESHOLDS, clock=stage.clock, metrics=stage.metrics)
        stage.handler._dry_run = self.dry_runs.look

    name, version = "scripted", "1"
    fail: Exception | None = None

    async def classify(self, request):
        if self.fail is not None:
            raise self.fail
        self.requests.append(request)
        labels = self.answers.pop(0)
        verdicts = tuple(
            TableVerdict(each.table_id, label, 0.8, 2 if label == "occupied" else 0, 0)
            for each, label in zip(request.regions, labels, strict=True)
        )
        return Judgement(verdicts, (), "m", "1", "rule", 640, 360, complete=True)

    async def close(self): ...

    async def looks(self, *answers: tuple[str, ...], every_s: int = 2, first_s: int = 0) -> None:
        self.requests = []
        self.answers = list(answers)
        for number in range(len(answers)):
            asked = command(first_s + every_s * number)
            self.stage.objects.objects[asked.object_key] = b"jpeg"
            assert await self.stage.handle(asked) == []

    @property
    def report(self) -> DryRunReport:
        return DryRunReport.parse(self.stage.objects.objects[KEY], KEY)


class _Log:
    def warning(self, *_: object, **__: object) -> None: ...


@pytest.fixture
def dry(stage: Stage) -> DryStage:  # noqa: F811
    made = DryStage(stage)
    made.requests = []
    return made


async def test_pictures_make_the_states_of_the_live_rules_and_no_evidence(dry: DryStage) -> None:
    await dry.looks(*[("free", "occupied")] * 4, *[("occupied", "occupied")] * 4)
    report = dry.report
    assert report.looked == 8 and dry.stage.producer.sent == []
    states = {name: state["state"] for name, state in report.states.items()}
    assert states == {"tbl_a": "occupied", "tbl_b": "occupied"}
    seen = [(each["table_id"], each["state"], each["previous_state"]) for each in report.transitions]
    assert seen == [("tbl_a", "free", None), ("tbl_b", "occupied", None), ("tbl_a", "occupied", "free")]
    assert report.states["tbl_a"]["label"] == "Table a" and report.states["tbl_a"]["evidence"]["people"] == 2
    assert report.newest.layout_key == LAYOUT_KEY and len(report.newest.tables) == len(TABLES)
    assert set(dry.stage.objects.objects) & {keys.live_judgement(SITE, CAMERA, command(n).captured_at) for n in
                                             range(16)} == set()  # fmt: skip


async def test_the_classifier_gets_all_tables_and_ignore_areas_and_live_frames_go_first(dry: DryStage) -> None:
    await dry.looks(("free", "free"))
    (request,) = dry.requests
    layout = Layout.parse(dry.stage.objects.objects[LAYOUT_KEY])
    assert [each.table_id for each in request.regions] == list(TABLES)
    assert (request.ignore, request.camera_id, request.live) == (layout.ignore, CAMERA, False)


async def test_a_picture_counts_once_and_none_that_is_older_than_the_newest(dry: DryStage) -> None:
    await dry.looks(("free", "free"), ("free", "free"))
    before = dry.stage.objects.objects[KEY]
    await dry.stage.handle(command(2))
    await dry.stage.handle(command(1))
    assert dry.stage.objects.objects[KEY] == before and len(dry.requests) == 2


async def test_a_crash_before_the_report_is_put_leads_to_the_same_report(dry: DryStage) -> None:
    await dry.looks(*[("free", "occupied")] * 2)
    before = dry.stage.objects.objects[KEY]
    await dry.looks(("free", "occupied"), first_s=4)
    after = dry.stage.objects.objects[KEY]
    dry.stage.objects.objects[KEY] = before
    await dry.looks(("free", "occupied"), first_s=4)
    assert dry.stage.objects.objects[KEY] == after


@pytest.mark.parametrize("what", ["late", "picture", "layout"])
async def test_what_nobody_waits_for_or_is_gone_is_left_out(dry: DryStage, what: str) -> None:
    asked = command(0)
    dry.stage.objects.objects[asked.object_key] = b"jpeg"
    if what == "late":
        asked = replace(asked, expires_at=NOW)
    else:
        del dry.stage.objects.objects[asked.object_key if what == "picture" else LAYOUT_KEY]
    await dry.stage.handle(asked)
    assert KEY not in dry.stage.objects.objects and dry.requests == []


async def test_there_is_a_most_of_looks(dry: DryStage) -> None:
    await dry.looks(*[("free", "free")] * (MOST_LOOKS + 2), every_s=1)
    assert dry.report.looked == MOST_LOOKS == len(dry.requests)


async def test_a_classifier_that_is_away_is_waited_for_and_what_is_broken_is_not(dry: DryStage) -> None:
    asked = command(0)
    dry.stage.objects.objects[asked.object_key] = b"jpeg"
    dry.fail = Unreadable("no picture")
    with pytest.raises(Invalid, match="no picture"):
        await dry.stage.handle(asked)
    dry.fail = Unavailable("down")

    async def passing(seconds: float) -> None:
        dry.stage.clock.advance(max(seconds, 0.01))

    dry.stage.clock.sleep = passing
    with pytest.raises(Busy):
        await dry.stage.handle(asked)
    await dry.stage.objects.put(KEY, b"no report")
    with pytest.raises(Invalid, match="dry run"):
        await dry.stage.handle(asked)
    with pytest.raises(Invalid, match="without its id"):
        await dry.stage.handler.handle(record(replace(asked, dry_run_id=None)))
