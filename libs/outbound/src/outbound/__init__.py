"""Which addresses that a user names may be connected to. A user who may name any could reach what only we can reach.

`address` reads an address, `policy` decides, both pure; `resolve` asks the name service once, and what it returns is
what is connected to: a name that changes its mind between check and use changes nothing.
"""

from outbound.address import HTTP, MAX_LENGTH, RTSP, Address, BadAddress, has_credentials, parse
from outbound.policy import Policy, readable_addresses, readable_networks
from outbound.resolve import Endpoint, NoSuchHost, NotAllowed, resolve

__all__ = [
    "HTTP",
    "MAX_LENGTH",
    "RTSP",
    "Address",
    "BadAddress",
    "Endpoint",
    "NoSuchHost",
    "NotAllowed",
    "Policy",
    "has_credentials",
    "parse",
    "readable_addresses",
    "readable_networks",
    "resolve",
]
