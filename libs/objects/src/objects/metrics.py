"""Metrics of object stores and of those who read from them."""

from chassis.metrics import Counter, Gauge, Seconds

OBJECTS_GONE = Counter("objects_gone_total", "Objects that were named and not there any more", ("what",))
OBJECT_ERRORS = Counter(
    "object_errors_total", "Object store operations that failed; a missing object is none", ("operation", "error")
)
STORE_FREE_BYTES = Gauge("store_free_bytes", "Free space of the file system of a local object store")
STORE_FLOOR_BYTES = Gauge("store_floor_bytes", "Free space below which nothing new is begun; 0: no local store")
OBJECT_SECONDS = Seconds("object_seconds", "Time of one object store operation", ("operation",))
