"""kill -9 of anything at any time: what is true in the end is what an undisturbed run says.

FAULTS_SEED makes a run of it again, FAULTS_ROUNDS makes it longer.
"""

import os
import random
import time

import pytest
from tests.faults.proof import PATIENCE_S, Proof, Tell, back
from tests.support.load import Load
from tests.support.private_stack import PrivateStack, until

pytestmark = pytest.mark.timeout(1800)
PARTS = ("ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api", "kafka", "postgres")
AT_ONCE = 3
LONGEST_S = 4.0


def test_killed_at_random_points(stack: PrivateStack, load: Load, proof: Proof, tell: Tell) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    rounds = int(os.environ.get("FAULTS_ROUNDS") or 20)
    dice = random.Random(seed)
    tell(f"kill -9 at random points, FAULTS_SEED={seed}")
    for number, part in enumerate(schedule(dice, rounds), start=1):
        load.start(max(0, AT_ONCE - load.under_way()))
        delay = dice.uniform(0, LONGEST_S)
        time.sleep(delay)
        since = time.monotonic()
        killed = stack.kill(part)
        stack.back(part, killed, PATIENCE_S)
        tell(f"  round {number}: {part} killed after {delay:.1f} s, all well {back(stack, since):.1f} s later")
    proof.check(f"{rounds} kills", load, load.sent)


def schedule(dice: random.Random, rounds: int) -> list[str]:
    """Every part as often as the others, in any order."""
    chosen: list[str] = []
    while len(chosen) < rounds:
        chosen += dice.sample(PARTS, len(PARTS))
    return chosen[:rounds]


def test_the_supervisor_killed_in_the_middle(stack: PrivateStack, load: Load, proof: Proof) -> None:
    sent = load.start(2)
    load.until_published(sent[0], 10)
    since = time.monotonic()
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    until(lambda: True if stack.processes() == [] else None, 60, "the end of the children")
    gone = time.monotonic() - since
    (stack.home / "run.json").unlink()
    stack.start()
    proof.check(
        "supervisor killed", load, sent, f"children gone after {gone:.1f} s, up again {back(stack, since):.1f} s; "
    )
