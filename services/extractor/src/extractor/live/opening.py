"""site.config as far as capture goes: the opening hours of each site."""

from datetime import datetime
from typing import Any

from chassis.outcomes import Invalid
from chassis.records import Record
from events.decode import decode_record_as
from extractor.model.camera_status import Finding
from extractor.model.opening import closed, hours_of
from tablewatch_schemas import CameraConfig, SiteConfig
from tablewatch_schemas.events import SiteConfigOpeningHours


class SiteHours:
    """`apply_record` is for a TableReader."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._newest: dict[str, tuple[int, SiteConfigOpeningHours | None]] = {}

    def apply_record(self, record: Record) -> None:
        """Remember the newest of each site. What cannot be decoded is logged and ignored."""
        try:
            received = decode_record_as(SiteConfig, record)
        except Invalid as error:
            self._log.warning("site_config_ignored", code=error.code)
            return
        if received.key is None:
            return
        if received.event is None:
            self._newest.pop(received.key, None)
        elif received.event.version >= self._newest.get(received.key, (0, None))[0]:
            self._newest[received.key] = received.event.version, received.event.opening_hours
            self._check(received.event)

    def closed(self, config: CameraConfig, now: datetime) -> Finding | None:
        """Why capture of a camera rests; None while it is open."""
        return closed(config.opening_hours, self._newest.get(config.site_id, (0, None))[1], now)

    def _check(self, site: SiteConfig) -> None:
        if site.opening_hours is not None and hours_of(site.opening_hours) is None:
            self._log.warning("opening_hours_ignored", site_id=site.site_id, timezone=site.opening_hours.timezone)
