"""A probe as a person reads it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import click

CODECS = {"h264": "H.264", "hevc": "H.265", "mjpeg": "JPEG", "png": "PNG", "libdav1d": "AV1"}
VIA = {"tcp": "RTSP over TCP", "udp": "RTSP over UDP", "tls": "RTSP over TLS", "http": "HTTP", "https": "HTTPS",
       "file": "a local file"}  # fmt: skip
Found = Mapping[str, Any]


IPV4 = re.compile(r"\d{1,3}(\.\d{1,3}){3}(:\d+)?(/.*)?")


def kind_of(address: str) -> str:
    """The type of source that an address is most likely of. Raises click.UsageError for a host without a scheme."""
    if IPV4.fullmatch(address):
        raise click.UsageError(f"Begin the address with rtsp://, rtsps://, http:// or https://: rtsp://{address}")
    parts = urlsplit(address)
    if parts.scheme in ("rtsp", "rtsps"):
        return "rtsp"
    if parts.scheme in ("http", "https"):
        return "hls" if parts.path.lower().endswith(".m3u8") else "snapshot"
    return "file"


def lines(found: Found, snapshot_url: object) -> Iterator[str]:
    """What a camera sends, a line for each thing. Names are those of `found` of a probe."""
    yield f"picture   {_codec(found.get('codec'))}, {found.get('width')} x {found.get('height')}{_rates(found)}"
    yield f"keyframes {_keyframes(found)}"
    yield f"read by   {VIA.get(str(found.get('transport')), found.get('transport'))}, first picture after" + (
        f" {_seconds(found.get('first_frame_ms'))}"
    )
    yield f"clock     {_clock(found.get('clock'))}"
    yield f"sound     {_sound(found)}"
    if snapshot_url:
        yield f"snapshot  {snapshot_url}"


def _codec(name: object) -> str:
    return "unknown" if name is None else CODECS.get(str(name), str(name))


def _rates(found: Found) -> str:
    rate, bits = found.get("frames_per_s"), found.get("bits_per_s")
    shown = "" if rate is None else f", {rate:g} pictures a second"
    return shown + ("" if bits is None else f", {bits / 1e6:.1f} Mbit/s")


def _keyframes(found: Found) -> str:
    if found.get("frames_per_s") is None:
        return "each picture is one" if found.get("codec") in ("mjpeg", "png") else "not known"
    if found.get("gop_frames") is None:
        return "only one came while it was watched; set the I-frame interval to two seconds or less"
    return f"every {found['gop_frames']} pictures, {_seconds(found.get('gop_ms'))}"


def _clock(clock: object) -> str:
    if not isinstance(clock, Mapping):
        return "not known"
    return "usable: pictures are timed by it" if clock.get("usable") else f"not used: {clock.get('reason')}"


def _sound(found: Found) -> str:
    if found.get("sound") is None:
        return "not known"
    return f"{found.get('sound_codec')} (not used)" if found["sound"] else "none"


def _seconds(ms: object) -> str:
    return f"{ms / 1000:.2f} s" if isinstance(ms, int | float) else "?"
