"""The ledger: what became of every frame that was extracted. Pure; the records are read elsewhere.

A frame that is wanted by a stage ends in exactly one of: done (classified or looked at), dropped, dead-lettered.
Until a group has committed it, it is under way; committed without any of these it is missing, which is an error.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

LIVE = "live"
CROPPER, DISPATCH, DETECT = "cropper", "classifier-gateway-dispatch", "hazard-detect"
FRAMES, CROPS, EVIDENCE, CANDIDATES, COMMANDS = (
    "frame.extracted", "crop.ready", "table.evidence", "hazard.candidate", "video.command",
)  # fmt: skip
READERS: Mapping[str, tuple[str, str]] = {
    CROPPER: (FRAMES, "tables"),
    DISPATCH: (CROPS, "tables"),
    DETECT: (FRAMES, "hazards"),
}
"""By consumer group: the topic that it reads frames from, and the stage that it works for."""
TOPICS = (FRAMES, CROPS, EVIDENCE, CANDIDATES, COMMANDS)
SHOWN = 20

Position = tuple[str, int, int]
"""Topic, partition, offset."""
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Account:
    """One run (or all live cameras) in one stage, in frames. `repeated` are records delivered more than once."""

    run_id: str
    stage: str
    extracted: int
    done: int
    dropped: Mapping[str, int]
    """By reason."""
    dead_lettered: int
    under_way: int
    missing: int
    repeated: int
    missing_frames: list[str]

    @property
    def balanced(self) -> bool:
        """extracted = done + dropped + dead-lettered (+ under way)."""
        return self.missing == 0


@dataclass(slots=True)
class _Stage:
    frames: dict[str, tuple[str, Position]] = field(default_factory=dict)
    """Run and first position of every frame that the stage is wanted for."""
    repeated: Counter[str] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)
    handed_on: dict[str, Position] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)


class Ledger:
    """Takes records in any order.

    `committed` are the groups' offsets by (topic, partition), fetched *before* the records were read.
    """

    def __init__(self, committed: Mapping[str, Mapping[tuple[str, int], int]]) -> None:
        self._committed = committed
        self._stages = {"tables": _Stage(), "hazards": _Stage()}
        self._frame_at: dict[Position, str] = {}
        self._tables: dict[str, set[str]] = {}
        self._results: dict[str, dict[str, str]] = defaultdict(dict)
        """By frame and table: `verdict`, or why there is none."""
        self._unwanted: set[str] = set()
        self._dead_letters: list[tuple[str, Position | None, str | None]] = []

    def add(self, position: Position, value: Document | None) -> None:
        """A record of TOPICS; `value` is None when it is no JSON object. One of wrong types counts as nothing."""
        if value is not None:
            with suppress(TypeError, AttributeError):
                self._add(position, value)

    def _add(self, position: Position, value: Document) -> None:
        topic = position[0]
        if topic == FRAMES:
            self._add_frame(position, value)
        elif topic == CROPS:
            self._add_crops(position, value)
        elif topic == EVIDENCE:
            self._add_evidence(value)
        elif topic == CANDIDATES:
            self._add_candidate(value)
        elif topic == COMMANDS and value.get("action") in ("cancel", "delete"):
            self._unwanted.add(str(value.get("run_id")))

    def add_dead_letter(self, group: str, origin: Position | None, value: Document | None) -> None:
        """A dead letter of a group of READERS."""
        frame_id = None if value is None else value.get("frame_id")
        self._dead_letters.append((group, origin, frame_id if isinstance(frame_id, str) else None))

    def accounts(self, run_id: str | None = None) -> list[Account]:
        """One for each run and stage, live first; `run_id` picks one run (or `live`)."""
        self._end_classified_frames()
        self._end_dead_letters()
        found = [self._account(run, name) for name, stage in self._stages.items() for run in _runs(stage)]
        chosen = [each for each in found if run_id in (None, each.run_id)]
        return sorted(chosen, key=lambda each: (each.run_id != LIVE, each.run_id, each.stage != "tables"))

    def _add_frame(self, position: Position, value: Document) -> None:
        frame_id = str(value.get("frame_id"))
        self._frame_at[position] = frame_id
        for name, stage in self._stages.items():
            if _wanted(name, value):
                if frame_id in stage.frames:
                    stage.repeated[frame_id] += 1
                stage.frames.setdefault(frame_id, (str(value.get("run_id") or LIVE), position))

    def _add_crops(self, position: Position, value: Document) -> None:
        frame_id = str(value.get("frame_id"))
        self._frame_at[position] = frame_id
        self._stages["tables"].handed_on.setdefault(frame_id, position)
        self._tables.setdefault(frame_id, {str(crop.get("table_id")) for crop in value.get("crops") or ()})

    def _add_evidence(self, value: Document) -> None:
        frame_id, kind = value.get("frame_id"), value.get("kind")
        if frame_id is None or kind not in ("verdict", "gated", "unavailable"):
            return
        table_id = str(value.get("table_id"))
        result = (
            "verdict" if kind in ("verdict", "gated") else str(value.get("reason") or "unavailable").partition(":")[0]
        )
        if self._results[str(frame_id)].get(table_id) != "verdict":
            self._results[str(frame_id)][table_id] = result

    def _add_candidate(self, value: Document) -> None:
        stage, frame_id = self._stages["hazards"], str(value.get("frame_id"))
        if value.get("suspended"):
            stage.dropped[frame_id] = str(value["suspended"])
        else:
            stage.done.add(frame_id)

    def _end_classified_frames(self) -> None:
        """A frame is done when each of its crops has a result and one at least is a verdict."""
        stage = self._stages["tables"]
        for frame_id, tables in self._tables.items():
            results = self._results.get(frame_id, {})
            if not tables:
                stage.dropped[frame_id] = "nothing_to_cut"
            elif tables <= results.keys():
                if "verdict" in results.values():
                    stage.done.add(frame_id)
                else:
                    stage.dropped[frame_id] = sorted(results.values())[0]

    def _end_dead_letters(self) -> None:
        for group, origin, frame_in_value in self._dead_letters:
            frame_id = frame_in_value if origin is None else self._frame_at.get(origin, frame_in_value)
            if frame_id is not None:
                self._stages[READERS[group][1]].dead.add(frame_id)

    def _account(self, run_id: str, name: str) -> Account:
        stage = self._stages[name]
        frames = [frame_id for frame_id, (run, _) in stage.frames.items() if run == run_id]
        ends = {frame_id: self._end(name, frame_id) for frame_id in frames}
        counted = Counter(end for end, _ in ends.values())
        missing = sorted(frame_id for frame_id, (end, _) in ends.items() if end == "missing")
        return Account(
            run_id=run_id,
            stage=name,
            extracted=len(frames),
            done=counted["done"],
            dropped=dict(sorted(Counter(reason for end, reason in ends.values() if end == "dropped").items())),
            dead_lettered=counted["dead"],
            under_way=counted["under_way"],
            missing=len(missing),
            repeated=sum(stage.repeated[frame_id] for frame_id in frames),
            missing_frames=missing[:SHOWN],
        )

    def _end(self, name: str, frame_id: str) -> tuple[str, str]:
        """How a frame ended, and why it was dropped. A replay that worked outweighs its dead letter."""
        stage = self._stages[name]
        run_id, position = stage.frames[frame_id]
        if frame_id in stage.done:
            return "done", ""
        if frame_id in stage.dead:
            return "dead", ""
        if frame_id in stage.dropped:
            return "dropped", stage.dropped[frame_id]
        if self._under_way(name, position, stage.handed_on.get(frame_id)):
            return "under_way", ""
        return ("dropped", "run_unwanted") if run_id in self._unwanted else ("missing", "")

    def _under_way(self, name: str, frame: Position, crops: Position | None) -> bool:
        if name == "hazards":
            return not self._is_committed(DETECT, frame)
        return not self._is_committed(CROPPER, frame) if crops is None else not self._is_committed(DISPATCH, crops)

    def _is_committed(self, group: str, position: Position) -> bool:
        topic, partition, offset = position
        return offset < self._committed.get(group, {}).get((topic, partition), 0)


def _wanted(stage: str, frame: Document) -> bool:
    """Whether a stage has to account for a frame: it carries a picture, and the run includes the stage."""
    included = stage in (frame.get("make") or ()) and frame.get("object_key") is not None
    return included and (stage != "tables" or frame.get("layout_key") is not None)


def _runs(stage: _Stage) -> Iterator[str]:
    yield from dict.fromkeys(run for run, _ in stage.frames.values())


def totals(accounts: Iterable[Account]) -> dict[str, Any]:
    """The sum over accounts, by stage."""
    found: dict[str, Any] = {}
    for each in accounts:
        sums = found.setdefault(each.stage, Counter())
        sums.update(
            extracted=each.extracted, done=each.done, dropped=sum(each.dropped.values()),
            dead_lettered=each.dead_lettered, under_way=each.under_way, missing=each.missing, repeated=each.repeated,
        )  # fmt: skip
    return {stage: dict(sums) for stage, sums in found.items()}
