"""Settings of hazard, beside those that every service has."""

from pathlib import Path

from pydantic import Field

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Read once from the environment."""

    models_dir: Path | None = Field(default=None, description="Folder of the converted models; else <home>/models.")
    hazard_roles: str = Field(
        default="detect,follow", pattern="^(detect|follow|detect,follow)$", description="detect, follow, or both."
    )
    hazard_threads: int = Field(default=1, ge=1, description="Threads that look at pictures.")
    hazard_streams: int = Field(default=40, ge=1, description="Cameras and runs kept in memory, about 8 MB each.")
    hazard_rebuild_frames: int = Field(default=3_000, ge=1, description="Frames looked at again after a restart.")
    hazard_coloured_ms: int = Field(default=15_000, ge=0, description="Coloured areas open an alert after this, ms.")
    hazard_grey_ms: int = Field(default=60_000, ge=0, description="Grey areas open an alert after this, ms.")
    hazard_expire_ms: int = Field(default=1_800_000, ge=0, description="An alert without a word expires after, ms.")
    hazard_tick_s: float = Field(default=30.0, gt=0, description="Seconds between ticks to rows that wait.")

    @property
    def models_root(self) -> Path:
        """Where the models are."""
        return self.models_dir or self.tablewatch_home / "models"
