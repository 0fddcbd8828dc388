"""Defaults that more than one service needs; nothing else states them.

A wrong "free" of a live table is acted on at once, so leaving takes longer there; of a run the history counts, and
guests of a quick scene come and go within seconds, so it takes less (decision 0070). A live state expires soon after
its cameras fall silent; in a run, where nobody waits and frames may be as sparse as keyframes are, it holds longer.
"""

from tablewatch_schemas.manifest import Thresholds

LIVE_THRESHOLDS = Thresholds(enter_ms=3_000, leave_ms=6_000, hold_ms=2_000, ttl_ms=30_000)
"""Of live tables: defaults of the classifier gateway's settings."""

RUN_THRESHOLDS = Thresholds(enter_ms=3_000, leave_ms=4_000, hold_ms=2_000, ttl_ms=60_000)
"""Of a new run: defaults of the api's settings, which it writes into the manifest."""

GATED_MS = 300_000
"""How long a look stands for frames in which nothing changed, before the table is looked at again: five minutes.

A look costs the same after one minute or after five, and at five one frame in thirty is still looked at where a camera
gives one every ten seconds. A change that the gate overlooks is seen after that time at the latest, which is how long
staff take to notice one themselves.
"""

CROPS_REUSED_MS = 60_000
"""How long the crops of one frame may stand for later ones in which no table changed, in a run a frame for each
second. Whatever deletes old crops keeps
them for as much longer than the frames that may name them."""

DETECTORS = ("yolox-nano", "coco-ssd")
"""Names of the shipped detectors; a site may bring others (docs/detectors.md)."""
