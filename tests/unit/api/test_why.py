"""The sentence that says why a frame shows a table as it does."""

import pytest

from api.model.types import Json
from api.model.why import frames_behind, look_document, sentence


def verdict(label: str, reason_text: str | None = None) -> Json:
    return {"table_id": "tbl_1", "verdict": label, "reason": None, "reason_text": reason_text}


def person(
    table: str | None = "tbl_1", second: str | None = None, *, doubtful: bool = False, share: float | None = 0.93
) -> Json:
    return {
        "label": "person", "score": 0.914, "box": [0, 0, 1, 1], "table_id": table, "share": share,
        "second_table_id": second, "doubtful": doubtful,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "seen", "told"),
    [
        (verdict("free"), [], "Nobody was seen who belongs to it."),
        (verdict("occupied"), [person()], "A person (score 0.91, 93 % of the box in its zone)."),
        (verdict("occupied"), [person(share=None)], "A person (score 0.91)."),
        (
            verdict("unknown", "Somebody is between two."),
            [person("tbl_2", "tbl_1", doubtful=True)],
            "Somebody is between two. A person (score 0.91) whom the second opinion gives to it.",
        ),
        (verdict("unknown"), [person(doubtful=True)],
         "Nobody can tell. A person (score 0.91, 93 % of the box in its zone, in doubt)."),
        (verdict("free"), [{"label": "cup", "table_id": "tbl_1"}], "Nobody was seen who belongs to it."),
    ],
)  # fmt: skip
def test_a_verdict_is_told_by_what_was_seen(table: Json, seen: list[Json], told: str) -> None:
    assert sentence(table, seen, "tbl_1") == told


def test_only_what_concerns_the_table_is_shown() -> None:
    view = {
        "frame_id": "cam_1-1", "camera_id": "cam_1", "captured_at": "t", "layout_version": 1, "model": {}, "rule": "r",
        "url": "u",
        "tables": [verdict("occupied")], "seen": [person(), person("tbl_2"), person(None), person("tbl_2", "tbl_1")],
    }  # fmt: skip
    look = look_document(view, "tbl_1")
    assert look is not None
    assert (look["camera_id"], len(look["seen"])) == ("cam_1", 2)
    assert look_document(view, "tbl_9") is None


def state(frame_ids: list[str], votes: dict[str, str], run_id: str | None = None) -> Json:
    told = [{"camera_id": camera, "as_of": f"2026-11-29T02:40:{second}Z"} for camera, second in votes.items()]
    return {"run_id": run_id, "evidence": {"frame_ids": frame_ids}, "votes": told}


def test_the_newest_look_of_each_camera_is_behind_a_state_also_one_that_disagrees() -> None:
    """A table that is unknown because two cameras disagree named the frame of one of them only."""
    disagree = state(["cam_b-1795920034200"], {"cam_a": "33.100", "cam_b": "34.200"})
    assert frames_behind(disagree) == ["cam_b-1795920034200", "cam_a-1795920033100"]
    outvoted = state([f"cam_b-{number}" for number in range(9)], {"cam_a": "33.100", "cam_b": "34.200"})
    assert frames_behind(outvoted)[:3] == ["cam_b-1795920034200", "cam_a-1795920033100", "cam_b-8"]
    assert len(frames_behind(outvoted)) == 5
    many = state(["cam_1-1"], {f"cam_{number}": f"{10 + number}.000" for number in range(8)})
    assert len(frames_behind(many)) == 8


def test_behind_a_state_of_a_run_are_the_frames_that_it_names() -> None:
    votes = {"run_1": "33.100"}
    assert frames_behind(state(["run_1-000000001", "", "run_1-000000007"], votes, "run_1")) == [
        "run_1-000000007", "run_1-000000001",
    ]  # fmt: skip
    assert frames_behind({"run_id": None, "evidence": {"frame_ids": ["cam_1-5"]}}) == ["cam_1-5"], "of an older gateway"
