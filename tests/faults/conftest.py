"""One stack for most faults, the outcome of an undisturbed run on it, and a line for each fault at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.conftest import client, demo_files, http_cameras, layout, site, stack
from tests.faults.checks import Checks, Report
from tests.support.outcome import Outcome, assert_one_content_per_id, outcome, records_of
from tests.support.pipeline import Site
from tests.support.private_stack import PrivateStack
from tests.support.uploads import Uploads

__all__ = ["client", "demo_files", "http_cameras", "layout", "site", "stack"]
LINE = "fault"


@pytest.fixture(scope="session")
def clip(demo_files: Path) -> Path:
    """The demo's clip."""
    return demo_files / "clip.mp4"


@pytest.fixture(scope="package")
def undisturbed(stack: PrivateStack, site: Site, clip: Path) -> Outcome:
    """The outcome of the clip without a fault."""
    with Uploads(stack, site, clip) as uploads:
        (upload,) = uploads.start()
        assert upload.wait()["status"] == "done"
    records = records_of(stack, {upload.run_id})
    assert_one_content_per_id(records)
    return outcome(stack, site, upload.run_id, records)


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Adds a line to the summary at the end, also from a pytest worker."""
    return lambda line: request.node.user_properties.append((LINE, line))


@pytest.fixture
def checks(undisturbed: Outcome, report: Report) -> Checks:
    """Compares outcomes under a fault with the undisturbed one, and reports the figures."""
    return Checks(undisturbed, report)


@pytest.fixture
def uploads(stack: PrivateStack, site: Site, clip: Path) -> Iterator[Uploads]:
    """Uploads to the shared stack."""
    with Uploads(stack.up(), site, clip) as running:
        yield running


@pytest.fixture
def shared_stack_stopped(stack: PrivateStack, undisturbed: Outcome) -> None:
    """For a test with a stack of its own: two stacks would share the machine."""
    stack.stop_if_up()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a fault."""
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    lines = [
        str(line)
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, line in report.user_properties
        if name == LINE
    ]
    if lines:
        terminalreporter.section("faults")
        terminalreporter.write("\n".join(lines) + "\n")
