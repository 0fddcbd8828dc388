"""Settings of the cropper: the only reader of its environment."""

from pydantic import Field

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """See `chassis.settings` for those that every service has."""

    cropper_changed_at: float = Field(
        0.02, ge=0, le=1, description="Mean luma difference, 0 to 1, from which a table counts as changed."
    )
    cropper_threads: int = Field(2, ge=1, description="Frames that are cut at once.")
    cropper_in_flight: int = Field(1, ge=1, description="Records of one partition that are handled at once.")
