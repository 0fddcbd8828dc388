"""For every ring: how property tests choose their examples, signals as in a terminal, scheduling as it was."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from tests.support.side_by_side import ByGroup

# How fast examples are made depends on what else the machine does; no test fails for it.
ANY_SPEED: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
# A run of the tests is the same twice: the examples come from the test alone, and nothing is kept between runs.
settings.register_profile("same", derandomize=True, **ANY_SPEED)
# `make repeat`: as many examples as usual, others each time.
settings.register_profile("fresh", print_blob=True, **ANY_SPEED)
# `make properties` searches. What it finds becomes an `@example` of the test.
settings.register_profile("search", max_examples=2_000, print_blob=True, **ANY_SPEED)
settings.load_profile(os.environ.get("PROPERTIES", "same"))

# By default structlog shows an error with the locals of every frame, made readable by rich: seconds for each line where
# an application is in scope. The services configure their own.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)

# A shell starts background jobs (`make test &`, nohup) with SIGINT ignored, and processes that tests interrupt would
# inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup | None:
    """Of `--dist loadgroup`; the others are xdist's own."""
    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(autouse=True)
def scheduling_is_left_alone() -> Iterator[None]:
    """A process in real time passes it on to its children, and the first that spins takes the machine."""
    before = os.sched_getscheduler(0)
    yield
    after = os.sched_getscheduler(0)
    if after != before:
        os.sched_setscheduler(0, before, os.sched_param(0))
        pytest.fail(f"the test left the process with scheduling policy {after}")
