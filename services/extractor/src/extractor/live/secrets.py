"""User names and passwords of cameras, which only the extractor can read; the api seals them to its public key."""

import asyncio
from typing import Any

from chassis.clock import Clock, wait_or_stop
from credentials import Credentials, NotReadable, private_key, public_pem, unseal
from extractor.model.camera_failures import CredentialsNotReadable
from objects.store import Gone, ObjectStore
from tablewatch_schemas import CameraConfig, keys


class Secrets:
    """`secret` is the setting CAMERA_SECRET; an empty one reads nothing, and the api then takes no passwords."""

    def __init__(self, store: ObjectStore, secret: str) -> None:
        self._store = store
        self._key = private_key(secret) if secret else None

    async def announce(self) -> None:
        """Store the public key, for the api. Raises OSError."""
        if self._key is not None:
            await self._store.put(keys.EXTRACTOR_KEY, public_pem(self._key), "application/x-pem-file")

    async def of(self, config: CameraConfig) -> Credentials | None:
        """Those of a camera, None if it has none. Raises CredentialsNotReadable, and what the store raises."""
        source = config.source
        return await self.read(config.site_id, config.camera_id, source.address or "", source.secret_ref)

    async def read(self, site_id: str, owner_id: str, address: str, secret_ref: str | None) -> Credentials | None:
        """Those that were sealed for a camera or a probe and its address, None without `secret_ref`. Raises as `of`."""
        if secret_ref is None:
            return None
        key = keys.camera_secret(site_id, owner_id)
        if self._key is None or secret_ref != key:
            raise CredentialsNotReadable
        try:
            return unseal(self._key, owner_id, address, await self._store.get(key))
        except (Gone, NotReadable) as error:
            raise CredentialsNotReadable(type(error).__name__) from error

    async def forget(self, site_id: str, owner_id: str) -> None:
        """The camera was deleted, the probe answered."""
        await self._store.delete(keys.camera_secret(site_id, owner_id))


RETRY_S = 5.0


async def announce(secrets: Secrets, stop: asyncio.Event, *, clock: Clock, log: Any) -> None:
    """A task: announce the key as soon as the store takes it, then wait for `stop`."""
    while not stop.is_set():
        try:
            await secrets.announce()
        except OSError as error:
            log.warning("camera_key_put_off", error=repr(error))
            await wait_or_stop(clock, RETRY_S, stop)
        else:
            await stop.wait()
