"""Services restarted while they work, one after another, alone and beside a second replica of each."""

import signal
import time
from contextlib import nullcontext

import pytest
from stack.services import MODULES
from tests.faults.checks import TIMEOUT_S, Checks, Report, wait_ready
from tests.support.private_stack import PrivateStack
from tests.support.replicas import second_replicas
from tests.support.side_by_side import ON_THE_SHARED_STACK
from tests.support.uploads import Uploads

pytestmark = [pytest.mark.timeout(1800), ON_THE_SHARED_STACK]
AT_ONCE = 2


@pytest.mark.parametrize("replicas", [1, 2])
def test_rolling_restart_under_load(
    replicas: int, stack: PrivateStack, uploads: Uploads, checks: Checks, report: Report
) -> None:
    with second_replicas(stack) if replicas > 1 else nullcontext():
        first, *_ = uploads.start(AT_ONCE)
        uploads.wait_published(first, 5)
        seconds = [_restart(stack, uploads, name) for name in MODULES]
    figures = f"all ready after {min(seconds):.1f} to {max(seconds):.1f} s each; "
    checks.equal(f"rolling restart of six services, replicas of each: {replicas}", uploads, uploads.started, figures)


def _restart(stack: PrivateStack, uploads: Uploads, name: str) -> float:
    """SIGTERM, as a deployment does it; seconds until all is ready."""
    uploads.start(max(0, AT_ONCE - uploads.running()))
    since = time.monotonic()
    stack.wait_restarted(name, stack.kill(name, signal.SIGTERM), TIMEOUT_S)
    return wait_ready(stack, since)
