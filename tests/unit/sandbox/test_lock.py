"""Locking a process down: what still works, what older kernels give, and what is said of it."""

import ctypes
import errno
import json
import socket
import struct
import subprocess
import sys
from typing import Any

import pytest
import structlog

from chassis.metrics import Metrics
from sandbox import kernel, landlock, lock
from sandbox.layers import MEANING, Layers
from sandbox.report import report

AFTERWARDS = """
import ctypes, glob, os, sys, threading
import av, av.subtitles.codeccontext, av.subtitles.stream, cv2, numpy as np
from sandbox import lock_down

file = os.open(sys.argv[1], os.O_RDONLY)
blas = ctypes.CDLL(glob.glob(os.path.join(os.path.dirname(np.__file__), "..", "numpy.libs", "*openblas*"))[0])
lock_down()

alive = []
started = threading.Barrier(5)
several = [threading.Thread(target=lambda: (alive.append(threading.get_native_id()), started.wait())) for _ in range(4)]
for each in several: each.start()
started.wait()
for each in several: each.join()
print(len(set(alive)), "threads")

blas.scipy_openblas_set_num_threads64_(4)
a = np.sin(np.arange(512 * 512.0)).reshape(512, 512)
print(bool(np.allclose((a @ a)[0], a[0] @ a)), "product")

cv2.setNumThreads(4)
picture = cv2.GaussianBlur(np.zeros((1080, 1920, 3), np.uint8), (5, 5), 0)
print(cv2.imencode(".jpg", cv2.resize(picture, (640, 360)))[0], "picture")

options = {"fd": str(file), "protocol_whitelist": "fd"}
with av.open("fd:", options=options) as container:
    stream = container.streams.video[0]
    stream.codec_context.thread_type, stream.codec_context.thread_count = "AUTO", 4
    print(sum(1 for _ in container.decode(stream)), "frames")
"""


def test_threads_of_ffmpeg_openblas_and_opencv_still_start(tmp_path: Any) -> None:
    from tests.unit.extractor import clips

    clip = clips.make("cfr.mp4", tmp_path, size="640x360")
    ran = subprocess.run(
        [sys.executable, "-c", AFTERWARDS, clip],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    said = {name: value for value, name in (line.split() for line in ran.stdout.splitlines())}
    assert said == {"threads": "4", "product": "True", "picture": "True", "frames": said["frames"]}
    assert int(said["frames"]) > 100


def test_it_does_not_lock_a_process_that_has_threads_already() -> None:
    """Landlock would not hold for them."""
    program = (
        "import threading; from sandbox.lock import NotAlone, lock_down\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "try: lock_down()\n"
        "except NotAlone: print('refused')"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "refused\n"


ORPHAN = """
import os, sys
from sandbox import die_with_parent, lock_down
parent = os.getpid()
if os.fork() == 0:
    die_with_parent(parent)
    lock_down()
    os.write(1, b"locked")
    os.read(0, 1)
    os.write(1, b"alive")
os.read(0, 1)
"""


def test_a_locked_process_ends_with_its_parent() -> None:
    """Dropping capabilities must not undo it, as a change of user would."""
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.read(6) == b"locked"
        parent.kill()
        assert parent.stdout.read() == b""


CONNECTING = """
import errno, socket, sys
from sandbox import lock_down
lock_down([int(port) for port in sys.argv[2:]])
def tried(action):
    try: return str(action())
    except OSError as error: return errno.errorcode[error.errno]
def greeted():
    with socket.socket() as connection:
        connection.connect(("127.0.0.1", int(sys.argv[1])))
        return connection.recv(5)
print(tried(greeted))
print(tried(lambda: socket.socket(socket.AF_UNIX)))
print(tried(lambda: socket.create_server(("127.0.0.1", 0))))
print(tried(lambda: open("/etc/passwd")))
"""


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [("its port", "b'hello'"), ("another port", "EACCES"), ("none", "EPERM")],
    ids=["its port", "another port", "none"],
)
def test_ports_that_are_allowed_may_be_reached_and_nothing_else(allowed: str, expected: str) -> None:
    """On a kernel that tells ports apart: Landlock answers EACCES, the filter EPERM."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ports = {"its port": [port], "another port": [port ^ 1], "none": []}[allowed]
        command = [sys.executable, "-c", CONNECTING, str(port), *map(str, ports)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            if allowed == "its port":
                server.settimeout(60)
                greeting, _ = server.accept()
                with greeting:
                    greeting.send(b"hello")
            output, _ = child.communicate(timeout=60)
    assert output.splitlines() == [expected, "EPERM", "EPERM", "EPERM"]


class Kernel:
    """A libc whose kernel has this version of Landlock, or answers with an error."""

    def __init__(self, abi: int = 0, error: int = 0) -> None:
        self._abi, self._error = abi, error
        self.rulesets: list[bytes] = []

    def syscall(self, number: ctypes.c_long, *arguments: Any) -> int:
        if self._error:
            ctypes.set_errno(self._error)
            return -1
        if arguments[0] is None:
            return self._abi
        if number.value == landlock.CREATE_RULESET:
            self.rulesets.append(arguments[0].raw)
            return -1
        return 0


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM])
def test_a_kernel_without_landlock_gives_none(error: int) -> None:
    assert landlock.restrict(Kernel(error=error), ports=()) == 0  # type: ignore[arg-type]


def test_a_landlock_that_fails_in_another_way_is_no_reason_to_go_on() -> None:
    with pytest.raises(OSError, match="cannot be read"):
        landlock.restrict(Kernel(error=errno.EFAULT), ports=())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="takes no ruleset"):
        landlock.restrict(Kernel(abi=3), ports=())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("abi", "words"),
    [
        (1, [0x1FFF]),
        (2, [0x3FFF]),
        (3, [0x7FFF]),
        (4, [0x7FFF, 3]),
        (5, [0xFFFF, 3]),
        (6, [0xFFFF, 3, 3]),
        (7, [0xFFFF, 3, 3]),
        (99, [0xFFFF, 3, 3]),
    ],
)
def test_a_ruleset_names_what_its_version_knows_and_no_more(abi: int, words: list[int]) -> None:
    """linux/landlock.h; a kernel refuses a right that it does not know."""
    assert landlock.ruleset(abi) == struct.pack(f"={len(words)}Q", *words)


class Filters:
    """A libc whose kernel answers seccomp with an error."""

    def __init__(self, error: int) -> None:
        self._error = error

    def syscall(self, *_: Any) -> int:
        ctypes.set_errno(self._error)
        return -1


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.EINVAL])
def test_a_kernel_without_filters_of_calls_gives_none(error: int) -> None:
    assert lock._filter_calls(Filters(error), False) is False  # type: ignore[arg-type]


def test_a_filter_that_is_refused_in_another_way_is_no_reason_to_go_on() -> None:
    with pytest.raises(OSError, match="is refused"):
        lock._filter_calls(Filters(errno.EACCES), False)  # type: ignore[arg-type]


async def test_the_kernel_is_found_out_by_a_child_that_is_locked_down() -> None:
    found = await kernel.examine_kernel()
    said = subprocess.run([sys.executable, "-I", "-m", "sandbox"], capture_output=True, check=True).stdout
    assert json.loads(said) == {
        "landlock_abi": found.landlock_abi,
        "seccomp": found.seccomp,
        "network_namespace": False,
    }
    assert found.network_namespace == await kernel.can_isolate_network()


async def test_a_child_that_cannot_be_locked_down_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(OSError, match="cannot be set up"):
        await kernel.examine_kernel()


async def test_without_unshare_there_is_no_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "ISOLATION", ("/nowhere/unshare",))
    assert await kernel.can_isolate_network() is False


def test_what_is_missing_is_said_with_what_it_means() -> None:
    metrics = Metrics()
    with structlog.testing.capture_logs() as said:
        report(Layers(3, True, False), structlog.get_logger(), metrics)
    assert said[0] == {
        "event": "sandbox", "log_level": "info", "landlock_abi": 3, "seccomp": True, "landlock_files": True,
        "landlock_tcp": False, "landlock_scopes": False, "network_namespace": False,
    }  # fmt: skip
    assert said[1:] == [
        {"event": "sandbox_layer_missing", "log_level": "warning", "layer": name, "means": MEANING[name]}
        for name in ("landlock_tcp", "landlock_scopes", "network_namespace")
    ]
    assert metrics.value("sandbox_layer", layer="landlock_files") == 1
    assert b'tablewatch_sandbox_layer{layer="landlock_tcp"} 0.0' in metrics.exposition()
