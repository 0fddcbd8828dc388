"""TCP ports on loopback: which are free, and which process has the others."""

import socket
from collections.abc import Mapping

import psutil

from stack.settings import StackError

LOOPBACK = "127.0.0.1"
STEP = 100


def is_free(port: int) -> bool:
    """Whether a listener could be opened on it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def check(ports: Mapping[str, int], port_base: int) -> None:
    """Raise StackError that names the taken ports, who has them, and a PORT_BASE that is free."""
    taken = {name: port for name, port in ports.items() if not is_free(port)}
    if not taken:
        return
    lines = [f"  {port} ({name}){_owner(port)}" for name, port in taken.items()]
    offsets = [port - port_base for port in ports.values()]
    offer = free_base(offsets, port_base)
    raise StackError("These ports are taken:\n" + "\n".join(lines) + f"\nTry other ports: make run PORT_BASE={offer}")


def free_base(offsets: list[int], port_base: int) -> int:
    """The next base, in steps of 100, at which every offset is free."""
    for base in range(port_base + STEP, 65_000, STEP):
        if all(is_free(base + offset) for offset in offsets):
            return base
    return port_base + STEP


def _owner(port: int) -> str:
    try:
        listeners = [c for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid]
        return f", by process {listeners[0].pid} ({psutil.Process(listeners[0].pid).name()})" if listeners else ""
    except psutil.Error:
        return ""
