"""What both roles know of hazard.candidate: who writes it, and values of `suspended` that are not about a frame."""

from tablewatch_schemas import HazardCandidateDetector

SOURCE = "tablewatch/hazard"
DETECTOR = HazardCandidateDetector(name="floor-change", version="1")

RUN_CANCELLED = "run_cancelled"
RUN_DELETED = "run_deleted"
TICK = "tick"
