"""Choosing the object store of a process by its settings, and what asks whether it can be used."""

from chassis.clock import Clock
from chassis.metrics import Metrics
from dependencies.checks import Probe
from dependencies.directory import STORE_DIRECTORY, DirectoryProbe
from objects.observed import ObservedObjects
from objects.settings import ObjectSettings
from objects.space import StoreSpace
from objects.store import ObjectStore


def open_objects(settings: ObjectSettings, metrics: Metrics | None = None, clock: Clock | None = None) -> ObjectStore:
    """S3 when `S3_URL` is set, else local disk. With `metrics` its operations are timed and its errors counted."""
    store = _store(settings, clock)
    return store if metrics is None else ObservedObjects(store, metrics, clock)


def _store(settings: ObjectSettings, clock: Clock | None) -> ObjectStore:
    if settings.s3_url:
        from objects.s3 import S3Objects  # loaded only where it is used: minio costs 40 ms and 20 MB

        return S3Objects.from_settings(settings)
    from objects.links import LinkSigner
    from objects.local import LocalObjects

    signer = LinkSigner(settings.link_secret, settings.public_url)
    return LocalObjects(settings.objects_root, signer, clock, root_must_exist=settings.objects_dir is not None)


def store_space(settings: ObjectSettings, clock: Clock, metrics: Metrics | None = None) -> StoreSpace:
    """The free space of the store of these settings."""
    root = None if settings.s3_url else settings.objects_root
    return StoreSpace(root, settings.store_min_free_bytes, clock, metrics)


def store_probe(settings: ObjectSettings, space: StoreSpace | None = None) -> Probe:
    """Asks the store of these settings whether it can be used, with `space` also whether anything new may be begun.

    Raises StoreUnavailable.
    """
    usable = _usable(settings)
    if space is None:
        return usable

    async def with_space() -> None:
        await usable()
        await space.check()

    return with_space


def _usable(settings: ObjectSettings) -> Probe:
    if settings.s3_url:
        from objects.s3_probe import S3Probe  # as above

        return S3Probe(settings)
    if settings.objects_dir is None:  # one that the operator named is made by the operator: it may be a mount
        settings.objects_root.mkdir(parents=True, exist_ok=True)
    return DirectoryProbe(settings.objects_root, STORE_DIRECTORY)
