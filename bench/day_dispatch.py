"""python -m bench.day_dispatch: classifier-gateway as it is, with a classifier that knows the answers of `bench.day`.

It answers at once, from the site in BENCH_SITE: what is left is what dispatch itself costs.
"""

from __future__ import annotations

import os
from functools import partial

from bench.day_site import Site
from chassis.service import main
from classifier_gateway.settings import Settings
from classifier_gateway.wiring import build
from inference import FrameRequest, TableVerdict


class Knowing:
    """A classifier that looks at no picture."""

    name, version = "bench", "1"

    def __init__(self, site: Site) -> None:
        self._site = site

    async def classify(self, request: FrameRequest) -> list[TableVerdict]:
        """A verdict for each region, in its order."""
        return self._site.judge(request)

    async def close(self) -> None:
        """Nothing to let go."""


if __name__ == "__main__":
    main("classifier-gateway", Settings, partial(build, classifier=Knowing(Site.parse(os.environ["BENCH_SITE"]))))
