"""Kafka that does not respond for a while; Postgres frozen and restarted while uploads run."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
from stack.services import MODULES
from tests.faults.checks import TIMEOUT_S, Checks, wait_ready, wait_unready
from tests.support.private_stack import PrivateStack
from tests.support.side_by_side import ON_THE_SHARED_STACK
from tests.support.uploads import Uploads

pytestmark = [pytest.mark.timeout(1800), ON_THE_SHARED_STACK]
SILENT_S = 30


def test_a_broker_silent_for_half_a_minute(stack: PrivateStack, uploads: Uploads, checks: Checks) -> None:
    checked = uploads.start(2)
    uploads.wait_published(checked[0], 5)
    broker = stack.kill("kafka", signal.SIGSTOP)
    try:
        silent = time.monotonic()
        named = wait_unready(stack, MODULES, "broker", "broker_unreachable")
        time.sleep(max(0.0, silent + SILENT_S - time.monotonic()))
    finally:
        os.kill(broker, signal.SIGCONT)
    since = time.monotonic()
    later = uploads.start()
    figures = f"named by all after {named:.1f} s, all ready {wait_ready(stack, since):.1f} s after it responds; "
    checks.equal(f"Kafka silent for {SILENT_S} s", uploads, [*checked, *later], figures)


def test_postgres_frozen_and_restarted(stack: PrivateStack, uploads: Uploads, checks: Checks) -> None:
    checked = uploads.start(2)
    uploads.wait_published(checked[0], 5)
    with frozen(stack.pid("postgres")):
        named = wait_unready(stack, ("api", "ingest", "extractor"), "database", "database_unreachable")
    since = time.monotonic()
    pid = stack.kill("postgres", signal.SIGINT)  # its fast shutdown: connections are closed, transactions rolled back
    stack.wait_restarted("postgres", pid, TIMEOUT_S)
    figures = f"frozen, named after {named:.1f} s; all ready {wait_ready(stack, since):.1f} s after the restart; "
    checks.equal("Postgres frozen, then restarted", uploads, checked, figures)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stop a server and the processes that serve its connections; those that are still there go on at the end."""
    server = psutil.Process(pid)
    family = [server, *server.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.resume()
