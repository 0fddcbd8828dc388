"""Why a table is in its state: what the frames showed that the state was concluded from, in words. Pure."""

from typing import Any

from api.model.pictures import frame_index, frame_owner
from api.model.types import Json
from tablewatch_schemas.ids import live_frame_id
from tablewatch_schemas.times import read_time

MOST_LOOKS = 5
"""Of a table that fewer cameras see; else one of each."""


def frames_behind(state: Json) -> list[str]:
    """The frames that a state (a document of table.state) was concluded from, newest first: the newest look of each
    camera that votes, whatever it said, and of those that the state names the newest.

    A state names frames that agree with it; of cameras that disagree, or of one that was outvoted, the vote tells.
    """
    voted: set[str] = set()
    if state["run_id"] is None:
        voted = {live_frame_id(vote["camera_id"], read_time(vote["as_of"])) for vote in state.get("votes") or ()}
    named = [each for each in state["evidence"]["frame_ids"] if frame_owner(each) and each not in voted]
    newest = sorted(named, key=frame_index, reverse=True)[: max(0, MOST_LOOKS - len(voted))]
    return sorted((*filter(frame_owner, voted), *newest), key=frame_index, reverse=True)


def look_document(view: Json, table_id: str) -> Json | None:
    """What a judged frame (a document of `model.views`) says of one table; None where it does not have the table."""
    verdict: Json | None = next((each for each in view["tables"] if each["table_id"] == table_id), None)
    if verdict is None:
        return None
    seen = [each for each in view["seen"] if table_id in (each["table_id"], each["second_table_id"])]
    names = ("frame_id", "camera_id", "captured_at", "layout_version", "model", "rule", "url")
    look: Json = {name: view[name] for name in names}
    return look | verdict | {"seen": seen, "why": sentence(verdict, seen, table_id)}


def sentence(verdict: Json, seen: list[Json], table_id: str) -> str:
    """The verdict of one frame for a person to read."""
    people = [_person(each, table_id) for each in seen if each["label"] == "person"]
    if verdict["verdict"] == "unknown":
        return " ".join([verdict["reason_text"] or "Nobody can tell.", *people])
    return " ".join(people) if people else "Nobody was seen who belongs to it."


def _person(person: Json, table_id: str) -> str:
    score, share = f"{person['score']:.2f}", _percent(person["share"])
    if person["table_id"] == table_id:
        inside = f", {share} of the box in its zone" if share else ""
        doubt = ", in doubt" if person["doubtful"] else ""
        return f"A person (score {score}{inside}{doubt})."
    return f"A person (score {score}) whom the second opinion gives to it."


def _percent(share: Any) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
