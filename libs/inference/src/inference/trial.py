"""Trying a file that a site brings in a process of its own: one that never ends, takes all memory or crashes is refused
like any other that is of no use, and whoever wants to use it goes on.

``python -m inference.trial`` is that process: the spec as a line of JSON and the file's bytes go in, a line of JSON
comes out. Only a file that passed is loaded by the service.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from inference.detect import first_line
from inference.detectors import DetectorSpec, open_detector
from inference.errors import (
    DetectorNotLoadable,
    DetectorOutputsWrong,
    DetectorRefused,
    DetectorTooLarge,
    DetectorTooSlow,
    refusal,
)
from inference.seating import Scores
from inference.selftest import try_out

LOOK_LIMIT_S = 5.0
"""For one picture. A live frame is to be judged within 10 s, by another model where this one does not answer."""
CPU_S = 60
WALL_S = 300.0
"""Where processors are shared with much else."""
MEMORY_BYTES = 4 * 1024**3
"""Of address space, of which onnxruntime takes far more than it uses."""
PASSED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "VIRTUAL_ENV")
"""As of `sandbox.environment`, which this library does without: it stands alone where models are fetched."""


def try_apart(model: bytes, spec: DetectorSpec) -> float:
    """The score of the person in the known picture. Raises DetectorRefused."""
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "inference.trial"], input=json.dumps(asdict(spec)).encode() + b"\n" + model,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=WALL_S, check=False, env=environment, cwd="/",
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise DetectorTooSlow(f"It was not tried out after {WALL_S:g} s.") from error
    if done.returncode != 0:
        raise _ended(done.returncode)
    answer = json.loads(done.stdout)
    if "code" in answer:
        raise refusal(answer["code"], answer["detail"])
    return float(answer["score"])


def _ended(status: int) -> DetectorRefused:
    """A trial that ended without an answer."""
    if -status == signal.SIGXCPU:
        return DetectorTooSlow(f"It was not tried out after {CPU_S} s of processor time.")
    if -status == signal.SIGKILL:
        return DetectorTooLarge("The process that tried it was killed, as the kernel does where memory is short.")
    how = f"by signal {-status}" if status < 0 else f"with status {status}"
    return DetectorNotLoadable(f"The process that tried it ended {how}.")


def answer(line: bytes, model: bytes) -> dict[str, Any]:
    """What the process writes: the score, or code and detail of the refusal."""
    try:
        return {"score": try_out(open_detector(model, _spec(json.loads(line)), LOOK_LIMIT_S))}
    except DetectorRefused as error:
        return {"code": error.code, "detail": error.detail}
    except MemoryError:
        return {"code": DetectorTooLarge.code, "detail": "There is no memory for it."}
    except Exception as error:  # noqa: BLE001 (whatever a strange graph makes of a decoder, the file is of no use)
        return {"code": DetectorOutputsWrong.code, "detail": f"{type(error).__name__}: {first_line(error)}."}


def _spec(raw: dict[str, Any]) -> DetectorSpec:
    return DetectorSpec(**raw | {"classes": tuple(raw["classes"]), "scores": Scores(**raw["scores"])})


def _limit() -> None:
    """Soft limits alone end it: hard ones below those of the parent could not be set again in a container."""
    for what, most in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    _limit()
    given = sys.stdin.buffer
    print(json.dumps(answer(given.readline(), given.read())), flush=True)
