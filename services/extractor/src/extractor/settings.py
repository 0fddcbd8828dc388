"""Every setting of the extractor; the only reader of the environment."""

from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, SecretStr, field_validator

from credentials import LEAST_SECRET
from objects.quota import QuotaSettings
from outbound import Policy, readable_addresses, readable_networks

Role = Literal["files", "cameras"]


class ExtractorSettings(QuotaSettings):
    """Common settings and the extractor's own."""

    extractor_roles: str = Field(
        default="files",
        description="Roles of this process, comma-separated: files (uploaded videos), cameras (live sources).",
    )
    extractor_workers: int = Field(default=2, ge=0, le=64, description="Segments decoded at a time in this process.")
    extractor_lease_s: float = Field(
        default=10.0,
        gt=2,
        description="Seconds without renewal after which another worker may claim a segment.",
    )
    extractor_attempts: int = Field(default=4, ge=1, description="Attempts at a segment before its job fails.")
    extractor_retry_s: float = Field(
        default=21_600.0, ge=0, description="Seconds for which a failed run may be retried before it is given up."
    )
    extractor_stall_s: float = Field(
        default=60.0, gt=0, description="Seconds without a message after which a decoder is killed."
    )
    extractor_memory_mb: int = Field(
        default=3072, ge=512, description="Address space of one decoder process, MiB; 4K needs about 1500."
    )
    extractor_cache_mb: int = Field(
        default=8192, ge=0, description="Originals from S3 that are cached between segments, MiB; the newest always is."
    )
    extractor_jpeg_quality: int = Field(default=85, ge=1, le=100, description="Quality of stored frames.")
    extractor_run_window: int = Field(
        default=500, ge=0, description="Frames of runs that may wait for the window group; 0: no limit."
    )
    extractor_window_group: str = Field(
        default="cropper", description="Consumer group of frame.extracted whose lag bounds the window."
    )
    camera_networks: Annotated[str, AfterValidator(readable_networks)] = Field(
        default="",
        description="Private networks in which cameras may be, comma-separated CIDRs such as 192.168.1.0/24. Public"
        " addresses are allowed; loopback, link-local and metadata addresses never are.",
    )
    camera_addresses: Annotated[str, AfterValidator(readable_addresses)] = Field(
        default="",
        description="Single addresses with port, comma-separated, that are allowed whatever they are, such as"
        " 127.0.0.1:8554.",
    )
    camera_ca: Path | None = Field(
        default=None,
        description="PEM file of the authorities that RTSPS and HTTPS cameras are checked against; else the system's.",
    )
    camera_files: Path | None = Field(
        default=None,
        description="Folder of local files that cameras of type file show, with one folder in it for each site, named"
        " by its id; empty: none are read.",
    )
    camera_secret: SecretStr = Field(
        default=SecretStr(""),
        description="At least 32 characters, the same for all replicas: the key by which passwords of cameras are"
        " sealed comes of it. Empty: cameras with a password cannot be read.",
    )
    camera_memory_mb: int = Field(
        default=3072, ge=512, description="Address space of one camera reader process (8 cameras), MiB."
    )
    camera_limit: int = Field(
        default=64,
        ge=1,
        description="Cameras that one process takes at most: with 64 its 8 readers have 2 GiB, and at 10 s"
        " three quarters of a core.",
    )
    camera_probes: int = Field(
        default=4, ge=1, le=32, description="Cameras that one process probes at a time, before they are registered."
    )
    camera_discovery_interfaces: str = Field(
        default="",
        description="Network interfaces through which cameras are looked for (ONVIF), comma-separated, such as"
        " eth0,wlan0; empty: all but loopback; none: looking for cameras is switched off.",
    )
    camera_retention_h: float = Field(
        default=24.0, gt=0, description="Hours after which pictures, crops and judgements of live frames are deleted."
    )

    @field_validator("extractor_roles")
    @classmethod
    def _known_roles(cls, roles: str) -> str:
        unknown = {each.strip() for each in roles.split(",")} - set(get_args(Role))
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(get_args(Role))}")
        return roles

    @field_validator("camera_secret")
    @classmethod
    def _long_secret(cls, secret: SecretStr) -> SecretStr:
        if 0 < len(secret.get_secret_value()) < LEAST_SECRET:
            raise ValueError(f"less than {LEAST_SECRET} characters")
        return secret

    @property
    def roles(self) -> set[str]:
        return {each.strip() for each in self.extractor_roles.split(",")}

    @property
    def camera_policy(self) -> Policy:
        """Which addresses cameras may have."""
        return Policy.read(self.camera_networks, self.camera_addresses)
