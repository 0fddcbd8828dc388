"""Every way to say no: code, sentence, HTTP status, whether the same request or file can succeed later.

A *final* refusal is about the file: it ends the upload, its bytes are deleted and `video.rejected` tells why. The
others are about one request, and leave the upload as it was.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line of the list. `code` never changes its meaning; `sentence` says what to do."""

    code: str
    status: int
    retryable: bool
    final: bool
    sentence: str


_FILE = [
    (422, False, "empty_file", "The file is empty. Check the export and send it again."),
    (413, False, "too_large", "The file is larger than this upload may be. Cut it into shorter parts."),
    (422, False, "not_a_video", "This is not a video file. Send MP4, MOV, MKV, WebM, AVI or MPEG-TS."),
    (
        *(422, False, "unsupported_container"),
        "This kind of video file is not taken. Convert it to MP4, MOV, MKV, WebM, AVI or MPEG-TS.",
    ),
    (
        *(422, False, "unsupported_codec"),
        "The video is in a format that is not taken. Convert it to H.264, HEVC, AV1, VP9, VP8, MPEG-4 or MPEG-2.",
    ),
    (422, False, "no_video_stream", "The file holds no moving picture, only sound, data or a cover. Send the video."),
    (422, False, "too_many_streams", "The file holds too many streams. Export only the camera that is wanted."),
    (
        *(422, False, "index_too_large"),
        "The file's index of pictures and sound is longer than is taken. Cut it into shorter parts.",
    ),
    (422, False, "too_many_pixels", "The picture is too large. Scale it down, for example to 3840 x 2160."),
    (422, False, "too_long", "The video is longer than this upload may be. Cut it into shorter parts."),
    (
        *(422, False, "truncated"),
        "The file was cut off: what is needed to read it is missing. Finish or repair the recording and send it again.",
    ),
    (422, False, "unreadable", "No picture of the video can be decoded; the file is damaged. Export it again."),
    (422, False, "probe_failed", "Examining the file failed or took too much memory. Convert it to MP4 with H.264."),
    (422, True, "probe_timeout", "Examining the file took too long. Try again, or convert it to MP4 with H.264."),
    (410, True, "upload_expired", "The upload was not finished in time. Start it again."),
    (410, True, "upload_terminated", "The upload was ended by the uploader. Start a new one."),
    (500, True, "bytes_lost", "The uploaded bytes are not there any more. Send the file again."),
]
_REQUEST = [
    (401, False, "token_missing", "Send the upload token as Authorization: Bearer."),
    (401, False, "token_invalid", "The upload token is not valid. Ask the API for a new upload."),
    (401, False, "token_expired", "The upload token has expired. Ask the API for a new upload."),
    (403, False, "token_mismatch", "The upload token is for another upload."),
    (404, False, "upload_unknown", "There is no such upload. Create it first."),
    (410, False, "upload_gone", "The video was cancelled or deleted. Ask the API for a new upload."),
    (423, True, "upload_locked", "Another request is writing to this upload. Wait until it ends."),
    (409, True, "offset_mismatch", "Upload-Offset is not where the upload stands. Ask with HEAD and go on from there."),
    (409, False, "length_mismatch", "The upload has another length already."),
    (413, False, "length_exceeded", "More bytes were sent than the length that was declared."),
    (413, False, "chunk_too_large", "A request with a checksum may be 64 MiB at most. Send smaller chunks."),
    (412, False, "tus_version_unsupported", "Send Tus-Resumable: 1.0.0."),
    (400, False, "header_invalid", "A header of the request is missing or cannot be read."),
    (400, False, "checksum_unsupported", "Send a checksum of sha1, sha256 or crc32."),
    (460, True, "checksum_mismatch", "The bytes do not match their checksum; they were dropped. Send them again."),
    (415, False, "content_type_unsupported", "Send bytes as application/offset+octet-stream."),
    (408, True, "request_incomplete", "The request ended before all of its bytes arrived; what arrived is kept."),
    (
        *(429, True, "too_many_uploads"),
        "The site has too many uploads open. Finish one, or end it with DELETE, and try again.",
    ),
    (
        *(413, True, "daily_bytes_exceeded"),
        "The site has sent as much as it may in a day. What arrived is kept; go on after midnight UTC, or send less.",
    ),
    (409, False, "upload_in_parts", "This upload is sent in parts. Go on with its parts, or end it with DELETE."),
    (422, False, "parts_invalid", "The parts are not as they must be. Ask which are there with GET, and correct them."),
    (501, False, "parts_unsupported", "Files are not kept in S3 here. Send this one by tus or in one request."),
    (507, True, "disk_full", "There is no space left for this file now. What arrived is kept; go on later."),
    (503, True, "not_available", "A part that is needed is not reachable. Try again."),
]


REFUSALS: Final = {
    code: Refusal(code, status, retryable, final, sentence)
    for lines, final in ((_FILE, True), (_REQUEST, False))
    for status, retryable, code, sentence in lines
}


class Refused(Exception):
    """Raised where a request or a file is refused; `detail` says more than the sentence, `headers` go with it."""

    def __init__(self, code: str, detail: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.refusal = REFUSALS[code]
        self.detail = detail
        self.headers = headers or {}

    @property
    def reason(self) -> str:
        """What a person is told, the same by REST, by `video.rejected`, at the terminal and on the page."""
        return f"{self.refusal.sentence} {self.detail}" if self.detail else self.refusal.sentence
