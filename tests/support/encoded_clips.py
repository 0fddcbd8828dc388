"""Runs ffmpeg to make a clip, or copies what the same command made of the same inputs before.

Clips are kept under .local/clips, named by all that decides on their bytes: encoding them anew in each worker and at
each run took a tenth of the fast ring. The folder may be deleted at any time.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg

KEPT = Path(__file__).resolve().parents[2] / ".local" / "clips"


def ffmpeg(*arguments: str) -> None:
    """Run it quietly; the last argument is the file that is written. An error is shown."""
    *recipe, output = arguments
    if "concat" in recipe:  # what decides on its bytes is named by a list of files alone
        _run(recipe, Path(output))
        return
    kept = KEPT / f"{_name(recipe)}{Path(output).suffix}"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT) as folder:
            made = Path(folder) / f"made{kept.suffix}"
            _run(recipe, made)
            made.replace(kept)  # another worker may be making the same one
    shutil.copyfile(kept, output)


def _run(recipe: Sequence[str], output: Path) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *recipe, str(output)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def _name(recipe: Sequence[str]) -> str:
    """Of the program, how many processors it finds (encoders divide their work by it), the arguments and the inputs."""
    total = hashlib.sha256(f"{_program()} {os.cpu_count()}".encode())
    for before, argument in zip(("", *recipe), recipe, strict=False):
        is_file = before == "-i" and Path(argument).is_file()
        total.update(b"\0" + (hashlib.sha256(Path(argument).read_bytes()).digest() if is_file else argument.encode()))
    return total.hexdigest()


@cache
def _program() -> str:
    """The file name has the version; with the size it tells one build from another."""
    path = Path(imageio_ffmpeg.get_ffmpeg_exe())
    return f"{path.name} {path.stat().st_size}"
