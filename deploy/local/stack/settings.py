"""The settings of the local stack, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class StackError(Exception):
    """Something that a person can put right; its text is the whole message, without a traceback."""


REPO = Path(__file__).resolve().parents[3]
JARS = REPO / ".local" / "kafka-jars"
MODELS = REPO / ".local" / "models"
PORT_BASE = 8700
OFFSETS = {
    "api": 0,
    "ingest": 1,
    "ingest ops": 11,
    "extractor ops": 12,
    "cropper ops": 13,
    "classifier-gateway ops": 14,
    "hazard ops": 15,
    "api ops": 16,
    "kafka": 20,
    "kafka controller": 21,
    "postgres": 22,
    "camera": 23,
}


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """What can be chosen. With `kafka_bootstrap`, `database_url` or `s3_url` set, that part is yours, not ours.

    `public_url` and `ingest_public_url` are where others reach api and ingest; None: at their ports here.
    `camera_addresses` are allowed to cameras besides that of the demo.
    """

    home: Path = REPO / ".local"
    port_base: int = PORT_BASE
    partitions: int = 6
    demo: bool = True
    kafka_bootstrap: str | None = None
    database_url: str | None = None
    s3_url: str | None = None
    models_dir: Path = MODELS
    public_url: str | None = None
    ingest_public_url: str | None = None
    camera_addresses: str = ""
    camera_retention_h: str = "6"

    def port(self, name: str) -> int:
        """The port of a listener, by its name in `OFFSETS`."""
        return self.port_base + OFFSETS[name]

    def ports(self) -> dict[str, int]:
        """Every port that this stack listens on itself, by name."""
        gone = {"kafka", "kafka controller"} if self.kafka_bootstrap else set()
        gone |= {"postgres"} if self.database_url else set()
        gone |= set() if self.demo else {"camera"}
        return {name: self.port(name) for name in OFFSETS if name not in gone}


def from_environment(environ: Mapping[str, str] = os.environ) -> StackSettings:
    """Read the variables that the stack itself acts on: of an empty one the default holds."""
    home = Path(environ.get("TABLEWATCH_HOME") or ".local").expanduser()
    return StackSettings(
        home=home if home.is_absolute() else REPO / home,
        port_base=_number(environ, "PORT_BASE", PORT_BASE, 1024, 65535 - max(OFFSETS.values())),
        partitions=_number(environ, "PARTITIONS", 6, 3, 1000),
        demo=(environ.get("DEMO") or "1").lower() not in {"0", "no", "false"},
        kafka_bootstrap=environ.get("KAFKA_BOOTSTRAP") or None,
        database_url=environ.get("DATABASE_URL") or None,
        s3_url=environ.get("S3_URL") or None,
        models_dir=Path(environ.get("MODELS_DIR") or MODELS),
        public_url=environ.get("PUBLIC_URL") or None,
        ingest_public_url=environ.get("INGEST_PUBLIC_URL") or None,
        camera_addresses=environ.get("CAMERA_ADDRESSES") or "",
        camera_retention_h=environ.get("CAMERA_RETENTION_H") or "6",
    )


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdigit() or not low <= int(text) <= high:
        raise StackError(f"{name}={text} is not a number from {low} to {high}")
    return int(text)
