"""Real Kafka and Postgres for integration tests, started once and shared by all pytest workers.

KAFKA_BOOTSTRAP and DATABASE_URL, when set, are used instead.
"""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.integration.s3 import S3Server, running
from tests.support.side_by_side import PROCESSES_OF_CAMERAS

REPO = Path(__file__).resolve().parents[2]
START_S = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The largest group first: the other worker does the rest meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker(PROCESSES_OF_CAMERAS.name) is None)


@pytest.fixture(scope="session")
def infrastructure(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[dict[str, str]]:
    """Addresses of both, started by the first worker that asks."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "infrastructure"
    home.mkdir(exist_ok=True)
    with shared_parts(home, os.environ) as addresses:
        yield addresses


@contextmanager
def shared_parts(home: Path, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Addresses of Kafka and Postgres in `home`. They end by themselves when the last who uses them leaves."""
    with (home / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        _start_once(home, environment)
        yield _addresses(home)


def _start_once(home: Path, environment: Mapping[str, str]) -> None:
    try:
        (home / "started").touch(exist_ok=False)
    except FileExistsError:
        return
    with (home / "parts.log").open("ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "stack.infrastructure", str(home)],
            env={**environment, "PYTHONPATH": os.pathsep.join(_path(environment))},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _path(environment: Mapping[str, str]) -> list[str]:
    """Before what is there already: patches of Python for another time of day (`make calendar`)."""
    return [str(REPO / "deploy" / "local"), *filter(None, [environment.get("PYTHONPATH")])]


def _addresses(home: Path) -> dict[str, str]:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if (home / "ready.json").exists():
            return dict(json.loads((home / "ready.json").read_text()))
        time.sleep(0.1)
    pytest.fail(f"Kafka and Postgres did not start:\n{(home / 'parts.log').read_text()}")


@pytest.fixture(scope="session")
def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """host:port of a real broker that has every topic of the contracts."""
    given = os.environ.get("KAFKA_BOOTSTRAP")
    return given or str(request.getfixturevalue("infrastructure")["kafka_bootstrap"])


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> str:
    """postgresql:// address of a real database; every service has its own schema in it."""
    given = os.environ.get("DATABASE_URL")
    return given or str(request.getfixturevalue("infrastructure")["database_url"])


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server with keys of its own."""
    with running(tmp_path_factory.mktemp("s3") / "buckets") as server:
        yield server
