"""The policy: our own, link-local and metadata addresses in every form they can be written in."""

import ipaddress

import pytest

from outbound import Policy
from outbound.policy import embedded

OPEN = Policy.read("10.0.0.0/8, 172.16.0.0/12,192.168.0.0/16 ,fd00::/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16", "")


@pytest.mark.parametrize(
    "ip",
    [
        *(
            "127.0.0.1",
            "127.255.255.254",
            "0.0.0.0",  # noqa: S104 - an address, not a listener
            "0.1.2.3",
            "::1",
            "::",
            "169.254.1.1",
            "169.254.169.254",
            "fe80::1",
        ),
        *("224.0.0.251", "239.255.255.250", "ff02::fb", "255.255.255.255", "240.0.0.1", "fd00:ec2::254"),
        *("100.100.100.200", "192.0.0.192", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1"),
        *("fd20:ce::254", "168.63.129.16", "::ffff:168.63.129.16", "64:ff9b::a83f:8110"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b:1::7f00:1"),
    ],
)
def test_what_no_network_opens(ip: str) -> None:
    """Though the operator opened the ranges that it lies in: 127.0.0.0/8 and 169.254.0.0/16."""
    assert not OPEN.permits(ipaddress.ip_address(ip), 554)


@pytest.mark.parametrize(
    "ip",
    ["10.1.2.3", "172.31.0.1", "192.168.1.20", "100.64.1.1", "fd12::7", "::ffff:192.168.1.20", "64:ff9b::c0a8:114"],
)
def test_private_addresses_are_for_the_operator_to_open(ip: str) -> None:
    assert OPEN.permits(ipaddress.ip_address(ip), 554)
    assert not Policy().permits(ipaddress.ip_address(ip), 554)


@pytest.mark.parametrize("ip", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8"])
def test_public_addresses(ip: str) -> None:
    assert Policy().permits(ipaddress.ip_address(ip), 554)


@pytest.mark.parametrize("ip", ["fec0::1", "feff::1", "::ffff:0:a00:1", "400::1", "5f00::1", "8000::1"])
def test_what_was_never_given_out_is_not_public(ip: str) -> None:
    assert not Policy().permits(ipaddress.ip_address(ip), 554)


def test_one_exact_endpoint_is_permitted_whatever_it_is() -> None:
    policy = Policy.read("", "127.0.0.1:8554, [::1]:8554")
    assert policy.permits(ipaddress.ip_address("127.0.0.1"), 8554)
    assert policy.permits(ipaddress.ip_address("::1"), 8554)
    assert not policy.permits(ipaddress.ip_address("127.0.0.1"), 8555)
    assert not policy.permits(ipaddress.ip_address("127.0.0.2"), 8554)


@pytest.mark.parametrize(
    ("networks", "exact"), [("192.168.1.1/24", ""), ("x", ""), ("", "127.0.0.1"), ("", "a:1"), ("", "1.1.1.1:0")]
)
def test_a_setting_that_cannot_be_read_stops_the_start(networks: str, exact: str) -> None:
    with pytest.raises(ValueError):
        Policy.read(networks, exact)


def test_teredo_holds_the_clients_address() -> None:
    assert str(embedded(ipaddress.ip_address("2001:0:4136:e378:8000:63bf:80ff:fffe"))) == "127.0.0.1"
