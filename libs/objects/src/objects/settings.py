"""Settings of the object store, for services that use one."""

from pathlib import Path

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings


class ObjectSettings(ServiceSettings):
    """The common settings and those of the object store; a service inherits this class instead of ServiceSettings."""

    objects_dir: Path | None = Field(default=None, description="Root of the local object store; else <home>/objects.")
    s3_url: str | None = Field(default=None, description="S3-compatible endpoint; set, it replaces local disk.")
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="S3 access key.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="S3 secret key.")
    s3_bucket: str = Field(default="tablewatch", description="S3 bucket; at least three letters.")
    s3_region: str = Field(default="us-east-1", description="S3 region; unset, the client would ask for it.")
    store_min_free_bytes: int = Field(
        default=2 * 1024**3, ge=0,
        description="Free space of a local store below which no upload and no extraction goes on, bytes;"
        " at most a twentieth of the file system.",
    )  # fmt: skip
    link_secret: SecretStr = Field(default=SecretStr(""), description="Signs links to objects on local disk.")
    public_url: str = Field(default="http://127.0.0.1:8700", description="Address of the api as browsers see it.")

    @property
    def objects_root(self) -> Path:
        """Where the local object store keeps its files."""
        return self.objects_dir or self.tablewatch_home / "objects"
