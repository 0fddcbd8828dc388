"""Bytes of a stored judgement: of a verdict, of a detection and of the rest of the object, as the store gets it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from msgspec import structs

from bench.truth.folded import BEGINS_MS, crop_ready
from bench.truth.recognisers import Recogniser
from bench.truth.rooms import View
from bench.truth.tables import Line, Table
from classifier_gateway.dispatch.judgement import frame_judgement
from inference.protocol import Judgement
from tablewatch_schemas import CropReady, from_ms, keys
from tablewatch_schemas.ids import live_frame_id, new_id

COMMA = 1


def sizes_table(views: Sequence[View], recognisers: Sequence[Recogniser]) -> Table:
    """Every picture once, by the first recogniser, with ids as long as those of the product."""
    verdicts: list[int] = []
    seen: list[int] = []
    rest: list[int] = []
    whole: list[int] = []
    for view in views:
        named = with_ids(view)
        for still in named.stills:
            document, size = stored(named, recognisers[0].judge(still.jpeg, named.regions))
            parts = [[_bytes(each) for each in document[key]] for key in ("tables", "seen")]
            verdicts += parts[0]
            seen += parts[1]
            rest.append(size - sum(map(sum, parts)))
            whole.append(size)
    kinds = {"a verdict": verdicts, "a detection": seen, "the rest": rest, "the whole": whole}
    lines: list[Line] = [
        {"bytes of": what, "n": len(found), "mean": statistics.mean(found), "most": max(found)}
        for what, found in kinds.items()
    ]
    return Table("sizes", "Stored judgements, bytes", lines)


def with_ids(view: View) -> View:
    """The view with tables, camera and room named as the product names them."""
    regions = tuple(replace(region, table_id=new_id("tbl")) for region in view.regions)
    return replace(view, room=new_id("site"), camera=new_id("cam"), regions=regions)


def stored(view: View, judgement: Judgement) -> tuple[dict[str, Any], int]:
    """The document of one frame, decoded, and its bytes."""
    captured_at = from_ms(BEGINS_MS)
    frame: CropReady = structs.replace(
        crop_ready(view, judgement, captured_at),
        site_id=view.room, camera_id=view.camera, frame_id=live_frame_id(view.camera, captured_at),
    )  # fmt: skip
    layout_key = keys.layout(view.room, view.camera, 1)
    document = frame_judgement(frame, layout_key, keys.live_frame(view.room, view.camera, captured_at), judgement)
    return document.to_dict(), len(document.to_json())


def _bytes(part: object) -> int:
    return len(orjson.dumps(part)) + COMMA
