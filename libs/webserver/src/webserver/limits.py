"""Limits of an HTTP server, and the settings that set them."""

from dataclasses import dataclass, replace

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from webserver.addresses import TrustedProxies

NO_PROXIES = TrustedProxies("")
PROBE_CONNECTIONS = 64
LARGEST_KEPT_BODY = 64 * 1024 * 1024
"""Bytes of the largest body that any of our servers keeps whole: a chunk with a checksum, at ingest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """What a client may take of a server before anybody knows who it is. Bytes, seconds, numbers."""

    head_bytes: int = 32 * 1024
    headers: int = 100
    head_s: float = 10.0
    body_s: float = 30.0
    answer_s: float = 60.0
    least_bytes_per_s: int = 256
    idle_s: float = 75.0
    connections: int = 4096
    connections_per_address: int = 1024
    reserved_files: int = 256
    proxies: TrustedProxies = NO_PROXIES


DEFAULTS = HttpLimits()


class HttpSettings(BaseSettings):
    """Settings of every HTTP server of a process. Why the defaults are these: docs/operations.md, HTTP limits."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    http_head_bytes: int = Field(
        default=DEFAULTS.head_bytes, ge=4096, le=1 << 20,
        description="Longest head of a request, its URL and headers together, bytes.",
    )  # fmt: skip
    http_headers: int = Field(default=DEFAULTS.headers, ge=20, description="Most headers of a request.")
    http_head_s: float = Field(
        default=DEFAULTS.head_s, gt=0, description="Time for the head of a request, from its first byte, s."
    )
    http_body_s: float = Field(
        default=DEFAULTS.body_s, gt=0, description="Time over which the slowest allowed body is measured, s."
    )
    http_answer_s: float = Field(
        default=DEFAULTS.answer_s, gt=0, description="Time over which the slowest reader of an answer is measured, s."
    )
    http_least_bytes_per_s: int = Field(
        default=DEFAULTS.least_bytes_per_s, ge=1,
        description="Bytes a second that a client must send of its body, or take of its answer, on average.",
    )  # fmt: skip
    http_idle_s: float = Field(
        default=DEFAULTS.idle_s, gt=0, description="How long a connection without a request is kept, s."
    )
    http_connections: int = Field(
        default=DEFAULTS.connections, ge=1,
        description="Most open connections of a server; fewer where the process may open fewer files.",
    )  # fmt: skip
    http_connections_per_address: int = Field(
        default=DEFAULTS.connections_per_address, ge=1,
        description="Most open connections of an address (IPv6: of a /64); behind a trusted proxy, most open requests.",
    )  # fmt: skip
    http_reserved_files: int = Field(
        default=DEFAULTS.reserved_files, ge=0,
        description="Open files that connections leave to Kafka, Postgres and the disk.",
    )  # fmt: skip
    http_trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.",
    )
    http_body_budget_bytes: int = Field(
        default=2 * LARGEST_KEPT_BODY, ge=2 * LARGEST_KEPT_BODY,
        description="Bytes of request bodies that the process keeps at a time; half of it for one key, or one site.",
    )  # fmt: skip
    http_failed_keys_per_minute: int = Field(
        default=60, ge=1, description="Wrong keys, tokens and signatures that an address may try in a minute."
    )

    @field_validator("http_trusted_proxies")
    @classmethod
    def _readable_networks(cls, value: str) -> str:
        TrustedProxies(value)  # raises ValueError
        return value

    @property
    def probe_limits(self) -> HttpLimits:
        """Those of the operations port, which probes and Prometheus use."""
        return replace(self.http_limits, connections=PROBE_CONNECTIONS, connections_per_address=PROBE_CONNECTIONS)

    @property
    def http_limits(self) -> HttpLimits:
        """The limits of the servers that face clients."""
        return HttpLimits(
            head_bytes=self.http_head_bytes,
            headers=self.http_headers,
            head_s=self.http_head_s,
            body_s=self.http_body_s,
            answer_s=self.http_answer_s,
            least_bytes_per_s=self.http_least_bytes_per_s,
            idle_s=self.http_idle_s,
            connections=self.http_connections,
            connections_per_address=self.http_connections_per_address,
            reserved_files=self.http_reserved_files,
            proxies=TrustedProxies(self.http_trusted_proxies),
        )
