"""One stack for most faults, what an undisturbed run gives on it, and a line for each fault at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import client, demo_files, layout, place, stack
from tests.faults.proof import Proof, Tell
from tests.support.load import Load
from tests.support.outcome import Outcome, heard_of, nothing_twice, outcome
from tests.support.private_stack import PrivateStack
from tests.support.road import Place

__all__ = ["client", "demo_files", "layout", "place", "stack"]
LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def clip(demo_files: Path) -> Path:
    """The demo's clip."""
    return demo_files / "clip.mp4"


@pytest.fixture(scope="package")
def undisturbed(stack: PrivateStack, place: Place, clip: Path) -> Outcome:
    """The clip without a fault."""
    with Load(stack, place, clip) as load:
        (sent,) = load.start()
        assert sent.ended()["status"] == "done"
    heard = heard_of(stack, {sent.run_id})
    nothing_twice(heard)
    return outcome(stack, place, sent.run_id, heard)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Adds a line to the summary at the end."""
    return request.config.stash.setdefault(LINES, []).append


@pytest.fixture
def proof(undisturbed: Outcome, tell: Tell) -> Proof:
    """Compares what came out under a fault with the undisturbed run, and tells the figures."""
    return Proof(undisturbed, tell)


@pytest.fixture
def load(stack: PrivateStack, place: Place, clip: Path) -> Iterator[Load]:
    """Uploads to the shared stack."""
    with Load(stack.up(), place, clip) as uploads:
        yield uploads


@pytest.fixture
def alone(stack: PrivateStack, undisturbed: Outcome) -> None:
    """For a test with a stack of its own: the shared one rests, so that two do not share the machine."""
    stack.stop_if_up()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a fault."""
    lines = terminalreporter.config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write("\n".join(lines) + "\n")
