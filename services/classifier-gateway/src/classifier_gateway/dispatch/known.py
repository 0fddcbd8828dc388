"""Immutable documents that events name, fetched once: layouts by key, manifests by run."""

from collections.abc import Iterable
from typing import TypeVar

from chassis.objects import Gone, ObjectStore
from tablewatch_schemas import keys
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import Manifest

_KEPT = 512
T = TypeVar("T")


class Known:
    """A bounded memory; what is forgotten is fetched again."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._layouts: dict[str, Layout] = {}
        self._manifests: dict[str, Manifest] = {}

    async def layout(self, key: str) -> Layout:
        """Raises Gone, ContractError."""
        if key not in self._layouts:
            _keep(self._layouts, key, Layout.parse(await self._objects.get(key)))
        return self._layouts[key]

    async def manifest(self, site_id: str, run_id: str) -> Manifest | None:
        """None when it is gone: the run was deleted, or made by hand. Raises ContractError."""
        if run_id not in self._manifests:
            try:
                data = await self._objects.get(keys.manifest(site_id, run_id))
            except Gone:
                return None
            _keep(self._manifests, run_id, Manifest.parse(data))
        return self._manifests[run_id]

    async def tables(self, layout_key: str | None, make: Iterable[str] = ("tables",)) -> list[str]:
        """Tables that states are made for; none without a layout, or when it is gone. Raises ContractError."""
        if layout_key is None or "tables" not in make:
            return []
        try:
            return [table.table_id for table in (await self.layout(layout_key)).tables]
        except Gone:
            return []


def _keep(memory: dict[str, T], key: str, value: T) -> None:
    if len(memory) >= _KEPT:
        memory.pop(next(iter(memory)))
    memory[key] = value
