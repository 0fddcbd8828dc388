"""Classifiers that are several: each camera and site gets the model that was chosen for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from inference.protocol import Classifier, FrameRequest, Judgement, Unavailable, Unreadable

ENOUGH = 3
"""Failures in a row after which a brought model is asked no more."""


class ChosenClassifier:
    """The classifier of the frame's camera, else of its site, else ``default``. Name and version are the default's."""

    def __init__(self, default: Classifier, sites: Mapping[str, Classifier], cameras: Mapping[str, Classifier]) -> None:
        self.name, self.version = default.name, default.version
        self._default, self._sites, self._cameras = default, sites, cameras

    async def classify(self, request: FrameRequest) -> Judgement:
        """Raises Unavailable, Unreadable as the chosen one does."""
        by_site = self._sites.get(request.site_id, self._default)
        chosen = self._cameras.get(request.camera_id, by_site) if request.camera_id else by_site
        return await chosen.classify(request)

    async def close(self) -> None:
        """Close each once."""
        each = {id(one): one for one in (self._default, *self._sites.values(), *self._cameras.values())}
        await asyncio.gather(*(one.close() for one in each.values()))


class AskedClassifier:
    """The classifier that is asked for by name with each frame; ``usual`` where none is, or it cannot be had.

    ``open_named`` opens one at the first frame that asks for it, on a thread of its own; None: it cannot be used, and
    is not tried again. Until it is open live frames are judged by ``usual``, because trying out a file may take longer
    than they can wait. Name and version are those of ``usual``.
    """

    def __init__(
        self, usual: Classifier, name_of: Callable[[FrameRequest], str | None],
        open_named: Callable[[str], Classifier | None],
    ) -> None:  # fmt: skip
        self.name, self.version = usual.name, usual.version
        self._usual, self._name_of, self._open = usual, name_of, open_named
        self._named: dict[str, asyncio.Task[Classifier | None]] = {}

    async def classify(self, request: FrameRequest) -> Judgement:
        """Raises Unavailable, Unreadable as the one that judges does."""
        name = self._name_of(request)
        asked = None if name is None else await self._opened(name, live=request.live)
        return await (asked or self._usual).classify(request)

    async def close(self) -> None:
        """Close each once, also what is still being opened."""
        opened = [one for one in await asyncio.gather(*self._named.values()) if one is not None]
        await self._usual.close()
        await asyncio.gather(*(one.close() for one in {id(each): each for each in opened}.values()))

    async def _opened(self, name: str, *, live: bool) -> Classifier | None:
        opening = self._named.get(name)
        if opening is None:
            opening = self._named[name] = asyncio.create_task(asyncio.to_thread(self._open, name))
        if live:
            return opening.result() if opening.done() else None
        return await asyncio.shield(opening)  # a frame that waits no longer leaves it to the next


class WithFallback:
    """A classifier that a site brought; another judges the frames at which it fails, and all after ENOUGH in a row: a
    file that passed the trial may still answer with nothing but errors, or too late.

    ``fallback`` opens the other, on a thread; it is closed by whoever opened it. ``failed`` hears of each failure: how
    many in a row, and who judges instead. Name and version are those of ``brought``.
    """

    def __init__(
        self, brought: Classifier, fallback: Callable[[], Classifier],
        failed: Callable[[int, Exception, Classifier], None],
    ) -> None:  # fmt: skip
        self.name, self.version = brought.name, brought.version
        self._brought, self._fallback, self._failed = brought, fallback, failed
        self._failures = 0

    async def classify(self, request: FrameRequest) -> Judgement:
        """Raises Unavailable, Unreadable."""
        failure: Exception | None = None
        if self._failures < ENOUGH:
            try:
                judgement = await self._brought.classify(request)
            except (Unavailable, Unreadable):
                raise
            except Exception as error:  # noqa: BLE001 (whatever a strange graph makes of a decoder)
                self._failures, failure = self._failures + 1, error
            else:
                self._failures = 0
                return judgement
        fallback = await asyncio.to_thread(self._fallback)
        if failure is not None:
            self._failed(self._failures, failure, fallback)
        return await fallback.classify(request)

    async def close(self) -> None:
        """Close what was brought."""
        await self._brought.close()
