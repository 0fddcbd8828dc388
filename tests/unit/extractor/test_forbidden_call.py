"""A decoder that a file took over and that tried what no library does: told from an accident, in the log."""

from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from chassis.metrics import Metrics
from extractor.files.rows.claims import Lost
from extractor.files.worker import Worker
from extractor.model.failures import Crashed, Failed, OutOfMemory


class Taken:
    """A pool by which the claim turns out to be somebody else's: nothing is recorded."""

    def acquire(self) -> Any:
        raise Lost("run_1")


@pytest.mark.parametrize(
    ("failed", "said"),
    [
        (Crashed("ended by SIGSYS"), ["segment_failed", "decoder_made_forbidden_call"]),
        (Crashed("ended by SIGSEGV"), ["segment_failed"]),
        (OutOfMemory(""), ["segment_failed"]),
    ],
)
async def test_it_is_an_error_of_its_own(failed: Failed, said: list[str]) -> None:
    worker, claim = (
        Worker.__new__(Worker),
        SimpleNamespace(run_id="run_1", number=2, upload=SimpleNamespace(video_id="vid_1")),
    )
    worker._pool, worker._metrics, worker._log = Taken(), Metrics(), structlog.get_logger()
    with structlog.testing.capture_logs() as lines:
        await worker._record_failure(claim, failed)  # type: ignore[arg-type]
    assert [line["event"] for line in lines] == said
    assert all(line["run_id"] == "run_1" for line in lines)
