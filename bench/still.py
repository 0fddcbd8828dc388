"""What frames in which no table changed save, and whether a state differs.

    python -m bench.still CLIP LAYOUT.json [--models .local/models]

Every second's frame of a clip goes through the cropper, with crops standing while nothing changes and without; then
through the gate, the recogniser and the fold, with every frame looked at and with gated ones. CLIP and LAYOUT.json are
those of the demo, or of `python -m bench.truth.clip`. The quiet half are the stretches of ten seconds with the fewest
changes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bench.truth.rooms import frames_of
from chassis.clock import SystemClock
from classifier_gateway.dispatch.events import gated_events, verdict_events
from classifier_gateway.dispatch.gate import Gate
from classifier_gateway.fold.row import Row
from classifier_gateway.fold.rules import apply_evidence
from cropper.events import Limits, crop_ready_event, crops_key
from cropper.frame_crops import FrameCropper
from cropper.settings import Settings
from inference.backends import build_embedded
from inference.protocol import FrameRequest, Judgement, Region
from objects.testing import MemoryObjects
from tablewatch_schemas import CropReady, FrameExtracted, TableEvidenceThresholds, from_ms, keys
from tablewatch_schemas.defaults import CROPS_REUSED_MS, GATED_MS, LIVE_THRESHOLDS, RUN_THRESHOLDS
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Thresholds

EVERY_MS, STRETCH = 1000, 10
SITE, CAMERA, RUN = "site_bench", "cam_bench", "run_bench"
T0 = from_ms(1_700_000_000_000)


@dataclass(frozen=True, slots=True)
class Cropped:
    """The events of all frames, how many were cut, and processor milliseconds a frame."""

    events: Sequence[CropReady]
    cut: int
    cpu_ms: float


def layout_of(raw: dict[str, list[dict[str, object]]]) -> Layout:
    tables = tuple(
        LayoutTable(
            table_id=str(each["label"]), label=str(each["label"]), seats=None, section_id=None,
            polygon=_points(each["polygon"]), top=None if each.get("top") is None else _points(each["top"]),
        )
        for each in raw["tables"]
    )  # fmt: skip
    return Layout(
        layout_key=keys.layout(SITE, CAMERA, 1), site_id=SITE, camera_id=CAMERA, version=1, created_at=T0, width=1,
        height=1, tables=tables, floor=(),
    )  # fmt: skip


def _points(raw: object) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in raw)  # type: ignore[attr-defined]


def frame(index: int, size: tuple[int, int]) -> FrameExtracted:
    before = keys.run_frame(SITE, RUN, index - 1) if index else None
    return FrameExtracted(
        frame_id=f"{RUN}-{index:09d}", site_id=SITE, camera_id=CAMERA, run_id=RUN, video_id="vid_bench", index=index,
        media_ms=index * EVERY_MS, captured_at=T0 + timedelta(milliseconds=index * EVERY_MS),
        object_key=keys.run_frame(SITE, RUN, index), width=size[0], height=size[1], size_bytes=1, keyframe=True,
        sharpness=1.0, brightness=0.5, layout_key=keys.layout(SITE, CAMERA, 1), previous_frame_id=None,
        previous_object_key=before, make=("frames", "tables"), last=False,
    )  # fmt: skip


async def cropped(jpegs: Sequence[bytes], layout: Layout, size: tuple[int, int], reused_ms: int) -> Cropped:
    objects, clock = MemoryObjects(), SystemClock()
    await objects.put(layout.layout_key, layout.to_json())
    for index, jpeg in enumerate(jpegs):
        await objects.put(keys.run_frame(SITE, RUN, index), jpeg)
    fields = Settings.model_fields
    limits = Limits(mean=fields["cropper_changed_at"].default, spot=fields["cropper_spot_changed_at"].default)
    cropper = FrameCropper(objects, 1, limits=limits, reused_ms=reused_ms, clock=clock)
    events, cut, began = [], 0, time.process_time()
    for each in (frame(index, size) for index in range(len(jpegs))):
        made = await cropper.crop(each, layout.layout_key, each.object_key or "")
        if made.data is not None:
            await objects.put(crops_key(each), made.data)
            cut += 1
        cropper.handled(each, made)
        events.append(crop_ready_event(each, made.layout_version, made.stored, made.changes))
    return Cropped(events, cut, (time.process_time() - began) * 1000 / len(jpegs))


def states(
    events: Sequence[CropReady], judgements: Sequence[Judgement], times: Thresholds, gated_ms: int
) -> tuple[list[bool], list[dict[str, str]]]:
    """Which frames were looked at, and the state of each table after each frame. `gated_ms` 0: no gate."""
    thresholds = TableEvidenceThresholds(
        enter_ms=times.enter_ms, leave_ms=times.leave_ms, hold_ms=times.hold_ms, ttl_ms=times.ttl_ms
    )
    gate, rows, looked = Gate(gated_ms, thresholds), dict[str, Row](), list[bool]()
    known: list[dict[str, str]] = []
    for ready, judgement in zip(events, judgements, strict=True):
        looked.append(not gate.is_shut(ready, thresholds))
        if looked[-1]:
            gate.looked(ready, "judgement", (each.label for each in judgement.verdicts), thresholds)
        evidence = verdict_events(ready, judgement, thresholds) if looked[-1] else gated_events(ready, thresholds, None)
        for each in evidence:
            table = each.table_id or ""
            rows[table] = apply_evidence(rows.get(table), each, f"{ready.frame_id}-{table}", thresholds).row
        known.append({table: row.state for table, row in rows.items()})
    return looked, known


def quiet_half(events: Sequence[CropReady]) -> list[int]:
    """Numbers of the frames in it."""
    changed = [any(crop.changed is not False for crop in each.crops) for each in events]
    stretches = [range(at, min(at + STRETCH, len(events))) for at in range(0, len(events), STRETCH)]
    calm = sorted(stretches, key=lambda stretch: sum(changed[at] for at in stretch))
    return [at for stretch in calm[: len(stretches) // 2] for at in stretch]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("layout", type=Path)
    parser.add_argument("--models", type=Path, default=Path(".local/models"))
    chosen = parser.parse_args()
    jpegs = [jpeg for _, jpeg in frames_of(chosen.clip, EVERY_MS)]
    layout = layout_of(json.loads(chosen.layout.read_bytes()))
    regions = tuple(Region(each.table_id, each.polygon, each.top) for each in layout.tables)
    classifier = build_embedded(chosen.models, "yolox-nano")
    judgements = [classifier.judge(FrameRequest("frame", SITE, jpeg, regions)) for jpeg in jpegs]
    size = judgements[0].width, judgements[0].height
    each_cut = await cropped(jpegs, layout, size, 0)
    standing = await cropped(jpegs, layout, size, CROPS_REUSED_MS)
    quiet = quiet_half(standing.events)
    print(
        f"frames={len(jpegs)} cut={standing.cut} cpu_ms_a_frame={standing.cpu_ms:.1f}"
        f" cpu_ms_each_cut={each_cut.cpu_ms:.1f}"
    )
    for lane, times in (("live", LIVE_THRESHOLDS), ("run", RUN_THRESHOLDS)):
        _, all_looked = states(standing.events, judgements, times, 0)
        looked, gated = states(standing.events, judgements, times, GATED_MS)
        differ = sum(a[table] != b[table] for a, b in zip(all_looked, gated, strict=True) for table in a)
        in_quiet = [looked[at] for at in quiet]
        print(
            f"lane={lane} looks={sum(looked) / len(looked):.2f} quiet_half={sum(in_quiet) / len(in_quiet):.2f}"
            f" states_differ={differ} of={len(gated) * len(layout.tables)}"
        )


if __name__ == "__main__":
    asyncio.run(main())
