"""Where an upload is, for its client: also behind a proxy that cuts a prefix off the path. Pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from ingest.tokens import BASE
from webserver.forwarded import came_to, forwarded_prefix


def location(create_url: str, video_id: str, headers: Mapping[str, str], path: str) -> str:
    """Location of the upload that a request to `path` creates; `create_url` is the address that the api gave for it.

    A path from the root where that of the client is known: a proxy names what it cut off, or the request came to the
    address that the api gave. Else relative to the request's own URL (RFC 9110, 10.2.2), which no prefix makes wrong.
    """
    prefix = forwarded_prefix(headers)
    if prefix is not None:
        return f"{prefix}{BASE}/{video_id}"
    public = urlsplit(create_url)
    if not create_url or came_to(public, headers):
        return f"{public.path.rstrip('/') or BASE}/{video_id}"
    return video_id if path.endswith("/") else f"{path.rpartition('/')[2]}/{video_id}"
