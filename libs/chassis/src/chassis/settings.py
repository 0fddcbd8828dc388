"""Settings that every service has: read once from the environment, then frozen."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from webserver.limits import HttpSettings


class ServiceSettings(HttpSettings):
    """Common settings. A service adds its own, named <service>_<x>; the variable is the upper-case field name."""

    # An empty variable is an unset one, as compose files and shells have it.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    kafka_bootstrap: str = Field(default="127.0.0.1:8720", description="Kafka bootstrap, host:port[,host:port].")
    partitions: int = Field(default=6, ge=1, description="Partitions of every pipeline topic; the same everywhere.")
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://tablewatch@127.0.0.1:8722/tablewatch"),
        description="Postgres address with password.",
    )
    migrate: Literal["all", "before"] = Field(default="all", description="Parts of migrations that a start applies.")
    tablewatch_home: Path = Field(default=Path(".local"), description="Folder of everything that a local stack keeps.")
    ops_host: str = Field(default="127.0.0.1", description="Address that /livez, /readyz and /metrics listen on.")
    ops_port: int = Field(default=0, ge=0, le=65535, description="Port of /livez, /readyz and /metrics; 0 takes any.")
    log_level: str = Field(default="info", description="debug, info, warning or error.")
    log_format: str = Field(default="json", pattern="^(json|console)$", description="json or console.")
