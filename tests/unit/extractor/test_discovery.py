"""What answers when cameras are looked for: which device it is, which addresses are its own, what is read at all."""

import ipaddress
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest
from fakecamera.onvif import Device as Fake
from tests.support.mixed_devices import DEEP, ENTITIES

from extractor.discovery.discoverer import within_limit
from extractor.discovery.interfaces import chosen, routable_v6, sender_of
from extractor.discovery.listening import collect
from extractor.discovery.onvif import Known, Stream, ask, by_announcement
from extractor.discovery.transport import Bounded, is_digest
from extractor.discovery.xml import DEEPEST, MOST_BYTES, MOST_ELEMENTS, is_readable
from extractor.model.discovery import (
    LONGEST_TEXT,
    MOST_ANSWERS_OF_ONE,
    MOST_DEVICES,
    MOST_STREAMS,
    AddressNotReadable,
    Device,
    PointsElsewhere,
    Sighting,
    Sightings,
    codec_of,
    number_of,
    own_address,
    service_addresses,
    shown,
)
from outbound import Policy
from outbound.http import Encoded, TooLarge

V4, OTHER, V6 = map(ipaddress.ip_address, ("10.20.0.14", "10.20.0.15", "fd12::14"))
SERVICE = "http://10.20.0.14/onvif/device_service"


def sighting(
    sender: ipaddress.IPv4Address | ipaddress.IPv6Address = V4, endpoint: str = "urn:uuid:1", *services: str
) -> Sighting:
    return Sighting(sender, endpoint, services or (SERVICE,), "", ())


def device(*services: str, senders: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...] = (V4,)) -> Device:
    return Device("urn:uuid:1", senders, services, "", ())


async def chunks(*sent: bytes) -> AsyncIterator[bytes]:
    for each in sent:
        yield each


def test_answers_of_one_endpoint_are_one_device_by_whatever_address_they_come() -> None:
    found = Sightings()
    for each in (sighting(V6), sighting(V4), sighting(V4), sighting(OTHER, "urn:uuid:2")):
        found.add(each)
    first, second = found.devices()
    assert (first.endpoint, first.senders) == ("urn:uuid:1", (V4, V6))
    assert (second.endpoint, second.senders) == ("urn:uuid:2", (OTHER,))


def test_without_an_endpoint_a_device_is_where_it_answers_from() -> None:
    found = Sightings()
    for each in (sighting(V4, ""), sighting(V4, ""), sighting(OTHER, ""), sighting(V4, "", "http://10.20.0.14:81/x")):
        found.add(each)
    assert len(found.devices()) == 3


def test_a_flood_of_answers_is_bounded_and_what_is_left_out_is_counted() -> None:
    found = Sightings()
    for number in range(MOST_DEVICES + 7):
        found.add(sighting(V4, f"urn:uuid:{number}"))
    assert (len(found.devices()), found.left_out) == (MOST_DEVICES, 7)
    assert [found.has_room_for(V4) for _ in range(MOST_ANSWERS_OF_ONE + 1)].count(True) == MOST_ANSWERS_OF_ONE
    assert found.has_room_for(OTHER)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("rtsp://10.20.0.14:554/stream1?a=1", "rtsp://10.20.0.14:554/stream1?a=1"),
        ("RTSP://admin:secret@10.20.0.14/stream1", "rtsp://10.20.0.14/stream1"),
        ("http://camera.example:8080/onvif", "http://10.20.0.14:8080/onvif"),
        ("http://0.0.0.0/onvif", "http://10.20.0.14/onvif"),
        ("http://[fd12::14]:81/onvif", "http://[fd12::14]:81/onvif"),
        ("http://[::ffff:10.20.0.14]/onvif", None),
        ("http://10.20.0.15/onvif", None),
        ("http://127.0.0.1/onvif", None),
    ],
)
def test_an_address_of_another_host_is_refused_and_a_name_stands_for_the_device(text: str, own: str | None) -> None:
    one = device(senders=(V4, V6))
    if own is None:
        with pytest.raises(PointsElsewhere):
            own_address(text, one)
    else:
        assert own_address(text, one) == own


@pytest.mark.parametrize(
    "text",
    ["", "stream1", "http://[::1", "http://10.20.0.14:x/", "rtsp://10.20.0.14/user=admin_password=x_channel=1.sdp"],
)
def test_an_address_that_cannot_be_read_or_holds_a_password_is_refused(text: str) -> None:
    with pytest.raises(AddressNotReadable):
        own_address(text, device())


def test_a_device_is_asked_at_its_own_addresses_in_the_clear_first() -> None:
    one = device("https://10.20.0.14/s", "http://10.20.0.15/s", "http://10.20.0.14/s", "soap.udp://10.20.0.14/")
    assert list(service_addresses(one)) == ["http://10.20.0.14/s", "https://10.20.0.14/s"]
    assert list(service_addresses(device())) == [SERVICE]
    assert list(service_addresses(device(senders=(V6,)))) == ["http://[fd12::14]/onvif/device_service"]
    with pytest.raises(PointsElsewhere):
        list(service_addresses(device("http://10.20.0.15/s")))


def test_a_camera_is_known_by_type_scope_or_path_and_else_has_to_be_asked() -> None:
    plain = device("http://10.20.0.14/x")
    assert not plain.looks_like_a_camera
    assert device(SERVICE).looks_like_a_camera
    scoped = Device("", (V4,), (), "", ("onvif://www.onvif.org/Name/Bar%20left", "ONVIF://www.onvif.org/hardware/X-1"))
    assert scoped.looks_like_a_camera
    assert (scoped.scope("name"), scoped.scope("model", "hardware"), scoped.scope("mfr")) == ("Bar left", "X-1", None)
    assert Device("", (V4,), (), "tdn:NetworkVideoTransmitter", ()).looks_like_a_camera


def test_texts_and_numbers_of_strangers_are_bounded() -> None:
    assert shown("  a\x00\n\u202eb ") == "a b"
    assert len(shown("x" * 9999) or "") == LONGEST_TEXT
    assert [shown(each) for each in (None, "", "\n")] == [None, None, None]
    assert [codec_of(each) for each in ("H265", "JPEG", "H.264", "AV1", None)] == ["hevc", "mjpeg", "h264", "av1", None]
    assert [number_of(each) for each in (25, 0, -1, 10**9, None, "25")] == [25, None, None, None, None, None]


def test_what_has_too_many_streams_loses_them_the_last_first() -> None:
    many = [Known(device(), streams=[Stream("s")] * (MOST_STREAMS // 2)) for _ in range(3)]
    first, second, third = within_limit(many)
    assert (first.failure, second.failure) == (None, None)
    assert third.failure is not None
    assert (third.failure.code, third.streams) == ("too_many_streams", [])


@pytest.mark.parametrize(
    ("document", "readable"),
    [
        (b"<a><b/></a>", True),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', False),
        (b"<a>" * DEEPEST + b"</a>" * DEEPEST, True),
        (b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1), False),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", False),
        (b"<a>" + b" " * MOST_BYTES + b"</a>", False),
        (b"<a><b></a>", False),
        (b"", False),
        (ENTITIES, False),
        (DEEP, False),
        (b'<!DOCTYPE a SYSTEM "http://10.0.0.1/x"><a/>', False),
    ],
)
def test_what_is_no_small_shallow_plain_xml_is_not_read(document: bytes, readable: bool) -> None:
    assert is_readable(document) == readable
    found: list[Sighting] = []
    collect(document, V4, found.append)
    assert found == []


def test_an_answer_becomes_a_sighting() -> None:
    found: list[Sighting] = []
    collect(Fake(endpoint="urn:uuid:7", port=80).match("10.20.0.14"), V4, found.append)
    [one] = found
    assert (one.endpoint, one.services) == ("urn:uuid:7", ("http://10.20.0.14:80/onvif/device_service",))
    assert by_announcement(Device("", (V4,), (), one.types, one.scopes)).model == "FK-1"


def test_the_operator_may_name_interfaces() -> None:
    assert chosen(" eth7 , wlan0,") == ["eth7", "wlan0"]
    assert "lo" not in chosen("")
    assert sender_of(("fe80::1%eth0", 3702, 0, 2)) == ipaddress.ip_address("fe80::1")


def test_over_ipv6_a_routable_address_asks() -> None:
    table = (
        "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
        "fd120000000000000000000000000001 04 40 00 c0     eth0\n"
        "fd120000000000000000000000000002 04 40 00 80     eth0\n"
        "00000000000000000000000000000001 01 80 10 80       lo\n"
    )
    assert routable_v6(table, "eth0") == "fd12::2", "the first is tentative"
    assert routable_v6(table, "lo") is None


@pytest.mark.parametrize(
    ("challenge", "answered"),
    [
        ('Digest realm="c", nonce="n"', True),
        ('Digest realm="c", nonce="n", qop="auth,auth-int", algorithm=SHA-256', True),
        ('Digest realm="c", nonce="n", qop="auth-int"', False),
        ('Digest realm="c", nonce="n", algorithm=SHA-512-256', False),
        ('Digest realm="c"', False),
        ("Digest nonsense", False),
        ('Basic realm="c"', False),
        ("", False),
    ],
)
async def test_only_a_challenge_that_can_be_answered_with_a_digest_is_passed_on(challenge: str, answered: bool) -> None:
    assert is_digest(challenge) == answered
    inner = httpx.MockTransport(
        lambda _: httpx.Response(401, headers={"WWW-Authenticate": challenge}, content=chunks(b"<html"))
    )
    async with httpx.AsyncClient(transport=Bounded(inner), auth=httpx.DigestAuth("a", "b")) as client:
        response = await client.post("http://10.20.0.14/")
    assert (response.status_code, response.content) == (401, b"")


async def test_an_answer_without_end_and_a_compressed_one_are_refused() -> None:
    long = httpx.Response(200, content=chunks(b" " * (MOST_BYTES + 1)))
    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=chunks(b"x"))
    answers = iter([long, packed])
    async with httpx.AsyncClient(transport=Bounded(httpx.MockTransport(lambda _: next(answers)))) as client:
        with pytest.raises(TooLarge):
            await client.get("http://10.20.0.14/")
        with pytest.raises(Encoded):
            await client.get("http://10.20.0.14/")


@pytest.mark.parametrize(
    ("services", "code"),
    [
        ((SERVICE,), "address_not_allowed"),
        (("http://10.20.0.15/s",), "points_elsewhere"),
        (("http://10.20.0.14:99999/s",), "address_not_readable"),
    ],
)
async def test_a_device_that_may_not_be_asked_is_shown_with_why(services: tuple[str, ...], code: str) -> None:
    known = by_announcement(device(*services))
    await ask(known, Policy(), ssl.create_default_context(), None)
    assert known.failure is not None
    assert (known.failure.code, known.streams) == (code, [])
