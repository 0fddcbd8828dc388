"""The immutable documents that events name, fetched once: layouts and judgements by key, manifests by run."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from cachetools import LRUCache

from events.single_flight import SingleFlight
from objects.store import ObjectStore
from tablewatch_schemas import ContractError, keys
from tablewatch_schemas.judgement import MOST_BYTES, FrameJudgement
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest

D = TypeVar("D")
_CACHED = 512


class Documents:
    """Caches the documents of each kind used last; for one event loop, not for threads.

    Whoever waits for the same document shares one fetch. Failures are not cached: a document that is gone (Gone) or
    broken (ContractError), or a store that is away (ConnectionError), is asked for again by the next call. A cached
    document outlives its object.
    """

    def __init__(self, objects: ObjectStore, cached: int = _CACHED) -> None:
        self._layouts = _Loader(objects, _layout, cached)
        self._manifests = _Loader(objects, _manifest, cached)
        self._judgements = _Loader(objects, FrameJudgement.parse, cached, MOST_BYTES)

    async def layout(self, key: str) -> Layout:
        """By its object key. Raises Gone, ContractError."""
        return await self._layouts.get(key)

    async def manifest(self, site_id: str, run_id: str) -> Manifest:
        """Of a run. Raises Gone (the run was deleted, or made by hand), ContractError."""
        return await self._manifests.get(keys.manifest(site_id, run_id))

    async def judgement(self, key: str) -> FrameJudgement:
        """By its object key. Raises Gone (the frame is not judged yet, or never will be), ContractError."""
        return await self._judgements.get(key)


class _Loader(Generic[D]):
    """Documents of one kind by object key. `parse` gets the bytes and the key; of an object that is larger than
    `most_bytes` it gets one byte more than that, so that it is refused and not read."""

    def __init__(
        self, objects: ObjectStore, parse: Callable[[bytes, str], D], cached: int, most_bytes: int | None = None
    ) -> None:
        self._objects, self._parse, self._most_bytes = objects, parse, most_bytes
        self._cache: LRUCache[str, D] = LRUCache(cached)
        self._fetches: SingleFlight[D] = SingleFlight()

    async def get(self, key: str) -> D:
        if (document := self._cache.get(key)) is not None:
            return document
        return await self._fetches.run(key, partial(self._fetch, key))

    async def _fetch(self, key: str) -> D:
        document = self._cache[key] = self._parse(await self._read(key), key)
        return document

    async def _read(self, key: str) -> bytes:
        if self._most_bytes is None:
            return await self._objects.get(key)
        return await self._objects.get_range(key, 0, self._most_bytes + 1)


def _layout(data: bytes, key: str) -> Layout:
    layout = Layout.parse(data)
    _check_key(layout.layout_key, key)
    return layout


def _manifest(data: bytes, key: str) -> Manifest:
    manifest = Manifest.parse(data)
    _check_key(keys.manifest(manifest.site_id, manifest.run_id), key)
    return manifest


def _check_key(own: str, key: str) -> None:
    """Raises ContractError: what lies under the key of another document is not to be taken for it."""
    if own != key:
        raise ContractError("wrong_schema", f"{key} holds the document {own}")
