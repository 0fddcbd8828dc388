"""Whether an IP address may be connected to. Pure.

Sources: the IANA special-purpose registries (RFC 6890), as Python's `ipaddress` has them; metadata services of clouds.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    )
)
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that IANA gave out of IPv6 for public use. Python also calls what was never given out global, and fec0::/10."""
NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")


@dataclass(frozen=True, slots=True)
class Policy:
    """`networks`: private ranges that the operator opens to what users name. `exact`: single addresses with their port,
    whatever they are; the operator's own demo camera on loopback is one. `hosts`: where not None, no others than these.
    """

    networks: tuple[IpNetwork, ...] = ()
    exact: frozenset[tuple[IpAddress, int]] = frozenset()
    hosts: frozenset[IpAddress] | None = None

    @classmethod
    def read(cls, networks: str, exact: str) -> "Policy":
        """From two comma-separated settings: `192.168.1.0/24, fd12::/64` and `127.0.0.1:8554, [::1]:8554`.

        Raises ValueError that names what cannot be read.
        """
        return cls(
            tuple(ipaddress.ip_network(each) for each in _listed(networks)),
            frozenset(_endpoint(each) for each in _listed(exact)),
        )

    def only(self, hosts: Iterable[IpAddress]) -> "Policy":
        """What this one permits of some hosts, and nothing else."""
        return replace(self, hosts=frozenset(hosts))

    def permits(self, ip: IpAddress, port: int) -> bool:
        """Public addresses, the networks that the operator opened, and the exact ones; never this machine's own,
        link-local, multicast or metadata addresses. An IPv6 address that stands for an IPv4 one is that one.
        """
        if self.hosts is not None and ip not in self.hosts:
            return False
        if (ip, port) in self.exact:
            return True
        meant = embedded(ip)
        if _never(ip) or _never(meant):
            return False
        if any(meant in network for network in self.networks):
            return True
        public = not isinstance(meant, ipaddress.IPv6Address) or meant in GLOBAL_UNICAST
        return public and ip.is_global and meant.is_global


def readable_networks(networks: str) -> str:
    """A setting that `Policy.read` can read. Raises ValueError."""
    Policy.read(networks, "")
    return networks


def readable_addresses(exact: str) -> str:
    """A setting that `Policy.read` can read. Raises ValueError."""
    Policy.read("", exact)
    return exact


def embedded(ip: IpAddress) -> IpAddress:
    """The IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo); the address itself without one."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip.teredo is not None:
        return ip.teredo[1]
    if any(ip in network for network in NAT64) or (ip in IPV4_COMPATIBLE and int(ip) > 1):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _never(ip: IpAddress) -> bool:
    return (
        ip in METADATA
        or ip.is_loopback
        or ip.is_link_local
        or ip.is_multicast
        or ip.is_unspecified
        or (ip.is_reserved and not isinstance(ip, ipaddress.IPv6Address))
        or (isinstance(ip, ipaddress.IPv4Address) and ip in ipaddress.IPv4Network("0.0.0.0/8"))
    )


def _endpoint(text: str) -> tuple[IpAddress, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is no address with a port")
    return ipaddress.ip_address(host.strip("[]")), int(port)


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
