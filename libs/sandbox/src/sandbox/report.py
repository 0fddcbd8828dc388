"""What is said of the layers that a kernel gives: in the log, and in the metrics."""

from typing import Any

import sandbox.metrics
from chassis.metrics import Metrics
from sandbox.layers import MEANING, Layers
from sandbox.metrics import SANDBOX_LAYER


def report(layers: Layers, log: Any, metrics: Metrics) -> None:
    """Into the log, with what each missing layer means, and into the metrics, where `tablewatch check` reads it."""
    log.info("sandbox", landlock_abi=layers.landlock_abi, **layers.by_name())
    for name in layers.missing():
        log.warning("sandbox_layer_missing", layer=name, means=MEANING[name])
    metrics.declare(sandbox.metrics)
    for name, there in layers.by_name().items():
        metrics.set(SANDBOX_LAYER, int(there), layer=name)
