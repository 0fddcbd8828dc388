"""From what a classifier answers to the object that is stored of a frame. Pure."""

from inference import Judgement, Seen, TableVerdict
from tablewatch_schemas import CropReady, FrameCommand
from tablewatch_schemas.judgement import FrameJudgement, JudgedSeen, JudgedTable, judgement_key
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import ModelRef


def frame_judgement(ready: CropReady, layout_key: str, frame_key: str, judgement: Judgement) -> FrameJudgement:
    """The document of a frame. Figures are rounded, so that the last bits of two processors make no other bytes."""
    return FrameJudgement(
        judgement_key=judgement_key(ready),
        site_id=ready.site_id,
        camera_id=ready.camera_id,
        run_id=ready.run_id,
        video_id=ready.video_id,
        frame_id=ready.frame_id,
        frame_key=frame_key,
        captured_at=ready.captured_at,
        # What the classifier decoded; one that never saw the whole picture says 0.
        width=judgement.width or ready.width,
        height=judgement.height or ready.height,
        layout_key=layout_key,
        layout_version=ready.layout_version,
        model=ModelRef(name=judgement.model, version=judgement.version),
        rule=judgement.rule,
        complete=judgement.complete,
        light=judgement.light,
        tables=tuple(_table(each) for each in judgement.verdicts),
        seen=tuple(_seen(each) for each in judgement.seen),
    )


def look_judgement(
    command: FrameCommand, key: str, judgement: Judgement, layout: Layout | None = None
) -> FrameJudgement:
    """The document of a frame that was looked at on request, to be stored under `key`.

    Without a `layout` it was looked at apart from tables.
    """
    return FrameJudgement(
        judgement_key=key,
        site_id=command.site_id,
        camera_id=command.camera_id,
        run_id=None,
        video_id=None,
        frame_id=command.frame_id,
        frame_key=command.object_key,
        captured_at=command.captured_at,
        width=judgement.width,
        height=judgement.height,
        layout_key=None if layout is None else layout.layout_key,
        layout_version=None if layout is None else layout.version,
        model=ModelRef(name=judgement.model, version=judgement.version),
        rule=judgement.rule,
        complete=judgement.complete,
        light=judgement.light,
        tables=tuple(_table(each) for each in judgement.verdicts),
        seen=tuple(_seen(each) for each in judgement.seen),
    )


def _table(verdict: TableVerdict) -> JudgedTable:
    return JudgedTable(
        table_id=verdict.table_id,
        label=verdict.label,
        confidence=round(verdict.confidence, 4),
        people=verdict.people,
        things=verdict.things,
        reason=verdict.reason,
    )


def _seen(seen: Seen) -> JudgedSeen:
    x1, y1, x2, y2 = seen.box
    return JudgedSeen(
        label=seen.label,
        score=round(seen.score, 4),
        box=(round(x1, 5), round(y1, 5), round(x2, 5), round(y2, 5)),
        table_id=seen.table_id,
        share=None if seen.share is None else round(seen.share, 4),
        second_table_id=seen.second_table_id,
        doubtful=seen.doubtful,
        ignored=seen.ignored,
    )
