"""Metrics of this service."""

from chassis.metrics import Gauge

CLASSIFIER_MODEL = Gauge(
    "classifier_model",
    "1 for a model that judges frames; wanted is the one that was chosen for them, where it could be had the same",
    ("model", "version", "wanted"),
)
DETECTOR_REFUSED = Gauge(
    "detector_refused",
    "1 for a detector that is asked for and not used, with the code of the reason; another model judges instead",
    ("detector", "code"),
)
