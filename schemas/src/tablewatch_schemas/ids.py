"""Ids: a kind and a UUIDv7 in hex, so that they sort by when they were made."""

from __future__ import annotations

import os
from datetime import datetime
from time import time_ns
from typing import Literal

from tablewatch_schemas.times import to_ms

Kind = Literal[
    "vid", "run", "site", "cam", "tbl", "key", "cmd", "haz", "sec", "sig", "grp", "prb", "dsc", "prop", "dry"
]  # fmt: skip


def new_id(kind: Kind) -> str:
    """`vid_<32 hex digits>`: 48 bits of milliseconds, then random (RFC 9562, version 7)."""
    ms = time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = ms << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return f"{kind}_{value:032x}"


def frame_id(run_id: str, index: int) -> str:
    """Frame of a run; `index` from 0 in media order."""
    return f"{run_id}-{index:09d}"


def live_frame_id(camera_id: str, captured_at: datetime) -> str:
    """Frame of a camera, by capture time."""
    return f"{camera_id}-{to_ms(captured_at)}"


def end_hazard_id(run_id: str) -> str:
    """The hazard.alert record that ends a run."""
    return f"end-{run_id}"


NAMED = ("video_id", "run_id", "camera_id", "table_id", "hazard_id", "frame_id")


def about(event: object) -> dict[str, str]:
    """The ids of an event, for log lines about it."""
    return {name: value for name in NAMED if isinstance(value := getattr(event, name, None), str)}
