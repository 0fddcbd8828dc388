"""python -m bench.day_dispatch: the classifier-gateway with a classifier that knows the verdicts of `bench.day`.

It takes them from the site in BENCH_SITE, at once: what is left is the cost of dispatch itself.
"""

from __future__ import annotations

import os
from functools import partial

from bench.day_site import Site
from chassis.service import main
from classifier_gateway.__main__ import build
from classifier_gateway.settings import Settings
from inference import FrameRequest, Judgement


class KnownVerdicts:
    """A classifier that looks at no picture."""

    name, version = "bench", "1"

    def __init__(self, site: Site) -> None:
        self._site = site

    async def classify(self, request: FrameRequest) -> Judgement:
        """A verdict for each region, in its order."""
        return self._site.judgement(request)

    async def close(self) -> None:
        """Nothing is open."""


if __name__ == "__main__":
    main("classifier-gateway", Settings, partial(build, classifier=KnownVerdicts(Site.parse(os.environ["BENCH_SITE"]))))
