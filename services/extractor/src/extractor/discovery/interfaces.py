"""The network interfaces that cameras are looked for through, and the sockets to do so. Linux.

Each is asked by name: the default route is one interface, and cameras are mostly behind another.
"""

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractor.model.discovery import IpAddress

SIOCGIFFLAGS, SIOCGIFADDR = 0x8913, 0x8915
UP, LOOPBACK = 0x1, 0x8
NAME_SIZE, ANSWER_SIZE = 15, 256
ADDRESSES_V6, GLOBAL_SCOPE, UNUSABLE = Path("/proc/net/if_inet6"), 0x00, 0x48
"""UNUSABLE: tentative, or a duplicate."""
PORT = 3702
GROUP_V4, GROUP_V6 = "239.255.255.250", "ff02::c"
HOPS = 1
"""What is asked stays in the network; WS-Discovery is of the link."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A socket of one interface. To be closed."""

    interface: str
    socket: socket.socket
    group: tuple[str, int] | tuple[str, int, int, int]


def chosen(setting: str) -> list[str]:
    """Names of the interfaces that the operator named; else those that are up and lead somewhere."""
    named = [each.strip() for each in setting.split(",") if each.strip()]
    return named or [name for _, name in socket.if_nameindex() if _leads_somewhere(name)]


def opened(interface: str) -> Iterator[Asking]:
    """A socket of IPv4 and one of IPv6, as far as the interface has them."""
    for family in (_opened_v4, _opened_v6):
        try:
            yield family(interface)
        except OSError:
            continue


def sender_of(address: tuple[str, int] | tuple[str, int, int, int]) -> IpAddress:
    """Of a datagram, without the zone of a link-local address."""
    return ipaddress.ip_address(address[0].partition("%")[0])


def _leads_somewhere(name: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            answer = fcntl.ioctl(asked, SIOCGIFFLAGS, _request(name))
        except OSError:
            return False
    (flags,) = struct.unpack_from("=H", answer, 16)
    return bool(flags & UP) and not flags & LOOPBACK


def _opened_v4(interface: str) -> Asking:
    """Bound to the interface's own address: cameras answer to where a question came from. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own = fcntl.ioctl(made, SIOCGIFADDR, _request(interface))[20:24]
        index = socket.if_nametoindex(interface)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), own, index))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, HOPS)
        made.bind((socket.inet_ntoa(own), 0))
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return Asking(interface, made, (GROUP_V4, PORT))


def _opened_v6(interface: str) -> Asking:
    """Bound to a routable address where there is one: a camera then answers from its own routable address, and else
    from one of the link, which no camera is read at. Raises OSError."""
    made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        index = socket.if_nametoindex(interface)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, HOPS)
        made.bind((routable_v6(ADDRESSES_V6.read_text(), interface) or "::", 0))
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return Asking(interface, made, (GROUP_V6, PORT, 0, index))


def routable_v6(table: str, interface: str) -> str | None:
    """The first address of an interface that reaches further than its link. `table`: of /proc/net/if_inet6."""
    for address, _index, _prefix, scope, flags, name in map(str.split, table.splitlines()):
        if name == interface and int(scope, 16) == GLOBAL_SCOPE and not int(flags, 16) & UNUSABLE:
            return str(ipaddress.IPv6Address(bytes.fromhex(address)))
    return None


def _request(name: str) -> bytes:
    """As ioctl takes the name of an interface."""
    return struct.pack(f"{ANSWER_SIZE}s", name.encode()[:NAME_SIZE])
