"""Metrics of those who start locked-down children."""

from chassis.metrics import Gauge

SANDBOX_LAYER = Gauge(
    "sandbox_layer", "1 where the kernel gives this layer to children that open untrusted media, else 0", ("layer",)
)
