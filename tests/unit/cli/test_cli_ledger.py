"""The ledger: every frame has exactly one end, in whatever order the topics are read."""

import random
from typing import Any

from tablewatch_cli.ledger import CROPPER, DETECT, DISPATCH, Account, Ledger, totals

ALL = {
    CROPPER: {("frame.extracted", 4): 100},
    DISPATCH: {("crop.ready", 4): 100},
    DETECT: {("frame.extracted", 4): 100},
}
Records = list[tuple[tuple[str, int, int], dict[str, Any] | None]]


def frame(index: int, run: str | None = "run_1", **changes: Any) -> dict[str, Any]:
    made = {"frame_id": f"{run}-{index}", "run_id": run, "object_key": "o", "layout_key": "l", "make": ["tables"]}
    return made | changes


def crops(index: int, *tables: str, run: str = "run_1") -> dict[str, Any]:
    return {"frame_id": f"{run}-{index}", "run_id": run, "crops": [{"table_id": table} for table in tables]}


def evidence(index: int, table: str, kind: str = "verdict", reason: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "frame_id": f"run_1-{index}", "table_id": table, "run_id": "run_1", "reason": reason}


def at(topic: str, offset: int) -> tuple[str, int, int]:
    return topic, 4, offset


def ledger_of(records: Records, committed: Any = ALL, dead_letters: Any = ()) -> Ledger:
    made = Ledger(committed)
    shuffled = list(records)
    random.Random(len(records)).shuffle(shuffled)
    for position, value in shuffled:
        made.add(position, value)
    for letter in dead_letters:
        made.add_dead_letter(*letter)
    return made


def only(made: Ledger, run: str | None = None) -> Account:
    (account,) = made.accounts(run)
    return account


def test_each_end_is_counted_once() -> None:
    records: Records = [(at("frame.extracted", index), frame(index)) for index in range(7)]
    records += [(at("frame.extracted", 20), frame(0))]  # redelivered
    records += [(at("crop.ready", index), crops(index, "a", "b")) for index in range(4)]
    records += [(at("crop.ready", 4), crops(4))]
    records += [(at("table.evidence", n), evidence(0, table)) for n, table in enumerate("ab")]
    late = [evidence(1, table, "unavailable", "late") for table in "ab"]
    down = [evidence(2, table, "unavailable", "unavailable: 503") for table in "ab"]
    records += [(at("table.evidence", 10 + n), each) for n, each in enumerate(late + down)]
    dead_letters = [(CROPPER, at("frame.extracted", 5), None), (DISPATCH, at("crop.ready", 3), None)]
    account = only(ledger_of(records, dead_letters=dead_letters))
    assert (account.extracted, account.done, account.dead_lettered, account.repeated) == (7, 1, 2, 1)
    assert account.dropped == {"late": 1, "nothing_to_cut": 1, "unavailable": 1}
    assert (account.missing, account.missing_frames, account.balanced) == (1, ["run_1-6"], False)
    assert totals([account])["tables"]["dropped"] == 3


def test_what_a_group_has_not_committed_is_under_way() -> None:
    records: Records = [(at("frame.extracted", index), frame(index)) for index in range(3)]
    records += [(at("crop.ready", 0), crops(0, "a")), (at("crop.ready", 1), crops(1, "a", "b"))]
    records += [(at("table.evidence", 0), evidence(1, "a"))]  # the classifier has b still
    committed = {CROPPER: {("frame.extracted", 4): 2}, DISPATCH: {("crop.ready", 4): 1}}
    account = only(ledger_of(records, committed))
    assert (account.under_way, account.missing_frames) == (2, ["run_1-0"])


def test_a_verdict_for_some_of_the_tables_only_is_a_loss() -> None:
    records: Records = [(at("frame.extracted", 0), frame(0)), (at("crop.ready", 0), crops(0, "a", "b"))]
    assert only(ledger_of([*records, (at("table.evidence", 0), evidence(0, "a"))])).missing == 1


def test_a_replay_that_worked_outweighs_its_dead_letter() -> None:
    records: Records = [
        (at("frame.extracted", 0), frame(0)), (at("crop.ready", 0), crops(0, "a")),
        (at("table.evidence", 0), evidence(0, "a")),
    ]  # fmt: skip
    account = only(ledger_of(records, dead_letters=[(CROPPER, at("frame.extracted", 0), frame(0))]))
    assert (account.done, account.dead_lettered) == (1, 0)


def test_a_dead_letter_without_an_origin_is_known_by_its_value() -> None:
    account = only(ledger_of([(at("frame.extracted", 0), frame(0))], dead_letters=[(CROPPER, None, frame(0))]))
    assert (account.dead_lettered, account.missing) == (1, 0)


def test_a_cancelled_run_drops_what_was_not_done_and_nothing_else() -> None:
    command = {"action": "cancel", "run_id": "run_1"}
    records: Records = [(at("frame.extracted", index), frame(index)) for index in range(2)]
    records += [(at("frame.extracted", 9), frame(0, run="run_2")), (at("video.command", 0), command)]
    made = ledger_of(records)
    assert only(made, "run_1").dropped == {"run_unwanted": 2}
    assert only(made, "run_2").missing == 1


def test_hazards_have_an_account_of_their_own_and_markers_none() -> None:
    both = {"make": ["tables", "hazards"]}
    records: Records = [(at("frame.extracted", index), frame(index, run=None, **both)) for index in range(3)]
    records += [(at("frame.extracted", 3), frame(3, run=None, object_key=None, **both))]
    records += [(at("frame.extracted", 4), frame(4, run=None, make=["frames"])), (at("frame.extracted", 5), None)]
    records += [(at("hazard.candidate", 0), {"frame_id": "None-0", "suspended": None})]
    records += [(at("hazard.candidate", 1), {"frame_id": "None-1", "suspended": "camera_dark"})]
    tables, hazards = ledger_of(records).accounts("live")
    assert (tables.stage, tables.extracted) == ("tables", 3)
    assert (hazards.done, hazards.dropped, hazards.missing) == (1, {"camera_dark": 1}, 1)
