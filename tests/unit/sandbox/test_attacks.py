"""Hostile code in the real children that open media: what it tries, and that all of it is refused; as root and not."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.unit.sandbox import attacks

from sandbox.environment import PASSED

REPO = Path(__file__).parents[3]
NOBODY = 65534
AS_NOBODY = (
    *("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
    # only so that it reaches an interpreter in a folder of root's; the child drops it before the attacks
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),
)
USERS = ("as we are", "plain") if os.getuid() == 0 else ("as we are",)
REFUSED = {"EPERM", "EACCES", "ENOSYS"}


@dataclass(frozen=True)
class Scene:
    """A file to be opened in the midst of what must not be reached, and a Python whose FFmpeg is hostile."""

    folder: Path
    python: Path
    site: Path
    targets: dict[str, Any]

    def attacked(self, service: str, user: str, *files: str) -> list[dict[str, Any]]:
        """What came of each file."""
        owner = NOBODY if user == "plain" else os.getuid()
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, owner, -1)
        network = "open" if user == "plain" else "isolated"
        command = [sys.executable, "-m", "tests.unit.sandbox.attacked", service, str(self.python), network]
        ran = subprocess.run(
            [*(AS_NOBODY if user == "plain" else ()), *command, *(str(self.folder / name) for name in files)],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=REPO,
            env={**os.environ, "API_BOOTSTRAP_KEY": "secret", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert ran.returncode == 0, ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("attacked")
    for folder in (root, *root.parents[:2]):  # pytest's are of the user who runs it
        folder.chmod(0o755)
    folder, python = root / "home", root / "python"
    (folder / "originals" / "other-site").mkdir(parents=True)
    (folder / "empty").mkdir()
    for name in (*attacks.READABLE, "source.bin"):
        (folder / name).write_text(f"what {name} says")
    (folder / "execve").write_text("execve")
    site = hostile_python(python)
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(folder / "socket"))
        unix.listen()
        with socket.socket(socket.AF_UNIX) as abstract:
            name = f"tablewatch-{os.getpid()}"
            abstract.bind("\0" + name)
            abstract.listen()
            targets = {"folder": str(folder), "port": tcp.getsockname()[1], "abstract": name}
            (site / "targets.json").write_text(json.dumps(targets))
            yield Scene(folder, python / "bin" / "python", site, targets)


def hostile_python(home: Path) -> Path:
    """A virtual environment with all of ours in which av.open is the attack. Its folder of packages.

    By a .pth file, because ingest's child runs isolated (-I): neither PYTHONPATH nor its folder could bring code in.
    """
    site = home / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    site.mkdir(parents=True)
    (home / "bin").mkdir()
    interpreter = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    (home / "bin" / "python").symlink_to(interpreter)
    (home / "pyvenv.cfg").write_text(f"home = {interpreter.parent}\ninclude-system-site-packages = false\n")
    (site / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    (site / "sitecustomize.py").write_text("import av, attacks\nav.open = attacks.attack\n")
    shutil.copy(attacks.__file__, site / "attacks.py")
    return site


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("service", ["extractor", "ingest"])
def test_whatever_hostile_code_tries_is_refused(scene: Scene, service: str, user: str) -> None:
    before = contents(scene.folder)
    (found,) = scene.attacked(service, user, "source.bin")
    for name, outcome in found["outcomes"].items():
        print(f"{service:10} {user:10} {name:34} {outcome}")
    assert {name: each for name, each in found["outcomes"].items() if each not in REFUSED} == {}
    assert set(found["outcomes"]) == set(attacks.ATTACKS)
    assert contents(scene.folder) == before
    assert set(found["environment"]) <= {*PASSED, "OPENBLAS_NUM_THREADS", "LC_CTYPE"}
    files = [descriptor for descriptor, kind in found["descriptors"].items() if kind not in "psc"]
    assert len(files) == 1
    assert found["inode"] == (scene.folder / "source.bin").stat().st_ino
    assert len(found["descriptors"]) <= 5


@pytest.mark.parametrize(
    ("service", "user", "end"), [("extractor", USERS[-1], "ended by SIGSYS"), ("ingest", USERS[0], "status -31")]
)
def test_a_forbidden_call_ends_the_child_and_its_parent_sees_it(
    scene: Scene, service: str, user: str, end: str
) -> None:
    assert scene.attacked(service, user, "execve") == [{"ended": end}]


LOCKED = """
import json, os, sys, attacks
from sandbox import lock_down
attacks.TARGETS["file"] = os.open(sys.argv[1], os.O_RDONLY)
for name, attack in attacks.DEADLY.items():
    if os.fork() == 0:
        lock_down()
        attack()
        os._exit(0)
    print(json.dumps([name, os.waitstatus_to_exitcode(os.wait()[1])]), flush=True)
"""


@pytest.mark.parametrize("user", USERS)
def test_every_call_that_no_library_makes_ends_the_process(scene: Scene, user: str) -> None:
    """Each in a process of its own, which is locked down as the children are."""
    as_user = AS_NOBODY if user == "plain" else ()
    ran = subprocess.run(
        [*as_user, str(scene.python), "-c", LOCKED, str(scene.folder / "source.bin")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert dict(map(json.loads, ran.stdout.splitlines())) == dict.fromkeys(attacks.DEADLY, -signal.SIGSYS)


def contents(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path with its mode, its time of change, and its bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        found[str(path)] = (about.st_mode, about.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


NOT_HERE = {
    *("vfork", "clone sharing memory"),  # the child of such a call would run on this one's stack
    *("signal everybody", "leave the session", "become root", "change group", "stop the alarm"),
}
NOT_EVERYWHERE = {
    # not as they are tried without the lock
    *("clone a thread into a namespace", "another filter", "a call that this kernel may have", "take capabilities"),
    *("send a descriptor", "signal by an ioctl"),
    # not by every user, and not on every kernel or file system
    *("raise the size of files", "raise memory", "raise processor time", "raise priority", "be scheduled in real time"),
    *("raw socket", "let a debugger in", "TCP by IPv6", "secret memory", "set an attribute", "landlock", "clone3"),
}
CONTROL = """
import json, os, sys, attacks
attacks.TARGETS["file"] = os.open(sys.argv[1], os.O_RDONLY)
for name in sys.argv[2:]:
    if os.fork() == 0:
        os.write(1, json.dumps([name, attacks.outcome(attacks.ATTACKS[name])]).encode() + b"\\n")
        os._exit(0)
    os.wait()
"""


def test_without_the_lock_the_same_code_gets_through(scene: Scene) -> None:
    """So that a mistake in an attack is not taken for a closed door."""
    folder = scene.folder.with_name("unlocked")
    shutil.copytree(scene.folder, folder, ignore=shutil.ignore_patterns("socket"))
    (folder / "socket").symlink_to(scene.folder / "socket")
    (scene.site / "targets.json").write_text(json.dumps({**scene.targets, "folder": str(folder)}))
    # the shell is the parent that is attacked, and not pytest
    command = ["sh", "-c", '"$@"; exit $?', "sh", str(scene.python), "-c", CONTROL, str(folder / "source.bin")]
    names = [name for name in attacks.ATTACKS if name not in NOT_HERE]
    ran = subprocess.run([*command, *names], capture_output=True, text=True, check=False, timeout=60)
    (scene.site / "targets.json").write_text(json.dumps(scene.targets))
    outcomes = dict(map(json.loads, ran.stdout.splitlines()))
    assert set(outcomes) == set(names), ran.stderr
    failed = {name: each for name, each in outcomes.items() if not each.startswith("SUCCEEDED")}
    assert set(failed) <= NOT_EVERYWHERE, failed
