"""Services replaced while they work, one after another, alone and beside a second copy of each."""

import signal
import time
from contextlib import nullcontext

import pytest
from stack.services import MODULES
from tests.faults.proof import PATIENCE_S, Proof, Tell, back
from tests.support.copies import second_copies
from tests.support.load import Load
from tests.support.private_stack import PrivateStack

pytestmark = pytest.mark.timeout(1800)
AT_ONCE = 2


@pytest.mark.parametrize("copies", [1, 2])
def test_rolling_restart_under_load(copies: int, stack: PrivateStack, load: Load, proof: Proof, tell: Tell) -> None:
    with second_copies(stack) if copies > 1 else nullcontext():
        first, *_ = load.start(AT_ONCE)
        load.until_published(first, 5)
        seconds = [_restart(stack, load, name) for name in MODULES]
    said = f"all well after {min(seconds):.1f} to {max(seconds):.1f} s each; "
    proof.check(f"rolling restart of six services, copies of each: {copies}", load, load.sent, said)


def _restart(stack: PrivateStack, load: Load, name: str) -> float:
    """SIGTERM, as a deployment does it; seconds until all is well again."""
    load.start(max(0, AT_ONCE - load.under_way()))
    since = time.monotonic()
    stack.back(name, stack.kill(name, signal.SIGTERM), PATIENCE_S)
    return back(stack, since)
