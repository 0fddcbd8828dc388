"""Every refusal of an upload: each class is one code, its docstring the sentence, the same for REST, topic and docs."""

from typing import Any, ClassVar, Final

from chassis.errors import CodedError


class Refusal(CodedError):
    """A file, or a request about an upload, that is not accepted; `members` are further facts, by name."""

    final: ClassVar[bool]

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail, headers=headers)
        self.members = members


class FileRefusal(Refusal):
    """Final: it ends the upload, deletes its bytes and is published as `video.rejected`."""

    final = True
    status = 422


class RequestRefusal(Refusal):
    """It is about one request and leaves the upload as it was."""

    final = False
    status = 400


class NoRoom(RequestRefusal):
    """There is no room for the file now, and there may be later: the job of the video says so while it waits."""

    retryable = True


class EmptyFile(FileRefusal):
    """The file is empty. Check the export and send it again."""


class TooLarge(FileRefusal):
    """The file is larger than this upload may be. Cut it into shorter parts."""

    status = 413


class NotAVideo(FileRefusal):
    """This is not a video file. Send MP4, MOV, MKV, WebM, AVI, MPEG-TS or MPEG-PS."""


class UnsupportedContainer(FileRefusal):
    """This kind of video file is not taken. Convert it to MP4, MOV, MKV, WebM, AVI, MPEG-TS or MPEG-PS."""


class UnsupportedCodec(FileRefusal):
    """The video is in a format that is not taken. Convert it to H.264, HEVC, AV1, VP9, VP8, MPEG-4 or MPEG-2."""


class NoVideoStream(FileRefusal):
    """The file holds no moving picture, only sound, data or a cover. Send the video."""


class TooManyStreams(FileRefusal):
    """The file holds too many streams. Export only the camera that is wanted."""


class IndexTooLarge(FileRefusal):
    """The file's index of pictures and sound is longer than is taken. Cut it into shorter parts."""


class TooManyPixels(FileRefusal):
    """The picture is too large. Scale it down, for example to 3840 x 2160."""


class TooLong(FileRefusal):
    """The video is longer than this upload may be. Cut it into shorter parts."""


class Truncated(FileRefusal):
    """The file was cut off: what is needed to read it is missing. Finish or repair the recording and send it again."""


class Unreadable(FileRefusal):
    """No picture of the video can be decoded; the file is damaged. Export it again."""


class ProbeFailed(FileRefusal):
    """Examining the file failed or took too much memory. Convert it to MP4 with H.264."""


class ProbeTimeout(FileRefusal):
    """Examining the file took too long. Try again, or convert it to MP4 with H.264."""

    retryable = True


class UploadExpired(FileRefusal):
    """The upload was not finished in time. Start it again."""

    status = 410
    retryable = True


class UploadTerminated(FileRefusal):
    """The upload was ended by the uploader. Start a new one."""

    status = 410
    retryable = True


class BytesLost(FileRefusal):
    """The uploaded bytes are not there any more. Send the file again."""

    status = 500
    retryable = True


class TokenMissing(RequestRefusal):
    """Send the upload token as Authorization: Bearer."""

    status = 401


class TokenInvalid(RequestRefusal):
    """The upload token is not valid. Ask the API for a new upload."""

    status = 401


class TokenExpired(RequestRefusal):
    """The upload token has expired. Ask the API for a new upload."""

    status = 401


class TokenMismatch(RequestRefusal):
    """The upload token is for another upload."""

    status = 403


class TooManyWrongTokens(RequestRefusal):
    """Too many upload tokens from this address were wrong. Wait, or send one that is valid: those still work."""

    status = 429
    retryable = True


class UploadUnknown(RequestRefusal):
    """There is no such upload. Create it first."""

    status = 404


class UploadGone(RequestRefusal):
    """The video was cancelled or deleted. Ask the API for a new upload."""

    status = 410


class UploadLocked(RequestRefusal):
    """Another request is writing to this upload. Wait until it ends."""

    status = 423
    retryable = True


class OffsetMismatch(RequestRefusal):
    """Upload-Offset is not where the upload stands. Ask with HEAD and go on from there."""

    status = 409
    retryable = True


class LengthMismatch(RequestRefusal):
    """The upload was announced, or begun, with another length. Send that file, or ask the API for a new upload."""

    status = 409


class LengthExceeded(RequestRefusal):
    """More bytes were sent than the length that was declared."""

    status = 413


class ChunkTooLarge(RequestRefusal):
    """A request with a checksum may be 64 MiB at most. Send smaller chunks."""

    status = 413


class TooManyBodies(RequestRefusal):
    """The server, or your site's half of it, is full of request bodies that are under way. Try again."""

    status = 503
    retryable = True


class TusVersionUnsupported(RequestRefusal):
    """Send Tus-Resumable: 1.0.0."""

    status = 412


class HeaderInvalid(RequestRefusal):
    """A header of the request is missing or cannot be read."""


class ChecksumUnsupported(RequestRefusal):
    """Send a checksum of sha1, sha256 or crc32."""


class ChecksumMismatch(RequestRefusal):
    """The bytes do not match their checksum; they were dropped. Send them again."""

    status = 460
    retryable = True


class ExtensionUnsupported(RequestRefusal):
    """The request uses a tus extension that is not offered. Send the file as one upload, from its start to its end."""


class PartialBody(RequestRefusal):
    """The request calls its body a part of the file, and this address takes whole files. Send parts by tus."""


class ContentTypeUnsupported(RequestRefusal):
    """Send the bytes of the file alone: no form, no JSON; in tus requests as application/offset+octet-stream."""

    status = 415


class ContentEncodingUnsupported(RequestRefusal):
    """Send the bytes of the file as they are, not compressed for the way."""

    status = 415


class RequestIncomplete(RequestRefusal):
    """The request ended before all of its bytes arrived; what arrived is kept."""

    status = 408
    retryable = True


class TooManyUploads(NoRoom):
    """The site has too many uploads open. Finish one, or end it with DELETE, and try again."""

    status = 429


class RateLimited(RequestRefusal):
    """Too many requests for this upload. Send larger chunks, and wait before the next."""

    status = 429
    retryable = True


class SiteRateLimited(RequestRefusal):
    """Too many requests for the uploads of this site together. Send larger chunks, and wait before the next."""

    status = 429
    retryable = True


class DailyBytesExceeded(NoRoom):
    """The site has sent as much as it may in a day. What arrived is kept; go on after midnight UTC, or send less."""

    status = 413


class SiteStorageFull(NoRoom):
    """The storage quota of the site has no room for this; delete videos or have the quota raised, then retry."""

    status = 413


class UploadInParts(RequestRefusal):
    """This upload is sent in parts. Go on with its parts, or end it with DELETE."""

    status = 409


class PartsInvalid(RequestRefusal):
    """The parts are not as they must be. Ask which are there with GET, and correct them."""

    status = 422


class PartsUnsupported(RequestRefusal):
    """Files are not kept in S3 here. Send this one by tus or in one request."""

    status = 501


class DiskFull(NoRoom):
    """There is no space left for this file now. What arrived is kept; go on later."""

    status = 507


class InvalidRequest(RequestRefusal):
    """The request has a query parameter that there is not. Leave it out."""

    status = 422


class NotFound(RequestRefusal):
    """There is no such path. Use the addresses that the API answered with."""

    status = 404


class MethodNotAllowed(RequestRefusal):
    """The path does not take this method. Use one that Allow names."""

    status = 405


class Internal(RequestRefusal):
    """An error in the server. It is in our log; try again."""

    status = 500
    retryable = True


class NotAvailable(RequestRefusal):
    """A part that is needed is not reachable. Try again."""

    status = 503
    retryable = True


REFUSALS: Final[dict[str, type[Refusal]]] = {refusal.code: refusal for refusal in Refusal.each()}
