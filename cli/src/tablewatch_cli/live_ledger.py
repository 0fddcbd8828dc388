"""The ledger of live cameras: what became of every frame that was taken, by camera and hour. Pure.

captured = classified + gated + dropped by reason + dead-lettered, once nothing is in flight. Captured are frames that a
reader handed over: those on frame.extracted, and those of frame.dropped, which never came there. In flight is a frame
whose group (cropper, then classifier-gateway-dispatch) has not committed it; one that is committed and has no end on
any topic is missing, which is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tablewatch_cli.ledger import CROPPER, CROPS, DISPATCH, EVIDENCE, FRAMES, SHOWN, Document, Position

DROPPED = "frame.dropped"
TOPICS = (DROPPED, FRAMES, CROPS, EVIDENCE)
READERS: Mapping[str, str] = {CROPPER: FRAMES, DISPATCH: CROPS}
UNPUBLISHED = "capture_"
"""Begins the reasons of frames that were dropped before they were published."""
SLACK = timedelta(minutes=2)
"""Records are read from so long before the first hour: clocks differ, and a frame is late by its max_age_ms at most."""

Key = tuple[str, str]
"""Camera, and the beginning of the hour as text."""


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """One camera and hour, in frames."""

    camera_id: str
    hour: str
    captured: int
    classified: int
    gated: int
    dropped: Mapping[str, int]
    """By reason; those that begin with `capture_` were never published."""
    dead_lettered: int
    in_flight: int
    missing: int
    missing_frames: list[str]

    @property
    def balanced(self) -> bool:
        """captured = classified + gated + dropped + dead-lettered (+ in flight)."""
        return self.missing == 0


@dataclass(slots=True)
class _Frame:
    key: Key
    at: Position
    wanted: bool
    crops: Position | None = None
    tables: frozenset[str] = frozenset()
    results: dict[str, str] = field(default_factory=dict)
    dead: bool = False


def first_hour(now: datetime, hours: int) -> datetime:
    """The beginning of the first of so many hours, of which the current one is the last."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)


class LiveLedger:
    """Takes records of TOPICS, frames before crops before evidence.

    `committed` are the groups' offsets by (topic, partition), fetched *before* the records were read.
    """

    def __init__(
        self, committed: Mapping[str, Mapping[tuple[str, int], int]], since: datetime, camera_id: str | None = None
    ) -> None:
        self._committed, self._since, self._camera = committed, _text(since), camera_id
        self._frames: dict[str, _Frame] = {}
        self._unpublished: dict[Key, dict[str, int]] = {}

    def add(self, position: Position, value: Document | None) -> None:
        """A record; `value` is None when it is no JSON object. One of wrong types counts as nothing."""
        if value is not None and value.get("run_id") is None:
            with suppress(TypeError, AttributeError, ValueError, KeyError):
                self._add(position, value)

    def _add(self, position: Position, value: Document) -> None:
        topic = position[0]
        if topic == DROPPED:
            self._add_dropped(value)
        elif topic == FRAMES:
            self._add_frame(position, value)
        elif (frame := self._frames.get(str(value.get("frame_id")))) is None:
            return
        elif topic == CROPS:
            if frame.crops is None:
                frame.crops = position
                frame.tables = frozenset(str(crop["table_id"]) for crop in value.get("crops") or ())
        elif topic == EVIDENCE:
            _add_evidence(frame, value)

    def add_dead_letter(self, value: Document | None) -> None:
        """A dead letter of a group of READERS."""
        frame = None if value is None else self._frames.get(str(value.get("frame_id")))
        if frame is not None:
            frame.dead = True

    def accounts(self) -> list[LiveAccount]:
        """By hour, and within it by camera."""
        ends: dict[Key, Counter[str]] = {key: Counter() for key in self._unpublished}
        missing: dict[Key, list[str]] = {}
        for frame_id, frame in self._frames.items():
            end = self._end(frame)
            ends.setdefault(frame.key, Counter())[end] += 1
            if end == "missing":
                missing.setdefault(frame.key, []).append(frame_id)
        found = [self._account(key, counted, missing.get(key, [])) for key, counted in ends.items()]
        return sorted(found, key=lambda each: (each.hour, each.camera_id))

    def _add_dropped(self, value: Document) -> None:
        key = self._key(value["camera_id"], value["hour"])
        if key is not None:
            highest = self._unpublished.setdefault(key, {})
            for each in value["reasons"]:
                reason = str(each["reason"])
                highest[reason] = max(highest.get(reason, 0), int(each["frames"]))

    def _add_frame(self, position: Position, value: Document) -> None:
        key = self._key(value["camera_id"], value["captured_at"])
        if key is not None and value.get("object_key") is not None:
            wanted = "tables" in (value.get("make") or ()) and value.get("layout_key") is not None
            self._frames.setdefault(str(value["frame_id"]), _Frame(key, position, wanted))

    def _key(self, camera_id: Any, at: Any) -> Key | None:
        hour = _text(datetime.fromisoformat(str(at)).replace(minute=0, second=0, microsecond=0))
        wanted = hour >= self._since and self._camera in (None, camera_id)
        return (str(camera_id), hour) if wanted else None

    def _account(self, key: Key, ends: Counter[str], missing: list[str]) -> LiveAccount:
        unpublished = self._unpublished.get(key, {})
        dropped = {f"{UNPUBLISHED}{reason}": frames for reason, frames in sorted(unpublished.items())}
        dropped |= {end.removeprefix("dropped:"): n for end, n in sorted(ends.items()) if end.startswith("dropped:")}
        return LiveAccount(
            camera_id=key[0],
            hour=key[1],
            captured=sum(ends.values()) + sum(unpublished.values()),
            classified=ends["classified"],
            gated=ends["gated"],
            dropped=dropped,
            dead_lettered=ends["dead"],
            in_flight=ends["in_flight"],
            missing=len(missing),
            missing_frames=sorted(missing)[:SHOWN],
        )

    def _end(self, frame: _Frame) -> str:
        """A replay that worked outweighs its dead letter."""
        if not frame.wanted:
            return "dropped:not_wanted"
        if frame.crops is not None and not frame.tables:
            return "dropped:nothing_to_cut"
        if frame.crops is not None and frame.tables <= frame.results.keys():
            results = frame.results.values()
            return next((end for end in ("classified", "gated") if end in results), f"dropped:{min(results)}")
        if frame.dead:
            return "dead"
        group, at = (CROPPER, frame.at) if frame.crops is None else (DISPATCH, frame.crops)
        topic, partition, offset = at
        return "missing" if offset < self._committed.get(group, {}).get((topic, partition), 0) else "in_flight"


def _add_evidence(frame: _Frame, value: Document) -> None:
    kind, table_id = value.get("kind"), str(value.get("table_id"))
    if kind == "unavailable":
        frame.results.setdefault(table_id, str(value.get("reason") or kind).partition(":")[0])
    elif kind in ("verdict", "gated"):
        frame.results[table_id] = "classified" if kind == "verdict" else "gated"


def _text(hour: datetime) -> str:
    return hour.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def totals(accounts: Iterable[LiveAccount]) -> dict[str, int]:
    """The sum over accounts."""
    sums: Counter[str] = Counter()
    for each in accounts:
        sums.update(
            captured=each.captured, classified=each.classified, gated=each.gated, dropped=sum(each.dropped.values()),
            dead_lettered=each.dead_lettered, in_flight=each.in_flight, missing=each.missing,
        )  # fmt: skip
    return dict(sums)
