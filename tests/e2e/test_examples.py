"""What the documents and examples/consumers show prints something on a stack that has run the demo's clip."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.pipeline import Site, ok
from tests.support.private_stack import REPO, PrivateStack, until

pytestmark = pytest.mark.timeout(600)
CONSUMERS = REPO / "examples" / "consumers"
PROGRAMS = re.findall(r"```python\n(.*?)```", (REPO / "docs" / "consumers.md").read_text(), re.DOTALL)
FOLLOWING = [each for each in PROGRAMS if "127.0.0.1:8720" in each]
LINES = 6


def printed(words: list[str], folder: Path, wanted: str) -> list[str]:
    """The first lines that a program prints with `wanted` in them; it is stopped then."""
    output = folder / "printed"
    with output.open("wb") as file:
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, cwd=folder, env=dict(os.environ))
    try:
        until(lambda: _count(output, wanted) >= LINES or process.poll() is not None or None, 90, f"lines of {words}")
    finally:
        process.kill()
        process.wait()
    lines = [line for line in output.read_text().splitlines() if wanted in line]
    assert len(lines) >= LINES, output.read_text()
    return lines


def _count(output: Path, wanted: str) -> int:
    return sum(wanted in line for line in output.read_text().splitlines())


@pytest.mark.parametrize("language", ["python", "node"])
def test_the_example_consumers(
    language: str, stack: PrivateStack, finished: dict[str, Any], site: Site, tmp_path: Path
) -> None:
    kafka, group = stack.run()["kafka_bootstrap"], f"example-{secrets.token_hex(4)}"
    if language == "python":
        words = [sys.executable, "-u", str(CONSUMERS / "python" / "waitlist.py"), kafka, "--group", group]
    else:
        folder = CONSUMERS / "node"
        if not (folder / "node_modules" / "kafkajs").is_dir():
            npm = shutil.which("npm") or "npm"
            subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
        words = [shutil.which("node") or "node", str(folder / "waitlist.mjs"), kafka, group]
    lines = [json.loads(line) for line in printed(words, tmp_path, finished["run_id"])]
    assert {line["label"] for line in lines} <= set(site.labels.values())
    assert all(line["state"] for line in lines)


@pytest.mark.parametrize("number", range(len(FOLLOWING)))
def test_the_consumers_of_the_page(
    number: int, stack: PrivateStack, finished: dict[str, Any], site: Site, tmp_path: Path
) -> None:
    program = tmp_path / "shown.py"
    program.write_text(FOLLOWING[number].replace("127.0.0.1:8720", stack.run()["kafka_bootstrap"]))
    lines = printed([sys.executable, "-u", str(program)], tmp_path, finished["run_id"])
    labels = {ascii(label) for label in site.labels.values()}
    assert all(line.split()[-1] in labels for line in lines), lines


def test_the_page_has_two_consumers_and_both_are_run_here() -> None:
    assert len(FOLLOWING) == 2


def test_the_asyncapi_document_has_the_address_of_this_stack(stack: PrivateStack, client: httpx.Client) -> None:
    servers = ok(client.get("/asyncapi.json"))["servers"]
    assert [each["host"] for each in servers.values()] == stack.run()["kafka_bootstrap"].split(",")
