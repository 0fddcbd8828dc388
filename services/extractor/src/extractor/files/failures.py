"""Every way in which extraction fails or a gap comes about: one list of codes and sentences."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """A stable code, a sentence for a person saying what to do, and whether trying again unchanged can succeed."""

    code: str
    reason: str
    retryable: bool


class Failed(Exception):
    """A piece of work ended in one of the failures below; `detail` is for the log."""

    def __init__(self, failure: Failure, detail: str = "") -> None:
        super().__init__(f"{failure.code}: {detail or failure.reason}")
        self.failure, self.detail = failure, detail


DECODE_FAILED = Failure(
    "decode_failed", "The file could not be opened as a video; export it again, for example as MP4 with H.264.", False
)
NO_VIDEO = Failure("no_video", "The file has no video stream that can be read; upload a file with a picture.", False)
NO_FRAMES = Failure(
    "no_frames", "Not one picture could be read from the file; it is empty or damaged. Export it again.", False
)
TIMEOUT = Failure("timeout", "Decoding made no progress for too long; try again, or upload a shorter part.", True)
SOURCE_GONE = Failure("source_gone", "The stored original is not there any more; upload the video again.", False)
CRASHED = Failure("crashed", "The decoder ended unexpectedly on this file; try again, or export the file anew.", True)
OUT_OF_MEMORY = Failure(
    "out_of_memory", "Decoding needed more memory than is allowed; upload it in a smaller resolution.", True
)
STORAGE_FAILED = Failure("storage_failed", "Frames could not be stored; try again when storage is well.", True)
CANCELLED = Failure("cancelled", "The run was cancelled on request; retry resumes it where it stood.", True)

FAILURES = {
    failure.code: failure
    for failure in (
        DECODE_FAILED,
        NO_VIDEO,
        NO_FRAMES,
        TIMEOUT,
        SOURCE_GONE,
        CRASHED,
        OUT_OF_MEMORY,
        STORAGE_FAILED,
        CANCELLED,
    )
}

GAP_DAMAGED, GAP_TRUNCATED, GAP_UNREADABLE = "damaged", "truncated", "unreadable"
GAP_CODES = {
    GAP_DAMAGED: "The stretch holds data that the decoder refused or marked as corrupt.",
    GAP_TRUNCATED: "The file ends before the duration that it declares.",
    GAP_UNREADABLE: "The container could not be read any further.",
}


def failure_of(code: str) -> Failure:
    """The failure of a code; an unknown one (a newer child's) counts as a crash."""
    return FAILURES.get(code, CRASHED)
