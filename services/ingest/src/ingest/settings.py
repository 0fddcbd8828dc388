"""Everything of ingest that can be set, read once from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings

MIN_SECRET = 32


class Settings(ServiceSettings):
    """Settings of ingest; limits of a single upload (bytes, duration) come with its token."""

    ingest_host: str = Field("127.0.0.1", description="Address that uploads are taken on.")
    ingest_port: int = Field(8701, ge=0, le=65535, description="Port that uploads are taken on.")
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
    ingest_upload_ttl_s: int = Field(86_400, ge=1, description="An upload without progress for so long expires, s.")
    ingest_idle_s: float = Field(60, gt=0, description="A request that sends nothing for so long is ended, s.")
    ingest_min_free_bytes: int = Field(
        256 * 1024 * 1024, ge=0, description="Disk space to leave free; an upload that would take it is refused, bytes."
    )
    ingest_site_uploads: int = Field(
        64, ge=1, description="Most uploads of a site that are open at the same time; each holds its place until done."
    )
    ingest_site_day_bytes: int = Field(
        512 * 1024**3, ge=1, description="Most bytes that a site may send in a day (UTC), repeated ones too."
    )
    ingest_max_pixels: int = Field(8192 * 4320, ge=1, description="Largest picture taken, width times height.")
    ingest_max_streams: int = Field(32, ge=1, description="Most streams in a file.")
    ingest_max_index_entries: int = Field(
        12_000_000, ge=1, description="Longest index of an MP4, in samples of all tracks; each takes 40 bytes to read."
    )
    ingest_admissions: int = Field(2, ge=1, description="Files examined at the same time.")
    ingest_probe_seconds: float = Field(20, gt=0, description="Wall-clock limit of examining one file, s.")
    ingest_probe_memory_mb: int = Field(2048, ge=256, description="Address space limit of examining one file, MiB.")

    @property
    def token_secret(self) -> SecretStr:
        """`upload_token_secret`; raises ValueError when it could be guessed."""
        if len(self.upload_token_secret.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"UPLOAD_TOKEN_SECRET must have {MIN_SECRET} characters at least")
        return self.upload_token_secret

    @property
    def uploads_root(self) -> Path:
        """Where bytes being uploaded are kept."""
        return self.ingest_uploads_dir or self.tablewatch_home / "uploads"

    @property
    def origins(self) -> list[str]:
        """`ingest_cors_origins` as a list."""
        return [origin.strip() for origin in self.ingest_cors_origins.split(",") if origin.strip()]
