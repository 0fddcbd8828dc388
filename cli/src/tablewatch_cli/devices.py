"""What a discovery found, as a person reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tablewatch_cli.probes import CODECS

Found = Mapping[str, Any]
NOTHING = (
    "No camera answered through {interfaces}. Is ONVIF switched on in the cameras, and the extractor in their network?"
    " In a container it needs the host's network (docs/onboarding.md)."
)


def lines(discovery: Found) -> Iterator[str]:
    """The devices, and below each its streams or why there are none."""
    for device in discovery.get("devices") or ():
        yield _device(device)
        for profile in device.get("profiles") or ():
            yield f"  {_profile(profile)}"
        if device.get("error"):
            yield f"  {_error(device['error'])}"


def notes(discovery: Found) -> Iterator[str]:
    """What is to be said beside the devices."""
    if not discovery.get("devices"):
        yield NOTHING.format(interfaces=", ".join(discovery.get("interfaces") or ["no interface"]))
    if others := discovery.get("others"):
        yield f"{others} more answered, and are no cameras."
    if left_out := discovery.get("left_out"):
        yield f"{left_out} more answered, and are not shown."


def _device(device: Found) -> str:
    named = [str(device[name]) for name in ("name", "maker", "model") if device.get(name)]
    lock = ", needs a password" if device.get("needs_password") else ""
    return f"{', '.join(device.get('addresses') or ['?'])}  {' '.join(dict.fromkeys(named)) or 'unnamed'}{lock}"


def _profile(profile: Found) -> str:
    codec = profile.get("codec")
    size = f"{profile['width']} x {profile['height']}" if profile.get("width") and profile.get("height") else None
    rate = f"{profile['frames_per_s']:g} pictures a second" if profile.get("frames_per_s") else None
    about = ", ".join(each for each in (codec and CODECS.get(codec, codec), size, rate) if each)
    where = profile.get("stream_address") or _error(profile.get("error") or {})
    return f"{where}  {profile.get('name')}" + (f" ({about})" if about else "")


def _error(error: Found) -> str:
    return f"{error.get('code')}: {error.get('reason')}"
