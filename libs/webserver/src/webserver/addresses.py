"""Whose address counts: that of a client, also behind a proxy; of IPv6 the network that one subscriber has. Pure."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxies:
    """Proxies whose X-Forwarded-For is believed. Raises ValueError for what is neither an address nor a network."""

    def __init__(self, text: str) -> None:
        names = [name.strip() for name in text.split(",") if name.strip()]
        self._networks: tuple[Network, ...] = tuple(ipaddress.ip_network(name) for name in names)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, host: str) -> bool:
        address = _address(host) if self._networks else None
        return address is not None and any(address in network for network in self._networks)

    def client(self, peer: str, forwarded: Iterable[str]) -> str:
        """The client behind `peer`: the last address in X-Forwarded-For that is no trusted proxy.

        `forwarded` are the header's values in order. Each proxy appends whom it serves, so what stands left of the
        first untrusted address is only the client's claim. An address that cannot be read ends the search.
        """
        if peer not in self:
            return peer
        client = peer
        for name in reversed([name.strip() for value in forwarded for name in value.split(",")]):
            host = _without_port(name)
            if _address(host) is None:
                return client
            client = host
            if host not in self:
                return client
        return client


def counted_as(host: str) -> str:
    """The name under which an address is counted: an IPv6 address by its /64, as a subscriber has that many of them."""
    address = _address(host)
    if address is None:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))


@lru_cache(maxsize=4096)
def _address(host: str) -> Address | None:
    """The address; one of IPv4 that came by an IPv6 socket as IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _without_port(name: str) -> str:
    """`1.2.3.4:5`, `[::1]:5` and `[::1]` as some proxies write them."""
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0] if name.count(":") == 1 else name
