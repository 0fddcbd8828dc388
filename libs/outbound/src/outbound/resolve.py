"""From an address to the endpoint that is connected to: one question to the name service, and the policy's answer."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from outbound.address import Address
from outbound.policy import IpAddress, Policy

TIMEOUT_S = 5.0
THREADS = ThreadPoolExecutor(32, thread_name_prefix="names")
"""Of these questions alone: the loop's own threads (uvloop has four) would wait for a name service that a user chose by
the name, and connections to the broker and the database with them."""

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to IP addresses, as text; raises OSError."""


class NoSuchHost(Exception):
    """The name service knows no address of the host, or did not answer in time."""


class NotAllowed(Exception):
    """Every address of the host is refused by the policy; the message names none, as it may be shown to a user."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is connected to."""

    ip: IpAddress
    port: int


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """As the operating system resolves names."""
    ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(THREADS, ask)
    return [str(address[0]) for *_, address in found]


async def resolve(address: Address, policy: Policy, lookup: Lookup = system_lookup) -> Endpoint:
    """The first of the host's addresses that the policy permits. Raises NoSuchHost, NotAllowed."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            texts = await lookup(address.host, address.port)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise NoSuchHost(type(error).__name__) from error
    found = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
    permitted = [ip for ip in found if policy.permits(ip, address.port)]
    if not found:
        raise NoSuchHost("no address")
    if not permitted:
        raise NotAllowed("the address is not one that may be connected to")
    return Endpoint(permitted[0], address.port)
