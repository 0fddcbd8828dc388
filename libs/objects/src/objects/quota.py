"""Settings of the storage quota of a site, which the services that keep it must have alike."""

from pydantic import Field

from objects.settings import ObjectSettings


class QuotaSettings(ObjectSettings):
    """For api, ingest and extractor. Why these defaults: docs/decisions/0054."""

    site_original_bytes: int = Field(
        default=256 * 1024**3, ge=1, description="Most bytes of original videos of a site that has no limit of its own."
    )
    site_picture_bytes: int = Field(default=128 * 1024**3, ge=1, description="The same of frames and crops together.")
