"""What can be wrong with a request, as rules and store raise it. A class is a code; http/problems.py has the status."""

from typing import Any

from chassis.errors import CodedError


class ApiError(CodedError):
    """A request that cannot be carried out.

    `detail` is a sentence about this request; `members` are further facts, by name, for whoever handles it.
    """

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.members = members


class NotFound(ApiError):
    """It does not exist, or belongs to a site that the caller may not see."""


class Conflict(ApiError):
    """What is stored does not allow it."""


class Invalid(ApiError):
    """The request asks for something that cannot be."""


class Unauthenticated(ApiError):
    """The request has no valid key or session."""


class Forbidden(ApiError):
    """The caller's key does not allow it."""


class SiteNotFound(NotFound):
    """No such site"""


class SectionNotFound(NotFound):
    """No such section"""


class CameraNotFound(NotFound):
    """No such camera"""


class ProbeNotFound(NotFound):
    """No such probe"""


class DiscoveryNotFound(NotFound):
    """No such discovery"""


class LayoutNotFound(NotFound):
    """No such layout"""


class LayoutSourceNotFound(NotFound):
    """The layout of the camera is not pulled from anywhere"""


class LayoutProposalNotFound(NotFound):
    """No layout is proposed for the camera"""


class VideoNotFound(NotFound):
    """No such video"""


class FrameNotFound(NotFound):
    """No such frame"""


class CropsNotFound(NotFound):
    """The frame has no crops"""


class ViewNotFound(NotFound):
    """No frame of the camera or run has been judged yet"""


class TableNotFound(NotFound):
    """No such table"""


class HazardNotFound(NotFound):
    """No such hazard"""


class KeyNotFound(NotFound):
    """No such key"""


class ObjectGone(NotFound):
    """The object does not exist any more"""


class DryRunNotFound(NotFound):
    """There is no such dry run"""


class CameraPaused(Conflict):
    """The camera takes no pictures now"""


class NoPictures(Conflict):
    """No picture of the camera is stored that could be looked at"""


class NameTaken(Conflict):
    """The name is taken"""


class NothingProposed(Conflict):
    """No layout could be proposed that could be accepted"""


class NumberTaken(Conflict):
    """Another camera of the site has the number"""


class SiteNotEmpty(Conflict):
    """Something still belongs to the site"""


class TooManyCameras(Conflict):
    """The site has as many cameras as it may"""


class SectionInUse(Conflict):
    """Tables or cameras are in the section"""


class VideoFinished(Conflict):
    """The video is finished"""


class VideoNotFailed(Conflict):
    """The video has not failed"""


class VideoNotRetryable(Conflict):
    """A retry cannot help"""


class HazardClosed(Conflict):
    """The alert is closed"""


class HazardStatusConflict(Conflict):
    """The alert's status does not allow this"""


class HazardsEnded(Conflict):
    """The run of the alert has ended"""


class KeyMissing(Unauthenticated):
    """A key is needed"""


class KeyInvalid(Unauthenticated):
    """The key is not valid"""


class KeyExpired(Unauthenticated):
    """The key has expired"""


class ScopeMissing(Forbidden):
    """The key does not allow this"""


class ScopeTooWide(Forbidden):
    """A key cannot give more than it has"""


class OriginRefused(Forbidden):
    """Requests from another origin are refused"""


class LinkInvalid(Forbidden):
    """The link is not valid"""


class LinkExpired(Forbidden):
    """The link has expired"""


class SiteRequired(Invalid):
    """The request must name a site"""


class AddressRequired(Invalid):
    """The source needs an address"""


class AddressHasCredentials(Invalid):
    """The address contains a user name or password"""


class AddressInvalid(Invalid):
    """The address cannot be read"""


class TransportInvalid(Invalid):
    """The source cannot be read over this transport"""


class UserRequired(Invalid):
    """The source has a password and no user name"""


class OpeningHoursUnordered(Invalid):
    """Opening hours of a day are not in their order"""


class OpeningHoursOverlap(Invalid):
    """Two intervals of the opening hours overlap"""


class OpeningHoursEmpty(Invalid):
    """The opening hours have no interval"""


class CameraRequired(Invalid):
    """Tables and hazards need a camera"""


class LayoutRequired(Invalid):
    """The camera has no layout"""


class TablesRequired(Invalid):
    """The layout has no tables"""


class FloorRequired(Invalid):
    """The layout has no floor"""


class SamplingInvalid(Invalid):
    """The sampling is not possible"""


class PictureInvalid(Invalid):
    """Frames cannot be stored like that"""


class StartedAtRequired(Invalid):
    """The start of the recording is needed"""


class StartedAtInvalid(Invalid):
    """The start of the recording is not possible"""


class UploadTooLarge(Invalid):
    """The video is larger than allowed"""


class SiteStorageFull(Invalid):
    """The storage quota of the site has no room"""

    retryable = True  # as in ingest, where the same code means the same


class PolygonTooFewPoints(Invalid):
    """A polygon needs three points"""


class PolygonOutOfFrame(Invalid):
    """A polygon reaches out of the picture"""


class PolygonSelfCrossing(Invalid):
    """A polygon crosses itself"""


class PolygonTooSmall(Invalid):
    """A polygon is too small"""


class LayoutTooLarge(Invalid):
    """The layout has more tables, floors or points than are taken"""


class LayoutFormatInvalid(Invalid):
    """The document is not of the form that it is said to be"""


class TableNotYours(Invalid):
    """The table belongs to another site"""


class DetectorUnknown(Invalid):
    """There is no detector of that name"""


class TableDoubled(Invalid):
    """A table is named twice"""


class RangeInvalid(Invalid):
    """The range lies outside the object"""

    def __init__(self, size: int) -> None:
        super().__init__(f"The object has {size} bytes.")
        self.size = size
