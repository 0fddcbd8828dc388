"""The six services: one process each, their environment, and how one knows that they are ready."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from stack.child import Command
from stack.keeper import Part
from stack.ready import http_ok
from stack.settings import MODELS, REPO, StackSettings

PATIENCE_S = 180  # six at once on two slow cores
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


def common(settings: StackSettings, secrets: Mapping[str, str], kafka: str, database: str) -> dict[str, str]:
    """What every service is told. S3 settings of the caller's environment pass through unchanged."""
    api, ingest = (f"http://127.0.0.1:{settings.port(name)}" for name in ("api", "ingest"))
    return {
        "KAFKA_BOOTSTRAP": kafka,
        "DATABASE_URL": database,
        "PARTITIONS": str(settings.partitions),
        "TABLEWATCH_HOME": str(settings.home),
        "MODELS_DIR": os.environ.get("MODELS_DIR") or str(MODELS),
        "LINK_SECRET": secrets["link_secret"],
        "UPLOAD_TOKEN_SECRET": secrets["upload_token_secret"],
        "PUBLIC_URL": api,
        "INGEST_PUBLIC_URL": ingest,
    }


def own(name: str, settings: StackSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    """What only this service is told."""
    environment = {"OPS_HOST": "127.0.0.1", "OPS_PORT": str(settings.port(f"{name} ops"))}
    prefix = name.upper().replace("-", "_")
    if name in ("api", "ingest"):
        environment |= {f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": str(settings.port(name))}
    if name == "ingest":
        port = settings.port("api")
        environment["INGEST_CORS_ORIGINS"] = f"http://127.0.0.1:{port},http://localhost:{port}"
    if name == "api":
        environment |= {"API_WEB_DIST": str(REPO / "web" / "dist"), "API_BOOTSTRAP_KEY": secrets["api_key"]}
    return environment


def part(name: str, settings: StackSettings, secrets: Mapping[str, str], shared: Mapping[str, str]) -> Part:
    """One service as a part that a keeper runs; ready when /readyz says so."""
    command = Command(
        name=name,
        argv=[sys.executable, "-m", MODULES[name]],
        log=settings.home / "logs" / f"{name}.log",
        env={**_inherited(), **shared, **own(name, settings, secrets)},
        cwd=_work(settings.home),
        grace_s=12.0,
    )
    ops = ops_urls(settings)[name]

    async def ready() -> None:
        await http_ok(f"{ops}/readyz")

    async def alive() -> None:
        await http_ok(f"{ops}/livez")

    return Part(name=name, command=lambda: command, probe=ready, patience_s=PATIENCE_S, alive=alive)


def _inherited() -> dict[str, str]:
    """Our environment without empty values: make exports every variable that it knows of, set or not."""
    return {name: value for name, value in os.environ.items() if value}


def _work(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    return home
