"""Why a camera cannot be read: codes, each with a sentence that says what to do."""

from chassis.errors import CodedError


class CameraFailed(CodedError):
    """A session with a camera ended. `detail` is for the log and holds no secret; the sentence is published."""


class WrongPassword(CameraFailed):
    """The camera refuses the user name or the password; enter them again."""


class WrongPath(CameraFailed):
    """The camera answers, and knows no stream or picture of this path; look it up in the camera's manual."""


class PortClosed(CameraFailed):
    """Nothing listens at this address and port; is RTSP or HTTP switched on in the camera, and the port right?"""


class Unreachable(CameraFailed):
    """Nothing answers at this address; is the camera on, and in the same network?"""


class CertificateRefused(CameraFailed):
    """The camera's certificate is signed by nobody who is trusted here; the operator names whom with CAMERA_CA."""


class TlsFailed(CameraFailed):
    """What answers there does not speak TLS as it should; is the port right? Without TLS it is rtsp:// or http://."""


class NoAnswer(CameraFailed):
    """The camera took the connection and sends nothing; restart it if that lasts."""


class NotRtsp(CameraFailed):
    """What answers there does not speak RTSP; is it the port of the camera's web page?"""


class TransportNotOffered(CameraFailed):
    """The camera does not send its pictures over TCP, or not over UDP; set its transport to the other."""


class NothingOverUdp(CameraFailed):
    """The camera plays, and nothing whole of it arrives over UDP; open the way for it, or set its transport to TCP."""


class UdpWithoutTls(CameraFailed):
    """Over UDP the pictures of an rtsps:// camera would not be encrypted; set its transport to TCP."""


class NotHttp(CameraFailed):
    """What answers there does not speak HTTP as it should; is it the port of the camera's web server?"""


class HttpError(CameraFailed):
    """The camera's web server answers with an error; restart the camera if that lasts."""


class NotAPicture(CameraFailed):
    """What comes from there is no JPEG or PNG picture; look up the address of a snapshot in the camera's manual."""


class PictureIncomplete(CameraFailed):
    """Pictures from there have no end; is the program that writes them still running, and is there room on its disk?"""


class PictureUnchanged(CameraFailed):
    """The same picture comes again and again; restart the camera, or the program that writes its pictures."""


class NotAPlaylist(CameraFailed):
    """What comes from there is no playlist of HLS with pictures; its address mostly ends with .m3u8."""


class PlaylistEnded(CameraFailed):
    """The playlist says that the stream has ended; start the encoder again, or upload what is a recording."""


class PlaylistStandsStill(CameraFailed):
    """No new segments come into the playlist; restart the encoder, or the camera."""


class StreamEncrypted(CameraFailed):
    """The segments of the stream are encrypted, which is not read; switch encryption off for this stream."""


class TooMuchData(CameraFailed):
    """What comes from there is too large; at most 32 MiB are read of a picture, 1 of a playlist, 64 of a segment."""


class TooSlow(CameraFailed):
    """What the camera sends takes too long to arrive; is the line fast enough for it?"""


class Redirected(CameraFailed):
    """The camera sends its viewers to another address; enter that one."""


class CodecNotTaken(CameraFailed):
    """The stream's codec cannot be read; set the camera to H.264 or H.265."""


class PicturesTooLarge(CameraFailed):
    """The camera's pictures are larger than 67 megapixels; set it to a lower resolution, such as 3840 x 2160."""


class NoKeyframe(CameraFailed):
    """No keyframe came within 10 seconds; set the camera's I-frame interval to two seconds or less."""


class NoPicture(CameraFailed):
    """Data comes, and no picture can be read from it; restart the camera, or set its codec anew."""


class NoPackets(CameraFailed):
    """The camera plays, and no pictures come; restart it."""


class SoundOnly(CameraFailed):
    """The camera sends sound and no picture; restart it."""


class SessionEnded(CameraFailed):
    """The camera ended the session."""


class FilesOff(CameraFailed):
    """Local files are not read here; the operator names the folder that they are in with CAMERA_FILES."""


class NoSuchFile(CameraFailed):
    """There is no such file in this site's folder below CAMERA_FILES, or it cannot be read; links are not followed."""


class NotAVideo(CameraFailed):
    """The file is neither a JPEG or PNG picture nor a video whose length is known."""


class AddressNotAllowed(CameraFailed):
    """The address is not one that cameras may have; the operator allows networks with CAMERA_NETWORKS."""


class ElsewhereNotAllowed(CameraFailed):
    """The camera's answer or playlist points to an address that cameras may not have; the operator allows networks with
    CAMERA_NETWORKS."""


class NoSuchHost(CameraFailed):
    """The name of the camera's host is not known; check it, or enter the address in digits."""


class BadAddress(CameraFailed):
    """The address cannot be read; it looks like rtsp://192.168.1.20:554/stream1 or http://192.168.1.20/snapshot.jpg."""


class CredentialsNotReadable(CameraFailed):
    """User name and password of the camera cannot be read, or were given for another address; enter them again."""


class ReaderCrashed(CameraFailed):
    """The process that reads this camera ended unexpectedly; it is started again."""


FAILURES = {failure.code: failure for failure in CameraFailed.each()}


def failure_of(code: str) -> type[CameraFailed]:
    """The failure of a code; an unknown one (of a newer reader) counts as a crash."""
    return FAILURES.get(code, ReaderCrashed)
