"""Every error that the api answers with: one list of codes, sent as RFC 9457 problem documents."""

from typing import Any, Literal, NamedTuple, get_args

Code = Literal[
    "invalid_request",
    "invalid_json",
    "invalid_cursor",
    "idempotency_key_reused",
    "idempotency_in_flight",
    "version_conflict",
    "not_found",
    "method_not_allowed",
    "body_too_large",
    "rate_limited",
    "internal",
    "unavailable",
    "key_missing",
    "key_invalid",
    "key_expired",
    "scope_missing",
    "origin_refused",
    "site_required",
    "site_not_found",
    "site_not_empty",
    "section_not_found",
    "section_in_use",
    "camera_not_found",
    "layout_not_found",
    "video_not_found",
    "frame_not_found",
    "crops_not_found",
    "table_not_found",
    "hazard_not_found",
    "key_not_found",
    "scope_too_wide",
    "name_taken",
    "address_required",
    "address_has_credentials",
    "polygon_too_few_points",
    "polygon_out_of_frame",
    "polygon_self_crossing",
    "polygon_too_small",
    "table_not_yours",
    "table_doubled",
    "camera_required",
    "layout_required",
    "tables_required",
    "floor_required",
    "sampling_invalid",
    "picture_invalid",
    "started_at_invalid",
    "started_at_required",
    "upload_too_large",
    "video_finished",
    "video_not_failed",
    "video_not_retryable",
    "hazard_closed",
    "link_invalid",
    "link_expired",
    "object_gone",
    "range_invalid",
]


class Kind(NamedTuple):
    """What a code means: HTTP status and a title that is the same every time."""

    status: int
    title: str


CODES: dict[Code, Kind] = {
    "invalid_request": Kind(422, "The request is not as it should be"),
    "invalid_json": Kind(400, "The body is not JSON"),
    "invalid_cursor": Kind(400, "The cursor is none of ours"),
    "idempotency_key_reused": Kind(422, "The Idempotency-Key came with another body"),
    "idempotency_in_flight": Kind(409, "The first request with this Idempotency-Key is under way"),
    "version_conflict": Kind(412, "It was changed since it was read"),
    "not_found": Kind(404, "There is nothing here"),
    "method_not_allowed": Kind(405, "This resource does not know that method"),
    "body_too_large": Kind(413, "The body is too large"),
    "rate_limited": Kind(429, "Too many requests by this key"),
    "internal": Kind(500, "Something went wrong on our side"),
    "unavailable": Kind(503, "Not available right now, try again"),
    "key_missing": Kind(401, "A key is needed"),
    "key_invalid": Kind(401, "The key is not valid"),
    "key_expired": Kind(401, "The key has expired"),
    "scope_missing": Kind(403, "The key does not allow this"),
    "origin_refused": Kind(403, "Requests from another origin are refused"),
    "site_required": Kind(422, "Say which site"),
    "site_not_found": Kind(404, "No such site"),
    "site_not_empty": Kind(409, "Something still belongs to the site"),
    "section_not_found": Kind(404, "No such section"),
    "section_in_use": Kind(409, "Tables are in the section"),
    "camera_not_found": Kind(404, "No such camera"),
    "layout_not_found": Kind(404, "No such layout"),
    "video_not_found": Kind(404, "No such video"),
    "frame_not_found": Kind(404, "No such frame"),
    "crops_not_found": Kind(404, "The frame has no crops"),
    "table_not_found": Kind(404, "No such table"),
    "hazard_not_found": Kind(404, "No such hazard"),
    "key_not_found": Kind(404, "No such key"),
    "scope_too_wide": Kind(403, "A key cannot give more than it has"),
    "name_taken": Kind(409, "The name is taken"),
    "address_required": Kind(422, "The source needs an address"),
    "address_has_credentials": Kind(422, "The address carries a user name or password"),
    "polygon_too_few_points": Kind(422, "A polygon needs three points"),
    "polygon_out_of_frame": Kind(422, "A polygon leaves the picture"),
    "polygon_self_crossing": Kind(422, "A polygon crosses itself"),
    "polygon_too_small": Kind(422, "A polygon is too small"),
    "table_not_yours": Kind(422, "The table is none of this camera's"),
    "table_doubled": Kind(422, "A table stands there twice"),
    "camera_required": Kind(422, "Tables and hazards need a camera"),
    "layout_required": Kind(422, "The camera has no layout"),
    "tables_required": Kind(422, "The layout has no tables"),
    "floor_required": Kind(422, "The layout has no floor"),
    "sampling_invalid": Kind(422, "The sampling is not possible"),
    "picture_invalid": Kind(422, "Frames cannot be stored like that"),
    "started_at_required": Kind(422, "The start of the recording is needed"),
    "started_at_invalid": Kind(422, "The start of the recording is not possible"),
    "upload_too_large": Kind(413, "The video is larger than allowed"),
    "video_finished": Kind(409, "The video is finished"),
    "video_not_failed": Kind(409, "The video has not failed"),
    "video_not_retryable": Kind(409, "Trying again cannot help"),
    "hazard_closed": Kind(409, "The alert is closed"),
    "link_invalid": Kind(403, "The link is not valid"),
    "link_expired": Kind(403, "The link has expired"),
    "object_gone": Kind(404, "The object is not there any more"),
    "range_invalid": Kind(416, "The range lies outside the object"),
}
assert set(CODES) == set(get_args(Code))  # noqa: S101 (a code without a meaning is found at import)

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is an error. `detail` is a sentence that says what to do; `extra` are further members."""

    def __init__(self, code: Code, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.headers = headers or {}
        self.extra = extra

    @property
    def status(self) -> int:
        """HTTP status."""
        return CODES[self.code].status

    def document(self) -> dict[str, Any]:
        """The body, as RFC 9457 section 3 wants it."""
        kind = CODES[self.code]
        return {
            "type": f"/docs#{self.code}",
            "title": kind.title,
            "status": kind.status,
            "code": self.code,
            "detail": self.detail,
            **self.extra,
        }
