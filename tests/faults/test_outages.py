"""Kafka that stops answering and comes back; Postgres restarted in the middle."""

import os
import signal
import time

import pytest
from tests.faults.proof import PATIENCE_S, Proof, back
from tests.support.load import Load
from tests.support.private_stack import PrivateStack

pytestmark = pytest.mark.timeout(1800)
SILENT_S = 30


def test_a_broker_that_does_not_answer_for_half_a_minute(stack: PrivateStack, load: Load, proof: Proof) -> None:
    sent = load.start(2)
    load.until_published(sent[0], 5)
    broker = stack.kill("kafka", signal.SIGSTOP)
    try:
        time.sleep(SILENT_S)
    finally:
        os.kill(broker, signal.SIGCONT)
    since = time.monotonic()
    later = load.start()
    said = f"all well {back(stack, since):.1f} s after it answers again; "
    proof.check(f"Kafka silent for {SILENT_S} s", load, [*sent, *later], said)


def test_postgres_restarted(stack: PrivateStack, load: Load, proof: Proof) -> None:
    sent = load.start(2)
    load.until_published(sent[0], 5)
    since = time.monotonic()
    pid = stack.kill("postgres", signal.SIGINT)  # its fast shutdown: connections are closed, transactions rolled back
    stack.back("postgres", pid, PATIENCE_S)
    proof.check("Postgres restarted", load, sent, f"all well after {back(stack, since):.1f} s; ")
