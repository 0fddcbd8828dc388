"""Whether an action on an alert can still change it. Pure."""

from api.model.errors import HazardClosed, HazardNotFound, HazardsEnded, HazardStatusConflict
from api.model.job import Video
from api.model.types import Json
from tablewatch_schemas.hazard_actions import ACTIONS, CLOSED


def check_action(hazard: Json, action: str, video: Video | None) -> None:
    """`video` is that of the alert's run, None of a live one. Raises what keeps the action from being applied.

    The fold forgets the alerts of a run with its last record: after it they stay as they are, whoever asks.
    """
    status = hazard["status"]
    if hazard["run_id"] is not None:
        if video is None or video.deleting:
            raise HazardNotFound(f"The video of hazard {hazard['hazard_id']} is being deleted.")
        if video.facts.hazards_ended or video.facts.cancelled:
            raise HazardsEnded(f"The run has ended; its alerts stay as they are, this one {status}.")
    if status in CLOSED:
        raise HazardClosed(f"The alert is {status} already.")
    allowed, _ = ACTIONS[action]
    if status not in allowed:
        raise HazardStatusConflict(f"The alert is {status} already; {action} is for one that is {_either(allowed)}.")


def _either(statuses: frozenset[str]) -> str:
    return " or ".join(sorted(statuses))
