"""The ledger: what became of every frame that was extracted. Pure; the records are gathered elsewhere.

A frame that is wanted by a stage ends in exactly one of: classified or looked at, dropped, dead-lettered.
Until a group has committed it, it is under way; committed without any of these it is missing, which must never be.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
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
"""Consumer groups on the way: the topic that they read frames from, and the stage that they work for."""
TOPICS = (FRAMES, CROPS, EVIDENCE, CANDIDATES, COMMANDS)
SHOWN = 20

Place = tuple[str, int, int]
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
    frames: dict[str, tuple[str, Place]] = field(default_factory=dict)
    """Run and first place of every frame that the stage is wanted for."""
    repeated: Counter[str] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)
    handed_on: dict[str, Place] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)


class Ledger:
    """Takes records in any order; `committed` are the offsets of the groups, asked *before* the records were read."""

    def __init__(self, committed: Mapping[str, Mapping[tuple[str, int], int]]) -> None:
        self._committed = committed
        self._stages = {"tables": _Stage(), "hazards": _Stage()}
        self._frame_at: dict[Place, str] = {}
        self._tables: dict[str, set[str]] = {}
        self._judged: dict[str, dict[str, str]] = defaultdict(dict)
        self._unwanted: set[str] = set()
        self._letters: list[tuple[str, Place | None, str | None]] = []

    def take(self, place: Place, value: Document | None) -> None:
        """One record of TOPICS; `value` None: it is no JSON object."""
        if value is None:
            return
        topic = place[0]
        if topic == FRAMES:
            self._frame(place, value)
        elif topic == CROPS:
            self._crops(place, value)
        elif topic == EVIDENCE:
            self._evidence(value)
        elif topic == CANDIDATES:
            self._candidate(value)
        elif topic == COMMANDS and value.get("action") in ("cancel", "delete"):
            self._unwanted.add(str(value.get("run_id")))

    def take_letter(self, group: str, origin: Place | None, value: Document | None) -> None:
        """One dead letter of a group of READERS."""
        self._letters.append((group, origin, None if value is None else value.get("frame_id")))

    def accounts(self, run_id: str | None = None) -> list[Account]:
        """One for each run and stage, live first; `run_id` picks one run (or `live`)."""
        self._judge()
        self._bury()
        found = [self._account(run, name) for name, stage in self._stages.items() for run in _runs(stage)]
        chosen = [each for each in found if run_id in (None, each.run_id)]
        return sorted(chosen, key=lambda each: (each.run_id != LIVE, each.run_id, each.stage != "tables"))

    def _frame(self, place: Place, value: Document) -> None:
        frame_id = str(value.get("frame_id"))
        self._frame_at[place] = frame_id
        for name, stage in self._stages.items():
            if _wanted(name, value):
                if frame_id in stage.frames:
                    stage.repeated[frame_id] += 1
                stage.frames.setdefault(frame_id, (value.get("run_id") or LIVE, place))

    def _crops(self, place: Place, value: Document) -> None:
        frame_id = str(value.get("frame_id"))
        self._frame_at[place] = frame_id
        self._stages["tables"].handed_on.setdefault(frame_id, place)
        self._tables.setdefault(frame_id, {str(crop.get("table_id")) for crop in value.get("crops") or ()})

    def _evidence(self, value: Document) -> None:
        frame_id, kind = value.get("frame_id"), value.get("kind")
        if frame_id is None or kind not in ("verdict", "unavailable"):
            return
        said = "verdict" if kind == "verdict" else str(value.get("reason") or "unavailable").partition(":")[0]
        judged = self._judged[str(frame_id)]
        if judged.get(str(value.get("table_id"))) != "verdict":
            judged[str(value.get("table_id"))] = said

    def _candidate(self, value: Document) -> None:
        stage, frame_id = self._stages["hazards"], str(value.get("frame_id"))
        if value.get("suspended"):
            stage.dropped[frame_id] = str(value["suspended"])
        else:
            stage.done.add(frame_id)

    def _judge(self) -> None:
        """A frame is classified when each of its crops was answered and one at least with a verdict."""
        stage = self._stages["tables"]
        for frame_id, tables in self._tables.items():
            said = self._judged.get(frame_id, {})
            if not tables:
                stage.dropped[frame_id] = "nothing_to_cut"
            elif tables <= said.keys():
                if "verdict" in said.values():
                    stage.done.add(frame_id)
                else:
                    stage.dropped[frame_id] = sorted(said.values())[0]

    def _bury(self) -> None:
        for group, origin, named in self._letters:
            frame_id = named if origin is None else self._frame_at.get(origin, named)
            if frame_id is not None:
                self._stages[READERS[group][1]].dead.add(frame_id)

    def _account(self, run_id: str, name: str) -> Account:
        stage = self._stages[name]
        mine = [frame_id for frame_id, (run, _) in stage.frames.items() if run == run_id]
        ends = {frame_id: self._end(name, frame_id) for frame_id in mine}
        counted = Counter(end for end, _ in ends.values())
        missing = sorted(frame_id for frame_id, (end, _) in ends.items() if end == "missing")
        return Account(
            run_id=run_id,
            stage=name,
            extracted=len(mine),
            done=counted["done"],
            dropped=dict(sorted(Counter(why for end, why in ends.values() if end == "dropped").items())),
            dead_lettered=counted["dead"],
            under_way=counted["under_way"],
            missing=len(missing),
            repeated=sum(stage.repeated[frame_id] for frame_id in mine),
            missing_frames=missing[:SHOWN],
        )

    def _end(self, name: str, frame_id: str) -> tuple[str, str]:
        """What became of a frame, and why it was dropped. A replay that worked outweighs its dead letter."""
        stage = self._stages[name]
        run_id, place = stage.frames[frame_id]
        if frame_id in stage.done:
            return "done", ""
        if frame_id in stage.dead:
            return "dead", ""
        if frame_id in stage.dropped:
            return "dropped", stage.dropped[frame_id]
        if self._waits(name, place, stage.handed_on.get(frame_id)):
            return "under_way", ""
        return ("dropped", "run_unwanted") if run_id in self._unwanted else ("missing", "")

    def _waits(self, name: str, frame: Place, crops: Place | None) -> bool:
        if name == "hazards":
            return not self._handled(DETECT, frame)
        return not self._handled(CROPPER, frame) if crops is None else not self._handled(DISPATCH, crops)

    def _handled(self, group: str, place: Place) -> bool:
        topic, partition, offset = place
        return offset < self._committed.get(group, {}).get((topic, partition), 0)


def _wanted(stage: str, frame: Document) -> bool:
    """Whether a frame is this stage's to account for: it carries a picture, and the run asked for it."""
    asked = stage in (frame.get("make") or ()) and frame.get("object_key") is not None
    return asked and (stage != "tables" or frame.get("layout_key") is not None)


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
