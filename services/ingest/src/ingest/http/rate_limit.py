"""How many requests may be made for an upload, and for the uploads of a site; counted by all replicas together.

A client hears of it only past a limit: tus clients take no other notice.
"""

from ingest.refusals import RateLimited, SiteRateLimited
from ingest.tokens import UploadToken
from ratelimit.limit import Exceeded, RateLimit, headers
from ratelimit.limiter import SharedLimiter


class RequestLimiter:
    """`upload` and `site` as `6000/minute`; empty for none."""

    def __init__(self, upload: str, site: str, shared: SharedLimiter) -> None:
        self._upload, self._site, self._shared = RateLimit.parse(upload), RateLimit.parse(site), shared

    async def take(self, token: UploadToken) -> None:
        """Count a request with this token. Raises RateLimited, SiteRateLimited."""
        try:
            if self._upload is not None:
                await self._shared.take("upload", token.video_id, self._upload)
            if self._site is not None:
                await self._shared.take("site", token.run.site_id, self._site)
        except Exceeded as exceeded:
            refusal = SiteRateLimited if exceeded.status.name == "site" else RateLimited
            says = headers([exceeded.status]) | {"Retry-After": str(exceeded.status.reset_s)}
            raise refusal(f"At most {exceeded.limit}.", headers=says) from None
