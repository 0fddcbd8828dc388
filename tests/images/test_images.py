"""What is in an image and what is not; then its process, as compose runs it."""

import hashlib
import importlib.metadata
import json
import re
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.images.compose import REPO, SERVICES, service
from tests.images.conftest import Image, Images, Stack
from tests.images.container import USER, Container
from tests.support.pipeline import make_site, ok, upload, wait_done
from tests.support.private_stack import until

from inference.models.source import COCO_SSD, YOLOX_NANO
from inference.models.store import find

pytestmark = pytest.mark.timeout(3600)  # a build takes what the machine gives it
WITH_MODELS = {"classifier-gateway", "hazard"}
START_S = 600
UNWANTED_PROGRAMS = {
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "ld",
    "make",
    "git",
    "node",
    "npm",
    "npx",
    "uv",
    "uvx",
    "pip",
    "pip3",
}
UNWANTED_FOLDERS = {
    ".git",
    ".venv/share",
    "node_modules",
    ".cache",
    ".npm",
    ".ruff_cache",
    ".mypy_cache",
    ".hypothesis",
}
BUILD_ONLY = {"uv", "pip", "setuptools", "wheel", "hatchling", "editables", "onnx", "scikit-image", "pytest"}
PACKAGES = "app/.venv/lib/python3.11/site-packages"
each_service = pytest.mark.parametrize("name", SERVICES)
each_image = pytest.mark.parametrize("name", [*SERVICES, "topics"])


def installed(image: Image) -> dict[str, str]:
    """Distributions of the image and their versions."""
    found = importlib.metadata.distributions(path=[str(image.root / PACKAGES)])
    return {canonicalize_name(each.metadata["Name"]): each.version for each in found}


@each_image
def test_it_is_built(images: Images, name: str) -> None:
    assert images[name].path("/app/.venv/bin/python").is_symlink()


@each_image
def test_its_user_is_not_root_and_owns_none_of_the_code(images: Images, name: str) -> None:
    image = images[name]
    assert image.config.user == "tablewatch"
    assert f"tablewatch:x:{USER}:{USER}:" in image.path("/etc/passwd").read_text()
    paths = [path for path in image.path("/app").rglob("*") if not path.is_symlink()]
    assert [path for path in paths if path.stat().st_uid != 0 or path.stat().st_mode & 0o022] == []


@each_image
def test_nothing_of_the_build_is_left(images: Images, name: str) -> None:
    image = images[name]
    searched = [image.path(folder) for folder in image.config.environment["PATH"].split(":")]
    assert {
        path.name for folder in searched if folder.is_dir() for path in folder.iterdir()
    } & UNWANTED_PROGRAMS == set()
    assert [path for path in image.path("/app").rglob("*") if path.name in UNWANTED_FOLDERS] == []
    assert [path for folder in ("/tmp", "/root", "/opt", "/home") for path in left_in(image.path(folder))] == []
    assert installed(image).keys() & BUILD_ONLY == set()


def left_in(folder: Path) -> list[Path]:
    """Files in a folder, without the shell's own of Debian."""
    return [path for path in folder.rglob("*") if path.name not in {".bashrc", ".profile"}]


@each_image
def test_every_package_is_the_one_of_the_lock(images: Images, name: str) -> None:
    locked = locked_versions()
    foreign = {name: version for name, version in installed(images[name]).items() if not name.startswith("tablewatch-")}
    assert {name: version for name, version in foreign.items() if locked.get(name) != version} == {}
    assert "aiokafka" in foreign


def locked_versions() -> dict[str, str]:
    """What requirements.lock says for the Python of the images; it has several versions of some packages."""
    python = {"python_version": "3.11", "python_full_version": "3.11.0"}
    lines = [line.rstrip(" \\") for line in (REPO / "requirements.lock").read_text().splitlines() if line[:1].isalnum()]
    asked = [each for each in map(Requirement, lines) if each.marker is None or each.marker.evaluate(python)]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in asked}


@each_service
def test_only_its_own_service_and_libraries_are_in_it(images: Images, name: str) -> None:
    image = images[name]
    assert [path.name for path in image.path("/app/services").iterdir()] == [name]
    project = tomllib.loads((REPO / "services" / name / "pyproject.toml").read_text())["project"]
    named = {each.removeprefix("tablewatch-") for each in project["dependencies"] if each.startswith("tablewatch-")}
    assert {path.name for path in image.path("/app/libs").iterdir()} == named - {"schemas"}


@each_service
def test_a_start_compiles_nothing(images: Images, name: str) -> None:
    """The root filesystem is read-only, so a start would compile what is missing again and again."""
    app = images[name].path("/app")
    ours = [path for folder in ("libs", "services", "schemas") for path in (app / folder).rglob("*.py")]
    foreign = [path for path in (app / ".venv").rglob("*.py") if not re.search(r"/(tests?|templates?)/", str(path))]
    assert ours
    assert [path for path in ours if not compiled(path)] == []
    assert sum(compiled(path) for path in foreign) / len(foreign) > 0.99  # some are no Python 3


def compiled(path: Path) -> bool:
    """Whether the bytecode of a file is there and of this file (PEP 552: time stamp and size)."""
    made = path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc"
    if not made.exists():
        return False
    head = made.read_bytes()[:16]
    flags, seconds, size = (int.from_bytes(head[at : at + 4], "little") for at in (4, 8, 12))
    return flags != 0 or (seconds, size) == (int(path.stat().st_mtime), path.stat().st_size)


@each_service
def test_models_are_those_that_setup_makes(images: Images, name: str) -> None:
    folder = images[name].path("/app/models")
    assert folder.exists() == (name in WITH_MODELS)
    if name in WITH_MODELS:
        for source, digest in ((COCO_SSD, COCO_SSD.integrity), (YOLOX_NANO, YOLOX_NANO.file_sha256)):
            model = find(folder, source)  # compared with the hash of its stamp
            assert json.loads(model.with_suffix(".json").read_text())["integrity"] == digest
            assert "Apache License" in model.with_suffix(".LICENCE.txt").read_text()
            ours = REPO / ".local" / "models" / model.name
            assert hashlib.sha256(model.read_bytes()).digest() == hashlib.sha256(ours.read_bytes()).digest()
        assert images[name].config.environment["MODELS_DIR"] == "/app/models"


@each_service
def test_it_is_labelled(images: Images, name: str) -> None:
    labels = images[name].config.labels
    prefix = "org.opencontainers.image."
    assert labels[f"{prefix}title"] == f"tablewatch {name}"
    assert {f"{prefix}{label}" for label in ("description", "version", "revision")} <= labels.keys()


def test_the_topics_job_creates_topics(images: Images, kafka_bootstrap: str, tmp_path: Path) -> None:
    image = images["topics"]
    described = {**service("ingest"), "volumes": [], "tmpfs": []}
    job = Container("topics", image.root, image.config, described, {}, tmp_path / "topics", (kafka_bootstrap, "6"))
    job.start()
    assert job.process is not None
    assert job.process.wait(START_S) == 0, job.output
    assert "topics created" in job.output


@each_service
def test_livez_answers(stack: Stack, name: str) -> None:
    container = stack.containers[name]

    def answered() -> httpx.Response | None:
        assert container.process is not None
        assert container.process.poll() is None, f"{name} ended:\n{container.output}"
        try:
            response = httpx.get(f"{stack.url(f'{name} ops')}/livez", trust_env=False, timeout=10)
        except httpx.TransportError:
            return None
        return response if response.status_code == httpx.codes.OK else None

    assert until(answered, START_S, f"/livez of {name}").json()["ok"] is True


@each_service
def test_its_process_has_no_rights(stack: Stack, name: str) -> None:
    status = Path(f"/proc/{stack.containers[name].pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(fields["Uid"].split()) == set(fields["Gid"].split()) == {str(USER)}
    assert {int(fields[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


@each_service
def test_it_writes_only_where_compose_lets_it(stack: Stack, name: str) -> None:
    container = stack.containers[name]
    probe = "import pathlib,sys; pathlib.Path(sys.argv[1], 'probe').write_text('x')"
    written = container.run("python", "-c", probe, "/data")
    assert written.returncode == 0, written.stderr
    for folder in ("/", "/app", "/app/.venv", "/etc", "/var/tmp"):
        refused = container.run("python", "-c", probe, folder)
        assert re.search("Read-only file system|Permission denied", refused.stderr), folder


@each_service
def test_the_health_check_of_the_image_passes(stack: Stack, images: Images, name: str) -> None:
    command = images[name].config.health
    assert command
    passed = stack.containers[name].run(*command)
    assert passed.returncode == 0, passed.stderr


@pytest.mark.parametrize("name", ["ingest", "extractor"])
def test_children_that_open_media_can_lock_themselves_down(stack: Stack, name: str) -> None:
    """Below the engine's seccomp profile and without a capability they get what this kernel gives outside."""
    command = ("-I", "-m", "sandbox")
    outside = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    inside = stack.containers[name].run("python", *command)
    assert json.loads(inside.stdout) == json.loads(outside.stdout), inside.stderr
    assert json.loads(inside.stdout)["seccomp"] is True


def test_the_api_serves_the_page_that_was_built_in_its_image(stack: Stack) -> None:
    with urllib.request.urlopen(stack.url("api"), timeout=30) as response:  # noqa: S310 (our own address)
        page = response.read().decode()
    named = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', page)
    assert named
    for asset in named:
        with urllib.request.urlopen(stack.url("api") + asset, timeout=30) as response:  # noqa: S310
            assert response.read()


def test_a_video_goes_through_all_six(stack: Stack, demo_files: Path, layout: dict[str, Any]) -> None:
    """Decoded in the extractor's cage, classified and searched with the models of the images."""
    headers = {"Authorization": f"Bearer {stack.key}"}
    with httpx.Client(base_url=stack.url("api"), headers=headers, timeout=60, trust_env=False) as client:
        site = make_site(client, layout)
        video = upload(client, site, demo_files / "clip.mp4", make=["frames", "tables", "hazards"])
        done = wait_done(client, video["video_id"], START_S)
        assert done["status"] == "done", done
        states = ok(client.get("/v1/states", params={"run_id": done["run_id"]}))["items"]
    assert states


@each_service
def test_sigterm_ends_it_within_the_grace_period(stack: Stack, name: str) -> None:
    container = stack.containers[name]
    began = time.monotonic()
    grace = float(service(name)["stop_grace_period"].removesuffix("s"))
    assert container.stop(grace) == 0, f"after {time.monotonic() - began:.1f} s:\n{container.output[-3000:]}"
