"""Where an RTSP camera is: its address read, resolved once, and checked by the policy."""

import ssl

from credentials import Credentials
from extractor.live.relay import Target
from extractor.model.camera_failures import AddressNotAllowed, BadAddress, NoSuchHost, UdpWithoutTls
from outbound import RTSP, Address, NotAllowed, Policy, parse, resolve
from outbound import BadAddress as Unreadable
from outbound import NoSuchHost as Unknown


async def target_of(
    text: str, policy: Policy, authority: ssl.SSLContext, credentials: Credentials | None, *, udp: bool = False
) -> tuple[Address, Target]:
    """The address, and what a relay leads to. `authority`: whom certificates of RTSPS are checked against. `udp`: the
    camera is to send its pictures that way.

    Raises BadAddress, AddressNotAllowed, NoSuchHost, UdpWithoutTls.
    """
    try:
        address = parse(text, RTSP)
        endpoint = await resolve(address, policy)
    except Unreadable as error:
        raise BadAddress(str(error)) from error
    except NotAllowed as error:
        raise AddressNotAllowed from error
    except Unknown as error:
        raise NoSuchHost(str(error)) from error
    tls = authority if address.scheme == "rtsps" else None
    if udp and tls is not None:
        raise UdpWithoutTls
    return address, Target(endpoint, address.host, tls, credentials, udp)
