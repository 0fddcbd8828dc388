"""Settings that every service has: read once from the environment, then frozen."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Common settings. A service adds its own, named <service>_<x>; the variable is the upper-case field name."""

    # An empty variable is an unset one, as compose files and shells have it.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap: str = Field(default="127.0.0.1:8720", description="Kafka bootstrap, host:port[,host:port].")
    partitions: int = Field(default=6, ge=1, description="Partitions of every topic on the road; the same everywhere.")
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://tablewatch@127.0.0.1:8722/tablewatch"),
        description="Postgres address with password.",
    )
    tablewatch_home: Path = Field(default=Path(".local"), description="Folder of everything that a local stack keeps.")
    objects_dir: Path | None = Field(default=None, description="Root of the local object store; else <home>/objects.")
    s3_url: str | None = Field(default=None, description="S3-compatible endpoint; set, it replaces local disk.")
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="S3 access key.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="S3 secret key.")
    s3_bucket: str = Field(default="tablewatch", description="S3 bucket; at least three letters.")
    s3_region: str = Field(default="us-east-1", description="S3 region; unset, the client would ask for it.")
    link_secret: SecretStr = Field(default=SecretStr(""), description="Signs links to objects on local disk.")
    public_url: str = Field(default="http://127.0.0.1:8700", description="Address of the api as browsers see it.")
    ops_host: str = Field(default="127.0.0.1", description="Address that /livez, /readyz and /metrics listen on.")
    ops_port: int = Field(default=0, ge=0, le=65535, description="Port of /livez, /readyz and /metrics; 0 takes any.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    log_format: str = Field(default="json", pattern="^(json|console)$", description="json or console.")

    @property
    def objects_root(self) -> Path:
        """Where the local object store keeps its files."""
        return self.objects_dir or self.tablewatch_home / "objects"
