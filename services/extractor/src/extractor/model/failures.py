"""The codes of extraction: failures of a run and gaps in a video, each with a sentence for a person."""

from typing import ClassVar

from chassis.errors import CodedError


class Failed(CodedError):
    """An attempt failed. `detail` is for the log; the sentence is published with the code.

    `needs_action`: more attempts cannot help before somebody has done something; a retry on request can.
    """

    needs_action: ClassVar[bool] = False


class DecodeFailed(Failed):
    """The file could not be opened as a video; export it again, for example as MP4 with H.264."""


class NoVideo(Failed):
    """The file has no video stream that can be read; upload a file with a picture."""


class NoFrames(Failed):
    """Not one picture could be read from the file; it is empty or damaged. Export it again."""


class Timeout(Failed):
    """Decoding made no progress for too long; try again, or upload a shorter part."""

    retryable = True


class SourceGone(Failed):
    """The stored original is not there any more; upload the video again."""


class Crashed(Failed):
    """The decoder ended unexpectedly on this file; try again, or export the file anew."""

    retryable = True


class OutOfMemory(Failed):
    """Decoding needed more memory than is allowed; upload it in a smaller resolution."""

    retryable = True


class StorageFailed(Failed):
    """Frames could not be stored; try again when storage is well."""

    retryable = True


class SiteStorageFull(Failed):
    """The storage quota of the site has no room for this; delete videos or have the quota raised, then retry."""

    retryable = True
    needs_action = True


class Cancelled(Failed):
    """The run was cancelled on request; retry resumes it where it stood."""

    retryable = True


class QuotaReserved(Exception):
    """What a run is likely to take fits the site's quota once other runs under way end; it holds nothing itself."""

    def __init__(self, needed: int) -> None:
        super().__init__(needed)
        self.needed = needed
        """Bytes that the run is likely to take."""


STORE_FULL, QUOTA_RESERVED = "store_full", "site_storage_reserved"
WAITING = {
    QUOTA_RESERVED: "Other runs of the site have reserved the rest of its storage quota; it begins when they end.",
    STORE_FULL: "The object store has too little free space; extraction goes on by itself when there is more.",
}
"""What a run waits for without having failed, each with a sentence for a person."""
FAILURES = {failure.code: failure for failure in Failed.each()}

GAP_DAMAGED, GAP_SUSPECT, GAP_TRUNCATED = "damaged", "suspect", "truncated"
GAP_UNREADABLE, GAP_UNREAD_BYTES = "unreadable", "unread_bytes"
GAP_CODES = {
    GAP_DAMAGED: "The stretch holds data that the decoder refused or marked as corrupt.",
    GAP_SUSPECT: "Pictures of the stretch are delivered, but refer to one that is damaged or missing, and may show it.",
    GAP_TRUNCATED: "The file ends before the duration that it declares.",
    GAP_UNREADABLE: "The container could not be read any further.",
    GAP_UNREAD_BYTES: "So many bytes (`bytes`) are behind a recording and are none that can be read; whether there were"
    " pictures in them is not known.",
}


def failure_of(code: str) -> type[Failed]:
    """The failure of a code; an unknown one (of a newer decoder) counts as a crash."""
    return FAILURES.get(code, Crashed)


def printable(detail: str) -> str:
    """The first 2000 characters, with a question mark for what cannot be printed: Postgres takes no zero."""
    return "".join(char if char.isprintable() else "?" for char in detail[:2000])
