"""Settings of the classifier gateway: the only reader of its environment."""

from pathlib import Path

from pydantic import Field

from objects.settings import ObjectSettings
from tablewatch_schemas import TableEvidenceThresholds
from tablewatch_schemas.defaults import GATED_MS, LIVE_THRESHOLDS


class Settings(ObjectSettings):
    """See `chassis.settings` and `objects.settings` for those that every service has."""

    classifier_gateway_roles: str = Field(
        "dispatch,fold", pattern="^(dispatch|fold)(,(dispatch|fold))*$", description="dispatch, fold, or both."
    )
    classifier_gateway_backend: str = Field("embedded", description="Classifier backend: embedded.")
    classifier_gateway_model: str = Field(
        "yolox-nano", description="Model of the embedded classifier: yolox-nano, coco-ssd, or one of yours."
    )
    classifier_gateway_detectors: Path | None = Field(
        None, description="File that names detectors of your own (docs/detectors.md)."
    )
    classifier_gateway_look_px: int = Field(
        832, ge=320, le=2048, description="Longer side of the picture that yolox-nano looks at, pixels."
    )
    models_dir: Path | None = Field(None, description="Folder of the models; <home>/models when empty.")
    classifier_gateway_threads: int = Field(2, ge=1, description="Threads of the embedded classifier.")
    classifier_gateway_in_flight: int = Field(
        2, ge=1, description="Requests to the classifier at once; runs leave one of several to live tables."
    )
    classifier_gateway_timeout_s: float = Field(15.0, gt=0, description="Timeout of one request, seconds.")
    classifier_gateway_live_deadline_s: float = Field(
        10.0, gt=0, description="Seconds after its capture until a live frame is classified, or never."
    )
    classifier_gateway_run_patience_s: float = Field(
        600.0, gt=0, description="Seconds that a frame of a run waits for a classifier that is down."
    )
    classifier_gateway_enter_ms: int = Field(
        LIVE_THRESHOLDS.enter_ms, ge=0, description="Steady evidence before a live table is taken, ms."
    )
    classifier_gateway_leave_ms: int = Field(
        LIVE_THRESHOLDS.leave_ms, ge=0, description="Steady evidence before a live table is free, ms."
    )
    classifier_gateway_hold_ms: int = Field(
        LIVE_THRESHOLDS.hold_ms, ge=0, description="How long one contrary verdict is ignored, ms."
    )
    classifier_gateway_ttl_ms: int = Field(
        LIVE_THRESHOLDS.ttl_ms, ge=1, description="How long a live state holds without evidence, ms."
    )
    classifier_gateway_gate: bool = Field(
        False, description="Whether frames in which no table's region changed cost no look."
    )
    classifier_gateway_gated_ms: int = Field(GATED_MS, ge=0, description="How long a look stands for such frames, ms.")
    classifier_gateway_tick_s: float = Field(5.0, gt=0, description="Seconds between the ticks that age live tables.")
    classifier_gateway_stalled_s: float = Field(
        30.0, gt=0, description="Seconds without progress after which the fold ends its process."
    )
    classifier_gateway_forget_s: float = Field(
        86_400.0, gt=0, description="Seconds that the row of an idle or ended run stays, against late evidence."
    )

    @property
    def roles(self) -> frozenset[str]:
        """The roles of this process."""
        return frozenset(self.classifier_gateway_roles.split(","))

    @property
    def models_root(self) -> Path:
        """Folder of the models."""
        return self.models_dir or self.tablewatch_home / "models"

    @property
    def live_thresholds(self) -> TableEvidenceThresholds:
        """Thresholds of evidence that brings none."""
        return TableEvidenceThresholds(
            enter_ms=self.classifier_gateway_enter_ms,
            leave_ms=self.classifier_gateway_leave_ms,
            hold_ms=self.classifier_gateway_hold_ms,
            ttl_ms=self.classifier_gateway_ttl_ms,
        )

    @property
    def forget_ms(self) -> int:
        """`classifier_gateway_forget_s` in milliseconds."""
        return round(self.classifier_gateway_forget_s * 1000)
