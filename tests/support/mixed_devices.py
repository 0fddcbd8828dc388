"""Sixteen cameras as one meets them, and two devices that are none."""

from fakecamera.onvif import Device, Profile

LOGIN = ("admin", "hunter2-of-the-cameras")
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b'<s:Envelope xmlns:s="x"><s:Body><ProbeMatches><ProbeMatch><Types>&c;</Types></ProbeMatch></ProbeMatches></s:Body>'
    b"</s:Envelope>"
)
DEEP = b"<ProbeMatches>" + b"<ProbeMatch>" * 2000
PRINTER = "wprt:PrintDeviceType"


def cameras(elsewhere: int) -> dict[str, Device]:
    """By what is odd about each. `elsewhere`: port of an address of loopback that none of them has."""
    there = f"127.0.0.99:{elsewhere}"
    return {
        "plain": Device(),
        "types missing": Device(types="", scopes=()),
        "types wrong": Device(types="pub:Computer", scopes=("ldap:///ou=x",), services=("http://{host}:{port}/x",)),
        "two interfaces": Device(addresses=("127.0.0.2", "127.0.0.3")),
        "late": Device(delay_s=2.5),
        "junk before": Device(before=(b"\xff\x00junk", ENTITIES, DEEP, b"<a>")),
        "password": Device(login=LOGIN),
        "an hour ahead": Device(login=LOGIN, clock_s=3600),
        "http digest": Device(login=LOGIN, by_http=True),
        "other password": Device(login=("root", "another")),
        "elsewhere": Device(services=(f"http://{there}/onvif/device_service",)),
        "media elsewhere": Device(media_host=there),
        "stream elsewhere": Device(
            profiles=(Profile(stream=f"rtsp://{there}/stream1"), Profile("sub", snapshot=f"http://{there}/a.jpg"))
        ),
        "no endpoint": Device(endpoint=""),
        "host name": Device(services=("http://camera.example:{port}/onvif/device_service",)),
        "second media, by type alone": Device(only_by_type=True, second_media=True, profiles=(Profile("h", "H265"),)),
    }


def strangers() -> list[Device]:
    """They answer too."""
    return [
        Device(types=PRINTER, scopes=(), services=("http://{host}:{port}/print",), is_onvif=False),
        Device(types="", scopes=(), services=("http://[::1",), is_onvif=False),
    ]
