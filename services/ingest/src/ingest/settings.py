"""Settings of ingest, read once from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from objects.quota import QuotaSettings
from ratelimit.limit import RateLimit

MIN_SECRET = 32


class Settings(QuotaSettings):
    """Settings of ingest; limits of a single upload (bytes, duration) come with its token."""

    ingest_host: str = Field("127.0.0.1", description="Address that HTTP listens on.")
    ingest_port: int = Field(8701, ge=0, le=65535, description="Port that HTTP listens on.")
    ingest_group: str = Field(
        "ingest", description="Consumer group that reads video.command; replicas share it and the upload folder."
    )
    upload_token_secret: SecretStr = Field(
        SecretStr(""), description="Signs upload tokens; the same in api and ingest, at least 32 characters."
    )
    ingest_cors_origins: str = Field(
        "http://127.0.0.1:8700,http://localhost:8700",
        description="Origins of pages that may upload, separated by commas.",
    )
    ingest_uploads_dir: Path | None = Field(
        None, description="Folder of bytes being uploaded, shared by replicas; <home>/uploads when empty."
    )
    ingest_upload_ttl_s: int = Field(
        86_400, ge=1, description="Time without progress after which an upload expires, s."
    )
    ingest_idle_s: float = Field(60, gt=0, description="Time without a byte after which a request is ended, s.")
    ingest_min_free_bytes: int = Field(
        256 * 1024 * 1024, ge=0, description="Disk space to leave free; an upload that would take it is refused, bytes."
    )
    ingest_site_uploads: int = Field(64, ge=1, description="Most open uploads of a site: neither stored nor rejected.")
    ingest_site_day_bytes: int = Field(
        512 * 1024**3, ge=1, description="Most bytes that a site may send a day (UTC), repeated ones included."
    )
    ingest_rate_limit: str = Field(
        "6000/minute", description="Requests that may be made for an upload, e.g. 100/second; none for no limit."
    )
    ingest_site_rate_limit: str = Field(
        "60000/minute", description="Requests for all uploads of a site together; none for no limit."
    )
    ingest_max_pixels: int = Field(8192 * 4320, ge=1, description="Largest accepted picture, width times height.")
    ingest_max_streams: int = Field(32, ge=1, description="Most streams in a file.")
    ingest_max_index_entries: int = Field(
        12_000_000, ge=1, description="Longest index of an MP4, in samples of all tracks; each takes 40 bytes to read."
    )
    ingest_admissions: int = Field(2, ge=1, description="Files examined at the same time.")
    ingest_probe_seconds: float = Field(20, gt=0, description="Wall-clock limit of examining one file, s.")
    ingest_probe_memory_mb: int = Field(2048, ge=256, description="Address space limit of examining one file, MiB.")

    @field_validator("ingest_rate_limit", "ingest_site_rate_limit")
    @classmethod
    def _readable_limit(cls, value: str) -> str:
        if value in ("", "none"):  # in the environment an empty variable is an unset one
            return ""
        RateLimit.parse(value)  # raises ValueError
        return value

    @property
    def token_secret(self) -> SecretStr:
        """`upload_token_secret`; raises ValueError when it could be guessed."""
        if len(self.upload_token_secret.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"UPLOAD_TOKEN_SECRET must have {MIN_SECRET} characters at least")
        return self.upload_token_secret

    @property
    def uploads_root(self) -> Path:
        """Directory of the partial files."""
        return self.ingest_uploads_dir or self.tablewatch_home / "uploads"

    @property
    def origins(self) -> list[str]:
        """`ingest_cors_origins` as a list."""
        return [origin.strip() for origin in self.ingest_cors_origins.split(",") if origin.strip()]
