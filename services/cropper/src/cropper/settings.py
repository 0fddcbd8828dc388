"""Settings of the cropper: the only reader of its environment."""

from pydantic import Field

from objects.settings import ObjectSettings
from tablewatch_schemas.defaults import CROPS_REUSED_MS


class Settings(ObjectSettings):
    """See `chassis.settings` and `objects.settings` for those that every service has."""

    cropper_changed_at: float = Field(
        0.02,
        ge=0,
        le=1,
        description="Mean luma difference of its region, 0 to 1, from which a table counts as changed.",
    )
    cropper_spot_changed_at: float = Field(
        0.06, ge=0, le=1, description="Luma difference at one spot, 0 to 1, from which a table counts as changed."
    )
    cropper_reused_ms: int = Field(
        CROPS_REUSED_MS, ge=0, le=CROPS_REUSED_MS,
        description="How long the crops of a frame serve later ones in which no table changed, ms; 0: not at all.",
    )  # fmt: skip
    cropper_threads: int = Field(2, ge=1, description="Frames that are cropped at once.")
    cropper_in_flight: int = Field(1, ge=1, description="Records of one partition that are handled at once.")
