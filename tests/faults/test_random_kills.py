"""kill -9 of anything at any time: the outcome is that of an undisturbed run.

FAULTS_SEED repeats a run of it, FAULTS_ROUNDS is the number of kills.
"""

import os
import random
import time

import pytest
from tests.faults.checks import TIMEOUT_S, Checks, Report, wait_ready
from tests.support.private_stack import PrivateStack, until
from tests.support.side_by_side import ON_THE_SHARED_STACK
from tests.support.uploads import Uploads

pytestmark = [pytest.mark.timeout(1800), ON_THE_SHARED_STACK]
PARTS = ("ingest", "extractor", "cropper", "classifier-gateway", "hazard", "api", "kafka", "postgres")
AT_ONCE = 3
LONGEST_S = 4.0


def test_killed_at_random_points(stack: PrivateStack, uploads: Uploads, checks: Checks, report: Report) -> None:
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    rounds = int(os.environ.get("FAULTS_ROUNDS") or 20)
    chance = random.Random(seed)
    report(f"kill -9 at random points, FAULTS_SEED={seed}")
    for number, part in enumerate(schedule(chance, rounds), start=1):
        uploads.start(max(0, AT_ONCE - uploads.running()))
        delay = chance.uniform(0, LONGEST_S)
        time.sleep(delay)
        since = time.monotonic()
        killed = stack.kill(part)
        stack.wait_restarted(part, killed, TIMEOUT_S)
        report(f"  round {number}: {part} killed after {delay:.1f} s, all ready {wait_ready(stack, since):.1f} s later")
    checks.equal(f"{rounds} kills", uploads, uploads.started)


def schedule(chance: random.Random, rounds: int) -> list[str]:
    """Every part as often as the others, in any order."""
    chosen: list[str] = []
    while len(chosen) < rounds:
        chosen += chance.sample(PARTS, len(PARTS))
    return chosen[:rounds]


def test_the_supervisor_killed_while_uploads_run(stack: PrivateStack, uploads: Uploads, checks: Checks) -> None:
    checked = uploads.start(2)
    uploads.wait_published(checked[0], 10)
    since = time.monotonic()
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    until(lambda: True if stack.processes() == [] else None, 60, "the end of the children")
    gone = time.monotonic() - since
    (stack.home / "run.json").unlink()
    stack.start()
    figures = f"children gone after {gone:.1f} s, all ready after {wait_ready(stack, since):.1f} s; "
    checks.equal("supervisor killed", uploads, checked, figures)
