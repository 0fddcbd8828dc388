"""Settings of hazard: the only reader of its environment."""

from pathlib import Path

from pydantic import Field

from hazard.follow.rules import DEFAULT_TIMINGS
from objects.settings import ObjectSettings


class Settings(ObjectSettings):
    """See `chassis.settings` and `objects.settings` for those that every service has."""

    models_dir: Path | None = Field(default=None, description="Folder of the converted models; else <home>/models.")
    hazard_roles: str = Field(
        default="detect,follow", pattern="^(detect|follow|detect,follow)$", description="detect, follow, or both."
    )
    hazard_threads: int = Field(default=1, ge=1, description="Threads that inspect pictures.")
    hazard_streams: int = Field(default=40, ge=1, description="Cameras and runs kept in memory, about 8 MB each.")
    hazard_rebuild_frames: int = Field(
        default=3_000, ge=1, description="Earlier frames that rebuild a floor after a restart, at most."
    )
    hazard_judgement_wait_ms: int = Field(
        default=2_000,
        ge=0,
        description="The gateway's judgement of a frame is waited for this long, then hazard looks itself, ms.",
    )
    hazard_coloured_ms: int = Field(
        default=DEFAULT_TIMINGS.coloured_ms, ge=0, description="Coloured areas open an alert after this, ms."
    )
    hazard_grey_ms: int = Field(
        default=DEFAULT_TIMINGS.grey_ms, ge=0, description="Grey areas open an alert after this, ms."
    )
    hazard_expire_ms: int = Field(
        default=DEFAULT_TIMINGS.expire_ms, ge=0, description="An alert without news expires after this, ms."
    )
    hazard_tick_s: float = Field(default=30.0, gt=0, description="Seconds between ticks to rows that wait.")

    @property
    def models_root(self) -> Path:
        """Folder of the models."""
        return self.models_dir or self.tablewatch_home / "models"
