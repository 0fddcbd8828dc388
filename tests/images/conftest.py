"""Every image built once; then the whole stack of docker-compose.yml from them, with real Kafka, Postgres and S3."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from stack.ports import free_ports
from tests.e2e.conftest import demo_files, layout
from tests.images import bases, compose, needs
from tests.images.buildah import Buildah, ImageConfig
from tests.images.container import Container
from tests.integration.conftest import database_url, infrastructure, kafka_bootstrap, s3
from tests.integration.s3 import S3Server

__all__ = ["database_url", "demo_files", "infrastructure", "kafka_bootstrap", "layout", "s3"]

REPO = compose.REPO
STORAGE = REPO / ".local" / "images"
TABLE = pytest.StashKey[dict[str, tuple[float, float]]]()


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: what it says of itself, and its root filesystem."""

    service: str
    config: ImageConfig
    root: Path

    def path(self, absolute: str) -> Path:
        """Where a file of the image is on this machine."""
        return self.root / absolute.lstrip("/")


@dataclass(slots=True)
class Images:
    """Builds an image when it is asked for; the stages that images share are built by the first."""

    buildah: Buildah
    table: dict[str, tuple[float, float]]
    mounts: ExitStack
    built: dict[str, Image] = field(default_factory=dict)

    def __getitem__(self, service: str) -> Image:
        if service not in self.built:
            self.built[service] = self._build(service)
        return self.built[service]

    def _build(self, service: str) -> Image:
        tag, began = _tag(service), time.monotonic()
        described = compose.service(service)["build"]
        arguments = {"MIRROR": bases.MIRROR, **described["args"]}
        self.buildah.build(tag, REPO / described["dockerfile"], REPO, arguments, described.get("target"))
        seconds = time.monotonic() - began
        root = self.mounts.enter_context(self.buildah.mounted(tag))
        self.table[service] = (_megabytes(root), seconds)
        return Image(service, self.buildah.config(tag), root)


def _tag(service: str) -> str:
    return f"localhost/tablewatch/{service}"


def _megabytes(root: Path) -> float:
    """Bytes of the files of a root filesystem, each counted once however many names it has."""
    files = {(stat.st_dev, stat.st_ino): stat.st_size for path in root.rglob("*") for stat in [path.lstat()]}
    return sum(files.values()) / 1e6


@pytest.fixture(scope="session", autouse=True)
def machine() -> None:
    """A machine that cannot build fails; a skip would count as green."""
    if missing := needs.missing():
        pytest.fail(missing, pytrace=False)


@pytest.fixture(scope="session")
def images(request: pytest.FixtureRequest, machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    """The images by service. What was built is removed at the end unless IMAGES_KEEP=1; the two bases stay."""
    buildah = Buildah(STORAGE)
    with buildah.alone():
        bases.ensure(buildah, tmp_path_factory.mktemp("bases"))
        table = request.config.stash.setdefault(TABLE, {})
        with ExitStack() as mounts:
            made = Images(buildah, table, mounts)
            yield made
        if made.built and os.environ.get("IMAGES_KEEP", "0") != "1":
            buildah.remove(*(_tag(service) for service in made.built))


@pytest.fixture(scope="session")
def secrets() -> dict[str, str]:
    """What deploy/make-env would make."""
    return compose.make_secrets()


@dataclass(slots=True)
class Stack:
    """The six services, each in a container of its image; the ports are this machine's."""

    ports: dict[str, int]
    key: str
    containers: dict[str, Container] = field(default_factory=dict)

    def url(self, listener: str) -> str:
        """Address of `<service> ops`, of `api` or of `ingest`."""
        return f"http://127.0.0.1:{self.ports[listener]}"


@pytest.fixture(scope="session")
def stack(
    images: Images,
    secrets: dict[str, str],
    kafka_bootstrap: str,
    database_url: str,
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """All six started with the variables of docker-compose.yml; only addresses and the keys of S3 are other ones."""
    listeners = [f"{name} ops" for name in compose.SERVICES] + ["api", "ingest"]
    stack = Stack(dict(zip(listeners, free_ports(len(listeners)), strict=True)), secrets["API_BOOTSTRAP_KEY"])
    here = {
        "KAFKA_BOOTSTRAP": kafka_bootstrap,
        "DATABASE_URL": database_url,
        "S3_URL": s3.url,
        "S3_ACCESS_KEY": s3.access_key,
        "S3_SECRET_KEY": s3.secret_key,
        "PUBLIC_URL": stack.url("api"),
        "INGEST_PUBLIC_URL": stack.url("ingest"),
        **{f"{name}_HOST": "127.0.0.1" for name in ("OPS", "API", "INGEST")},
        **{f"{name.upper()}_PORT": str(stack.ports[name]) for name in ("api", "ingest")},
    }
    folder = tmp_path_factory.mktemp("containers")
    try:
        for name in compose.SERVICES:
            image, described = images[name], compose.service(name)
            given = compose.environment(described["environment"], secrets)
            own = {key: value for key, value in here.items() if key in given or key.endswith(("_HOST", "_PORT"))}
            own["OPS_PORT"] = str(stack.ports[f"{name} ops"])
            stack.containers[name] = Container(name, image.root, image.config, described, given | own, folder / name)
            stack.containers[name].start()
        yield stack
    finally:
        for container in stack.containers.values():
            container.kill()
        shutil.rmtree(folder, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table: image, MB, seconds."""
    table = config.stash.get(TABLE, {})
    if table:
        terminalreporter.write_line(
            f"{'image':20} {'MB':>6} {'built in s':>10}  (bases included; shared stages count once)"
        )
    for service, (megabytes, seconds) in table.items():
        terminalreporter.write_line(f"{service:20} {megabytes:6.0f} {seconds:10.0f}")
