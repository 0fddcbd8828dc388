"""A second process of services beside those that the supervisor runs, as a deployment with two replicas has them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import httpx
import psutil
from stack.ports import free_ports
from stack.process import TETHER
from stack.services import MODULES
from tests.support.private_stack import PrivateStack, until

READY_S = 120
GRACE_S = 30


@contextmanager
def second_replicas(stack: PrivateStack, names: Sequence[str] = tuple(MODULES)) -> Iterator[None]:
    """Run one more process of each service, ready when the context begins, stopped by SIGTERM when it ends."""
    with ExitStack() as running:
        addresses = [running.enter_context(_replica(stack, name)) for name in names]
        for name, address in zip(names, addresses, strict=True):
            until(lambda address=address: _ready(address), READY_S, f"the second {name} being ready")  # type: ignore[misc]
        yield


@contextmanager
def _replica(stack: PrivateStack, name: str) -> Iterator[str]:
    """One process with the environment of the first, but ports of its own; yields the address of its operations."""
    ops, port = free_ports(2)
    environment = psutil.Process(stack.run()["pids"][name]).environ()
    environment |= {"OPS_PORT": str(ops), f"{name.upper()}_PORT": str(port)}
    tether = [sys.executable, "-IS", str(TETHER), str(os.getpid()), str(int(signal.SIGKILL))]
    with (stack.home / "logs" / f"{name}-second.log").open("ab") as log:
        process = subprocess.Popen(
            [*tether, sys.executable, "-m", MODULES[name]], env=environment, cwd=stack.home, stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{ops}"
        assert process.poll() is None, f"the second {name} ended by itself with {process.returncode}"
    finally:
        process.terminate()
        try:
            process.wait(GRACE_S)
        finally:
            process.kill()
            process.wait()


def _ready(address: str) -> bool | None:
    try:
        return httpx.get(f"{address}/readyz", trust_env=False, timeout=5).is_success or None
    except httpx.HTTPError:
        return None
