"""Reading addresses: what could be read in two ways is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound import Address, BadAddress, parse

RTSP = {"rtsp": 554, "rtsps": 322}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rtsp://192.168.1.20:8554/stream1", Address("rtsp", "192.168.1.20", 8554, "/stream1")),
        ("rtsp://camera.local", Address("rtsp", "camera.local", 554, "/")),
        ("rtsps://cam-1.example.com./a/b?x=1&y=2", Address("rtsps", "cam-1.example.com.", 322, "/a/b?x=1&y=2")),
        ("rtsp://[fd12::7]:554/Streaming/Channels/101", Address("rtsp", "fd12::7", 554, "/Streaming/Channels/101")),
        ("RTSP://Cam.Example/", Address("rtsp", "cam.example", 554, "/")),
        ("rtsp://3com.example/", Address("rtsp", "3com.example", 554, "/")),
    ],
)
def test_addresses_of_cameras(text: str, expected: Address) -> None:
    assert parse(text, RTSP) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("rtsp://2130706433/", "rtsp://0177.0.0.1/", "rtsp://0x7f000001/", "rtsp://127.1/", "rtsp://0x7f.0.0.1/"),
        *(
            "rtsp://1.2.3.4.5/",
            "rtsp://256.1.1.1/",
            "rtsp://192.168.1.20./",
            "rtsp://a.0x/",
            "rtsp://[::1",
            "rtsp://[1]/",
        ),
        *("http://192.168.1.20/", "file:///etc/passwd", "concat:rtsp://a/|b", "//192.168.1.20/", "192.168.1.20", ""),
        *("rtsp://user@host/", "rtsp://user:pass@host/", "rtsp://@host/", "rtsp:///path", "rtsp://host:0/"),
        *("rtsp://host:99999/", "rtsp://host:abc/", "rtsp://host:-1/", "rtsp://host/#f", "rtsp://host/a b"),
        *("rtsp://host\\@evil/", "rtsp://host/\r\nX: y", "rtsp://ho\u200bst/", "rtsp://ﬀ.example/", "rtsp://ho%73t/"),
        *("rtsp://-a.example/", "rtsp://a..b/", "rtsp://" + "a" * 64 + "/", "rtsp://host/" + "a" * 2000),
        *("rtsp://١٢٧.٠.٠.١/", "rtsp://127。0。0。1/"),
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parse(text, RTSP)
    assert "pass" not in str(refused.value)


@given(st.text(max_size=60).map("rtsp://".__add__) | st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = parse(text, RTSP)
    except BadAddress:
        return
    assert found.scheme in RTSP
    assert 0 < found.port < 65536
    assert found.path.startswith("/")
    assert found.host.isascii()
    assert "@" not in found.host
