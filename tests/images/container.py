"""One container from a root filesystem, by crun: the image's user and entry point, compose's restrictions.

What an engine would do and this does not: a network of its own (ports are the machine's), limits of memory and
processes (they take control groups), and an init process (so the service is process 1, which is stricter: what it does
not handle is ignored).
"""

import json
import os
import platform
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.images.buildah import ImageConfig

SECCOMP = Path("/usr/share/containers/seccomp.json")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# crun takes no mixture of both versions of control groups, which some machines have: it is shown a plain second one
PLAIN_CGROUPS = 'umount -R -l /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup && exec "$@"'
CRUN = ("unshare", "--mount", "sh", "-c", PLAIN_CGROUPS, "sh", "crun", "--cgroup-manager=disabled")
USER = 10001


@dataclass(slots=True)
class Container:
    """A container that was made but not started. `folder` holds its bundle, its output and its volumes."""

    name: str
    root: Path
    image: ImageConfig
    compose: Mapping[str, Any]
    environment: Mapping[str, str]
    folder: Path
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def output(self) -> str:
        """What it printed until now."""
        return (self.folder / "output").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Its process 1, as this machine counts."""
        return int((self.folder / "pid").read_text())

    def start(self) -> None:
        """Start it; returns before it is ready."""
        self.folder.mkdir(parents=True)
        (self.folder / "config.json").write_text(json.dumps(self._bundle(), indent=1))
        command = self._crun("run", "--bundle", str(self.folder), "--pid-file", str(self.folder / "pid"), self.name)
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command inside, as its user and with its environment (`docker exec`)."""
        words = ("exec", "--user", f"{USER}:{USER}", "--no-new-privs", self.name, *command)
        return subprocess.run(self._crun(*words), capture_output=True, text=True, check=False)

    def stop(self, grace_s: float) -> int:
        """SIGTERM to process 1, SIGKILL after the grace period as an engine does; the exit code."""
        assert self.process is not None
        os.kill(self.pid, signal.SIGTERM)
        try:
            return self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.wait()

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        if self.process is not None and self.process.poll() is None:
            deadline = time.monotonic() + 10
            while not (self.folder / "pid").exists() and time.monotonic() < deadline and self.process.poll() is None:
                time.sleep(0.05)
            if self.process.poll() is None:
                os.kill(self.pid, signal.SIGKILL)
            self.process.wait(30)

    def _crun(self, *words: str) -> list[str]:
        return [*CRUN, "--root", str(self.folder.parent / "crun"), *words]

    def _bundle(self) -> dict[str, Any]:
        """The runtime's configuration: crun's template, then the image, then compose."""
        template = self.folder / "template"
        template.mkdir()
        subprocess.run(["crun", "spec"], cwd=template, check=True)
        config: dict[str, Any] = json.loads((template / "config.json").read_text())
        shutil.rmtree(template)
        assert self.image.user == "tablewatch"
        config["hostname"] = self.name
        config["root"] = {"path": str(self.root), "readonly": bool(self.compose["read_only"])}
        config["process"] = {
            "terminal": False,
            "user": {"uid": USER, "gid": USER},
            "args": [*self.image.entrypoint, *self.arguments],
            "env": [f"{name}={value}" for name, value in {**self.image.environment, **self.environment}.items()],
            "cwd": self.image.working_dir,
            "noNewPrivileges": "no-new-privileges:true" in self.compose["security_opt"],
            "capabilities": _capabilities(self.compose["cap_drop"]),
        }
        config["mounts"] += [*self._temporary(), *self._volumes(), *_names()]
        config["linux"]["namespaces"] = [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]
        config["linux"].pop("resources", None)
        config["linux"]["seccomp"] = seccomp(json.loads(SECCOMP.read_text()))
        return config

    def _temporary(self) -> list[dict[str, Any]]:
        options = ["nosuid", "nodev", "noexec", "mode=1777"]  # an engine's defaults
        return [
            {"destination": path, "type": "tmpfs", "source": "tmpfs", "options": options}
            for path in self.compose.get("tmpfs", ())
        ]

    def _volumes(self) -> list[dict[str, Any]]:
        """Fresh named volumes. A new one has the owner that its folder has in the image."""
        mounts = []
        for number, volume in enumerate(self.compose.get("volumes", ())):
            path = volume.split(":")[1]
            source = self.folder / f"volume{number}"
            source.mkdir()
            owner = (self.root / path.lstrip("/")).stat()
            os.chown(source, owner.st_uid, owner.st_gid)
            mounts.append({"destination": path, "type": "bind", "source": str(source), "options": ["bind", "rw"]})
        return mounts


def _capabilities(dropped: list[str]) -> dict[str, list[str]]:
    assert dropped == ["ALL"]
    return {kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")}


def _names() -> list[dict[str, Any]]:
    """The files by which an engine lets a container find names."""
    return [
        {"destination": path, "type": "bind", "source": path, "options": ["bind", "ro"]}
        for path in ("/etc/hosts", "/etc/resolv.conf")
    ]


def seccomp(profile: Mapping[str, Any]) -> dict[str, Any]:
    """The engines' default profile for a container without capabilities, in the runtime's own form."""
    here = ARCHITECTURES[platform.machine()]
    rules = [rule for rule in profile["syscalls"] if _applies(rule, here)]
    kept = [{key: rule[key] for key in ("names", "action", "args", "errnoRet") if rule.get(key)} for rule in rules]
    architectures = next(
        [each["architecture"], *each["subArchitectures"]]
        for each in profile["archMap"]
        if each["architecture"] == f"SCMP_ARCH_{platform.machine().upper()}"
    )
    defaults = {key: profile[key] for key in ("defaultAction", "defaultErrnoRet") if key in profile}
    return {**defaults, "architectures": architectures, "syscalls": kept}


def _applies(rule: Mapping[str, Any], architecture: str) -> bool:
    includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
    if includes.get("caps") or architecture in excludes.get("arches", ()):
        return False
    return architecture in includes.get("arches", (architecture,))
