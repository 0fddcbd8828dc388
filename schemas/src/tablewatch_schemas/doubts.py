"""Why a table is unknown: the codes of `unknown_reason` (table.state), each with the sentence that people read.

The first list is what a look at one picture may say (`reason` of a verdict with the label unknown); the fold adds the
second. A code of a classifier that is not listed here reads as `doubtful`.
"""

from __future__ import annotations

DOUBTFUL = "doubtful"
CAMERAS_DISAGREE = "cameras_disagree"
NO_EVIDENCE = "no_evidence"
STALE, CAMERA, SIGNAL = "stale", "camera", "signal"

BLIND = frozenset({"frozen", "dark", "moved", "blocked", "offline", "paused"})
"""Of `camera.status`: no picture of such a camera says anything of its tables now."""
CAMERAS: dict[str, str] = {
    CAMERA: "The camera is offline.",
    "camera_frozen": "The camera shows an old picture, or sends none though it answers.",
    "camera_dark": "The camera's picture is too dark to see anybody.",
    "camera_moved": "The camera shows another view than the one in which the table was drawn.",
    "camera_blocked": "Something covers the camera's lens.",
    "camera_paused": "The camera rests: outside its opening hours, or switched off by somebody.",
}
"""Where no camera of the table sees anything of it: what is wrong with the one that was lost last."""

LOOKS: dict[str, str] = {
    "person_between_tables": "Somebody is seen who may belong to this table or to the one beside it.",
    "person_outside_zone": "Somebody is near the table but in no zone. The zone may be drawn too small.",
    "faint_person": "Something at the table may be a person; the detector is not sure enough.",
    "zone_too_small": "The zone has too few pixels in the picture to show anybody.",
    DOUBTFUL: "The classifier cannot tell, and gives no reason that is listed here.",
}
"""Of a look, which turn a table unknown when they last for longer than a single contrary verdict is ignored."""

DOUBTS = frozenset({*LOOKS, CAMERAS_DISAGREE})
"""Reasons that end by themselves when looks are certain again."""

UNKNOWN_REASONS: dict[str, str] = LOOKS | {
    CAMERAS_DISAGREE: "Cameras that see the table equally well say different things; `votes` lists what each says.",
    STALE: "No picture of the table was looked at for longer than a state holds.",
    **CAMERAS,
    SIGNAL: "A person or another system said so.",
    NO_EVIDENCE: "The run ended before anything was seen for long enough.",
}


def camera_code(status: str) -> str:
    """Why tables are unknown whose camera has this status, one of BLIND."""
    code = f"camera_{status}"
    return code if code in CAMERAS else CAMERA


def doubt_code(reason: str | None) -> str:
    """The listed code of a doubtful look."""
    return reason if reason in LOOKS else DOUBTFUL
