"""What a site has stored and may store, as the api knows it from the topics. Pure; every size is in bytes.

Ingest and the extractor hold a site to its quota (docs/decisions/0054-storage-quota-of-a-site.md); this is what people
are shown, and what refuses a video before it is sent for nothing.
"""

from dataclasses import dataclass

from api.model.errors import SiteStorageFull


@dataclass(frozen=True, slots=True)
class Limits:
    """Most bytes of originals, and of frames and crops together."""

    originals: int
    pictures: int


@dataclass(frozen=True, slots=True)
class SiteStorage:
    """`announced`: sizes of files that are announced and not stored yet; `reserved`: for frames and crops of runs."""

    originals: int
    announced: int
    frames: int
    crops: int
    reserved: int
    limits: Limits

    def check_room(self, size: int | None) -> None:
        """Check that a video of `size` (None: not said) may be announced. Raises SiteStorageFull."""
        taken = self.originals + self.announced
        if taken + max(1, size or 0) > self.limits.originals:
            wanted = "" if size is None else f" {size} bytes are wanted."
            raise SiteStorageFull(
                f"Of {self.limits.originals} bytes for original videos, {max(0, self.limits.originals - taken)} are"
                f" left.{wanted} Delete videos, or have the quota of the site raised."
            )
        pictures = self.frames + self.crops + self.reserved
        if pictures >= self.limits.pictures:
            raise SiteStorageFull(
                f"All {self.limits.pictures} bytes for frames and crops are stored or reserved. Delete videos, or have"
                " the quota of the site raised."
            )
