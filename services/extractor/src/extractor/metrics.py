"""Metrics of the extractor alone."""

from chassis.metrics import Counter, Gauge

EXTRACTION_WAITS = Gauge(
    "extraction_waits", "1 while workers begin nothing, by the code of what they wait for", ("code",)
)
LEASES_LOST = Counter("leases_lost_total", "Leases that somebody else took while we worked", ("lease",))
LIVE_FRAMES = Counter(
    "live_frames_total",
    "Frames sampled from cameras, by what became of them; a reason where dropped",
    ("outcome", "reason"),
)
CAMERAS = Gauge("cameras_captured", "Cameras that this process captures, by their status", ("status",))
CAMERA_SESSIONS = Counter("camera_sessions_ended_total", "Sessions with cameras that ended, by why", ("code",))
PROBES = Counter(
    "camera_probes_total",
    "Probes and discoveries (action) that were answered, by code; done where that was found which was asked for",
    ("action", "code"),
)
DEVICES = Counter(
    "camera_devices_discovered_total",
    "Cameras that discoveries found, by why their streams are not known; done where they are",
    ("code",),
)
CAMERAS_UNCLAIMED = Gauge(
    "cameras_unclaimed", "Cameras that no process has had for a lease, while this one and all others are full"
)
