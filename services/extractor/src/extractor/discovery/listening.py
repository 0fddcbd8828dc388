"""Asks all networks which cameras there are, and collects what answers.

WS-Discovery, and without a type: of 16 cameras of one house two answered when they were asked for by type. Cameras that
answer only when asked by their type are asked that way too.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from onveef.wsdiscovery import build_probe, parse_probe_matches

from chassis.clock import Clock
from extractor.discovery.interfaces import Asking, chosen, opened, sender_of
from extractor.discovery.xml import is_readable
from extractor.model.discovery import (
    ASK_AT_S,
    LISTEN_S,
    LONGEST_ADDRESS,
    MOST_MATCHES,
    IpAddress,
    Sighting,
    Sightings,
)
from extractor.model.probes import NoInterface

TYPES = ("", "dn:NetworkVideoTransmitter")
LARGEST = 65_535
AT_A_TIME = 16
"""Datagrams that are read before others have the event loop."""


async def listened(setting: str, clock: Clock, log: Any) -> tuple[Sightings, list[str]]:
    """What answered, and the interfaces that it was asked through. Raises NoInterface."""
    sightings, used = Sightings(), set[str]()
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        asking = [each for name in chosen(setting) for each in opened(name)]
        for each in asking:
            stack.callback(each.socket.close)
        for each in asking:
            loop.add_reader(each.socket, _receive, each, sightings)
            stack.callback(loop.remove_reader, each.socket)
        began = clock.monotonic()
        for at_s in ASK_AT_S:
            await clock.sleep(max(0.0, began + at_s - clock.monotonic()))
            used |= {each.interface for each in asking if _ask(each, log)}
        if not used:
            raise NoInterface
        await clock.sleep(max(0.0, began + LISTEN_S - clock.monotonic()))
    return sightings, sorted(used)


def _ask(asking: Asking, log: Any) -> bool:
    """Whether the question left."""
    try:
        for types in TYPES:
            question = build_probe(message_id=f"urn:uuid:{uuid.uuid4()}", types=types)
            asking.socket.sendto(question.encode(), asking.group)
    except OSError as error:
        log.info("discovery_not_sent", interface=asking.interface, group=asking.group[0], error=repr(error))
        return False
    return True


def _receive(asking: Asking, sightings: Sightings) -> None:
    for _ in range(AT_A_TIME):
        try:
            datagram, address = asking.socket.recvfrom(LARGEST)
        except OSError:  # nothing is there any more, or the network said that somebody is not
            return
        sender = sender_of(address)
        if sightings.has_room_for(sender):
            collect(datagram, sender, sightings.add)


def collect(datagram: bytes, sender: IpAddress, found: Callable[[Sighting], None]) -> None:
    """The devices that an answer names; none where it is none."""
    if not is_readable(datagram):
        return
    for match in parse_probe_matches(datagram.decode(errors="replace"))[:MOST_MATCHES]:
        found(
            Sighting(
                sender,
                match.endpoint_reference[:LONGEST_ADDRESS],
                _bounded(match.xaddrs),
                match.types[:LONGEST_ADDRESS],
                _bounded(match.scopes),
            )
        )


def _bounded(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in texts[:MOST_MATCHES] if len(each) <= LONGEST_ADDRESS)
