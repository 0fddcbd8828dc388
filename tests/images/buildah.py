"""buildah: images without a container engine, in a storage of their own."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENT = {"BUILDAH_ISOLATION": "chroot"}  # the only isolation that works without control groups


class BuildFailed(AssertionError):
    """buildah refused; the text is the end of what it printed."""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What an image says about itself. `health` is the command of HEALTHCHECK, empty without one."""

    user: str
    entrypoint: tuple[str, ...]
    environment: Mapping[str, str]
    volumes: frozenset[str]
    labels: Mapping[str, str]
    health: tuple[str, ...]
    working_dir: str


@dataclass(frozen=True, slots=True)
class Buildah:
    """Builds into `storage`/root; everything that it makes is below `storage`."""

    storage: Path

    def build(
        self, tag: str, dockerfile: Path, context: Path, arguments: Mapping[str, str], target: str | None = None
    ) -> None:
        """Build and tag. Layers are kept, so that stages which images share are built once. Raises BuildFailed."""
        # the other format has no place for HEALTHCHECK
        words = ["bud", "--pull-never", "--layers", "--format", "docker", "-t", tag, "-f", str(dockerfile)]
        words += [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        words += ["--target", target] if target else []
        self._run(*words, str(context))

    def has(self, tag: str) -> bool:
        """Whether there is an image of this name."""
        return subprocess.run(self._command("inspect", "--type", "image", tag), capture_output=True).returncode == 0

    def config(self, tag: str) -> ImageConfig:
        """The configuration of an image."""
        config = json.loads(self._run("inspect", "--type", "image", tag))["Docker"]["config"]
        return ImageConfig(
            user=config["User"],
            entrypoint=tuple(config["Entrypoint"]),
            environment=dict(entry.split("=", 1) for entry in config["Env"]),
            volumes=frozenset(config.get("Volumes") or ()),
            labels=config.get("Labels") or {},
            health=_health(config.get("Healthcheck") or {}),
            working_dir=config["WorkingDir"],
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The storage for one run at a time, without what a run that was killed left mounted or half built."""
        self.storage.mkdir(parents=True, exist_ok=True)
        with (self.storage / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for point in sorted(_mounts_below(self.storage), reverse=True):  # the inner ones first
                subprocess.run(["umount", str(point)], check=True)
            self._run("rm", "--all")
            yield

    @contextmanager
    def mounted(self, tag: str) -> Iterator[Path]:
        """The root filesystem of a fresh container of an image."""
        container = self._run("from", "--pull-never", tag).strip()
        try:
            yield Path(self._run("mount", container).strip())
        finally:
            self._run("umount", container)
            self._run("rm", container)

    def remove(self, *tags: str) -> None:
        """Remove images, and every layer that belongs to none that has a name."""
        self._run("rmi", "--force", *tags)
        self._run("rmi", "--prune")

    def _command(self, *words: str) -> list[str]:
        # STORAGE_DRIVER is ignored beside --root
        where = ["--root", str(self.storage / "root"), "--runroot", str(self.storage / "run")]
        return ["nice", "-n", "10", "buildah", "--storage-driver", "overlay", *where, *words]

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            self._command(*words), env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildFailed(f"buildah {words[0]} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return done.stdout


def _mounts_below(folder: Path) -> list[Path]:
    points = [Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines()]
    return [point for point in points if folder in point.parents]


def _health(check: Mapping[str, Any]) -> tuple[str, ...]:
    kind, *command = check.get("Test") or ["NONE"]
    return tuple(command) if kind == "CMD" else ()
