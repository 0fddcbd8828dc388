"""Settings of the classifier gateway: the only reader of its environment."""

from pathlib import Path

from pydantic import Field

from chassis.settings import ServiceSettings

ROLES = ("dispatch", "fold")


class Settings(ServiceSettings):
    """See `chassis.settings` for those that every service has."""

    classifier_gateway_roles: str = Field(
        "dispatch,fold", pattern="^(dispatch|fold)(,(dispatch|fold))*$", description="dispatch, fold, or both."
    )
    classifier_gateway_backend: str = Field("embedded", description="Classifier backend: embedded.")
    models_dir: Path | None = Field(None, description="Folder of the models; <home>/models when empty.")
    classifier_gateway_threads: int = Field(2, ge=1, description="Threads of the embedded classifier.")
    classifier_gateway_in_flight: int = Field(
        2, ge=1, description="Requests to the classifier at once; runs leave one of several to live tables."
    )
    classifier_gateway_timeout_s: float = Field(15.0, gt=0, description="Seconds for one answer.")
    classifier_gateway_live_deadline_s: float = Field(
        10.0, gt=0, description="Seconds after its capture in which a live frame is judged, or never."
    )
    classifier_gateway_run_patience_s: float = Field(
        600.0, gt=0, description="Seconds that a run's frame waits for a dead classifier."
    )
    classifier_gateway_enter_ms: int = Field(3_000, ge=0, description="Steady evidence before a live table is taken.")
    classifier_gateway_leave_ms: int = Field(8_000, ge=0, description="Steady evidence before a live table is free.")
    classifier_gateway_hold_ms: int = Field(2_000, ge=0, description="How long one contrary verdict is ignored.")
    classifier_gateway_ttl_ms: int = Field(30_000, ge=1, description="How long a live state holds without evidence.")
    classifier_gateway_tick_s: float = Field(5.0, gt=0, description="Seconds between the ticks that age live tables.")
    classifier_gateway_stalled_s: float = Field(
        30.0, gt=0, description="Seconds without progress after which the fold ends its process."
    )
    classifier_gateway_forget_s: float = Field(
        86_400.0, gt=0, description="Seconds that an idle or ended run's rows are kept against repeats."
    )

    @property
    def roles(self) -> frozenset[str]:
        """What this process does."""
        return frozenset(self.classifier_gateway_roles.split(","))

    @property
    def models(self) -> Path:
        """Where the models are."""
        return self.models_dir or self.tablewatch_home / "models"
