"""What the api reads from the environment, once."""

from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, Field, SecretStr, field_validator

from api.model.storage import Limits
from objects.quota import QuotaSettings
from outbound import Policy, readable_addresses, readable_networks
from ratelimit.limit import RateLimit
from tablewatch_schemas.defaults import RUN_THRESHOLDS

Role = Literal["http", "projector"]
ROLES: tuple[Role, ...] = ("http", "projector")
MIN_SECRET = 32
MIGRATIONS = Path(__file__).parents[2] / "migrations"


class ApiSettings(QuotaSettings):
    """Settings of the api; the unit of a duration is the end of its name."""

    api_roles: str = Field("http,projector", description="What this process does: http, projector, or both.")
    api_host: str = Field("127.0.0.1", description="Address that the HTTP server listens on.")
    api_port: int = Field(
        8700, ge=0, le=65535, description="Port of the HTTP server, the web page and the event stream."
    )
    api_web_dist: Path = Field(Path("web/dist"), description="Folder of the built web page.")
    api_migrations: Path = Field(MIGRATIONS, description="Folder of the api's SQL migrations.")
    api_max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body that is read, bytes.")
    api_rate_limit: str = Field(
        "12000/minute", description="Requests that a key may make, e.g. 100/second; none for no limit."
    )
    api_site_rate_limit: str = Field(
        "60000/minute", description="Requests that all keys of a site may make together; none for no limit."
    )
    api_cors_origins: str = Field(
        "", description="Origins of other pages that may call the api with a key, separated by commas; none when empty."
    )
    api_link_ttl_s: int = Field(3600, ge=10, description="How long a signed link to an object holds, seconds.")
    api_session_ttl_s: int = Field(43_200, ge=60, description="How long a browser stays signed in, seconds.")
    api_cookie_secure: bool = Field(False, description="Send the session cookie over HTTPS only.")
    api_bootstrap_key: SecretStr | None = Field(
        None, description="The first admin key; made up and printed when empty."
    )
    api_upload_ttl_s: int = Field(86_400, ge=60, description="How long an upload token holds, seconds.")
    api_max_upload_bytes: int = Field(
        48 * 1024**3, ge=1, description="Largest video that an upload token allows, bytes."
    )
    api_max_duration_ms: int = Field(
        25 * 3_600_000, ge=1000, description="Longest video that is admitted, milliseconds."
    )
    api_sampling_every_ms: int = Field(1000, ge=1, description="Cadence of a run that asks for none, milliseconds.")
    api_enter_ms: int = Field(
        RUN_THRESHOLDS.enter_ms, ge=0, description="Steady evidence before a table of a run is occupied, milliseconds."
    )
    api_leave_ms: int = Field(
        RUN_THRESHOLDS.leave_ms, ge=0, description="Steady evidence before a table of a run is free, milliseconds."
    )
    api_hold_ms: int = Field(
        RUN_THRESHOLDS.hold_ms,
        ge=0,
        description="How long one contrary verdict of a run is ignored, milliseconds.",
    )
    api_state_ttl_ms: int = Field(
        RUN_THRESHOLDS.ttl_ms, ge=1, description="How long a state of a run holds without evidence, milliseconds."
    )
    api_site_cameras: int = Field(
        100,
        ge=1,
        description="Cameras that a site may have: ten times those of a large restaurant, and more than two extractors"
        " read at the pace of one picture a second.",
    )
    api_site_probes: int = Field(
        4, ge=1, description="Probes of cameras that a site may have under way; each takes up to half a minute."
    )
    api_job_stuck_s: float = Field(
        300.0, gt=0, description="An uploaded job of which nothing was heard for so long counts as stuck, seconds."
    )
    api_batch_records: int = Field(1000, ge=1, description="Most records that the projector folds in one transaction.")
    api_events_kept_h: int = Field(48, ge=1, description="How long the event log is kept for resuming, hours.")
    api_history_kept_d: int = Field(
        400, ge=1, description="How long the live states that tables went through are kept, days."
    )
    api_heartbeat_s: float = Field(15.0, gt=0, description="Pause after which an idle event stream sends a heartbeat.")
    api_stream_max_s: float = Field(3600.0, gt=0, description="Age at which an event stream ends; clients resume.")
    api_stream_stall_s: float = Field(
        60.0, gt=0, description="A stream whose client takes nothing for so long is hung up, seconds."
    )
    api_streams_per_key: int = Field(
        256, ge=1, description="Event streams that one key, with its sessions, may have open at one process."
    )
    api_sweep_every_s: float = Field(2.0, gt=0, description="Pause between looks for deletions to carry out, seconds.")
    api_sweep_patience_s: float = Field(60.0, ge=0, description="After this long the sweeper deletes what owners left.")
    api_late_sweep_h: int = Field(192, ge=0, description="Last sweep of a deleted video, longer than any topic keeps.")
    camera_networks: Annotated[str, AfterValidator(readable_networks)] = Field(
        "",
        description="Private networks in which external croppers may be asked for layouts, comma-separated CIDRs; the"
        " extractor reads cameras in them. Public addresses are allowed; loopback, link-local and metadata addresses"
        " never are.",
    )
    camera_addresses: Annotated[str, AfterValidator(readable_addresses)] = Field(
        "", description="Single addresses with port that are allowed whatever they are, such as 127.0.0.1:9000."
    )
    classifier_gateway_detectors: Path | None = Field(
        None, description="File that names detectors of your own; the same in api and classifier-gateway."
    )
    ingest_public_url: str = Field("http://127.0.0.1:8701", description="Address of ingest as uploaders see it.")
    api_ingest_groups: str = Field(
        "ingest", description="Consumer groups of ingest, separated by commas: the INGEST_GROUP of each upload folder."
    )
    upload_token_secret: SecretStr = Field(
        SecretStr(""), description="Signs upload tokens; the same in api and ingest."
    )

    @field_validator("api_rate_limit", "api_site_rate_limit")
    @classmethod
    def _readable_limit(cls, value: str) -> str:
        if value in ("", "none"):  # in the environment an empty variable is an unset one
            return ""
        RateLimit.parse(value)  # raises ValueError
        return value

    @field_validator("api_roles")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        unknown = {role.strip() for role in value.split(",")} - set(ROLES)
        if unknown:
            raise ValueError(f"unknown roles {sorted(unknown)}; there are {', '.join(ROLES)}")
        return value

    def check_secrets(self) -> None:
        """Raises ValueError when a link or an upload token could be forged by guessing."""
        for name, secret in (("LINK_SECRET", self.link_secret), ("UPLOAD_TOKEN_SECRET", self.upload_token_secret)):
            if len(secret.get_secret_value()) < MIN_SECRET:
                raise ValueError(f"{name} must have {MIN_SECRET} characters at least")

    @property
    def storage_limits(self) -> Limits:
        """What a site without limits of its own may store."""
        return Limits(originals=self.site_original_bytes, pictures=self.site_picture_bytes)

    @property
    def outbound_policy(self) -> Policy:
        """Which addresses that a user names may be asked."""
        return Policy.read(self.camera_networks, self.camera_addresses)

    @property
    def cors_origins(self) -> list[str]:
        """`api_cors_origins` as a list."""
        return [origin.strip() for origin in self.api_cors_origins.split(",") if origin.strip()]

    @property
    def roles(self) -> frozenset[Role]:
        """The roles of this process."""
        return frozenset(cast(Role, role.strip()) for role in self.api_roles.split(","))
