"""Metrics that several services write."""

from chassis.metrics import Counter, Gauge

FRAMES = Counter(
    "frames_total",
    "Frames wanted for tables, by what became of them: extracted, then classified (gated: without a look, as nothing "
    "had changed), dropped (why) or dead-lettered (dead_letters_total); live or of runs",
    ("outcome", "reason", "lane"),
)
LIVE_RECENT = Gauge(
    "live_recent_frames",
    "Live frames of the last five minutes that a stage (captured, judged) has done or dropped; a reason where dropped",
    ("stage", "outcome", "reason"),
)


def lane_of(run_id: str | None) -> str:
    """The label `lane`."""
    return "live" if run_id is None else "run"
