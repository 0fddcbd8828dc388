"""The six services: one process each, its environment and its readiness probe."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.part import Part, http_ok
from stack.process import Command
from stack.settings import REPO, StackSettings

READY_TIMEOUT_S = 180  # six at once on two slow cores
MODULES = {
    "ingest": "ingest",
    "extractor": "extractor",
    "cropper": "cropper",
    "classifier-gateway": "classifier_gateway",
    "hazard": "hazard",
    "api": "api",
}


def ops_urls(settings: StackSettings) -> dict[str, str]:
    """Where each service answers /livez, /readyz and /metrics."""
    return {name: f"http://127.0.0.1:{settings.port(f'{name} ops')}" for name in MODULES}


def shared_environment(
    settings: StackSettings, secrets: Mapping[str, str], kafka: str, database: str
) -> dict[str, str]:
    """Variables of every service. S3 settings of the caller's environment pass through unchanged."""
    api, ingest = (f"http://127.0.0.1:{settings.port(name)}" for name in ("api", "ingest"))
    return {
        "KAFKA_BOOTSTRAP": kafka,
        "DATABASE_URL": database,
        "PARTITIONS": str(settings.partitions),
        "TABLEWATCH_HOME": str(settings.home),
        "MODELS_DIR": str(settings.models_dir),
        "LINK_SECRET": secrets["link_secret"],
        "UPLOAD_TOKEN_SECRET": secrets["upload_token_secret"],
        "PUBLIC_URL": settings.public_url or api,
        "INGEST_PUBLIC_URL": settings.ingest_public_url or ingest,
    }


def own_environment(name: str, settings: StackSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    """Variables of this service only."""
    environment = {"OPS_HOST": "127.0.0.1", "OPS_PORT": str(settings.port(f"{name} ops"))}
    prefix = name.upper().replace("-", "_")
    if name in ("api", "ingest"):
        environment |= {f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": str(settings.port(name))}
    if name == "extractor":
        demo = f"127.0.0.1:{settings.port('camera')}" if settings.demo else ""
        environment |= {"EXTRACTOR_ROLES": "files,cameras", "CAMERA_SECRET": secrets["camera_secret"]}
        environment["CAMERA_RETENTION_H"] = settings.camera_retention_h
        environment["CAMERA_ADDRESSES"] = ",".join(filter(None, (demo, settings.camera_addresses)))
    if name == "ingest":
        port = settings.port("api")
        environment["INGEST_CORS_ORIGINS"] = f"http://127.0.0.1:{port},http://localhost:{port}"
    if name == "api":
        environment |= {"API_WEB_DIST": str(REPO / "web" / "dist"), "API_BOOTSTRAP_KEY": secrets["api_key"]}
    return environment


def part(name: str, settings: StackSettings, secrets: Mapping[str, str], shared: Mapping[str, str]) -> Part:
    """One service as a part of the stack; ready when /readyz answers 200."""
    command = Command(
        name=name,
        argv=[sys.executable, "-m", MODULES[name]],
        log=settings.home / "logs" / f"{name}.log",
        env={**_inherited(), **shared, **own_environment(name, settings, secrets)},
        cwd=_working_directory(settings.home),
        grace_s=12.0,
    )
    ops = ops_urls(settings)[name]

    async def ready() -> None:
        await http_ok(f"{ops}/readyz")

    async def alive() -> None:
        await http_ok(f"{ops}/livez")

    return Part(name=name, command=lambda: command, probe=ready, timeout_s=READY_TIMEOUT_S, alive=alive, ready=ready)


def _inherited() -> dict[str, str]:
    """Our environment without empty values: make exports its variables also when they are not set."""
    return {name: value for name, value in os.environ.items() if value}


def _working_directory(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    return home
