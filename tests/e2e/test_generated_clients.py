"""Clients that generators make of the documents of a running stack, as docs/clients.md says, and their sessions."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.generated_clients import (
    BIN,
    CLIENTS,
    GENERATORS,
    TYPESCRIPT_BIN,
    bring_generators,
    openapi_generator,
    said,
)
from tests.support.private_stack import REPO, PrivateStack

pytestmark = pytest.mark.timeout(900)
PAGE = (REPO / "docs" / "clients.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
INSTALL = re.compile(r"^(pip|npm) install ", re.MULTILINE)
TYPESCRIPT = ("session.ts", "tsconfig.json", "package.json")
Environment = dict[str, str]


@pytest.fixture(scope="module")
def environment(stack: PrivateStack) -> Environment:
    """What the commands of the page find: the stack, and the generators where the page installs them."""
    bring_generators()
    run = stack.run()
    (jar,) = (GENERATORS / "jars").glob("openapi-generator-cli-*.jar")
    values = {"API": run["api_url"], "INGEST": run["ingest_url"], "KEY": run["key"], "JAR": str(jar)}
    return values | {"TABLEWATCH_KEY": run["key"], "PATH": f"{BIN}:{os.environ['PATH']}", "no_proxy": "*"}


@pytest.fixture(scope="module")
def folder(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every command of the page was run; the clients lie there."""
    made = tmp_path_factory.mktemp("clients")
    (made / "node_modules").symlink_to(CLIENTS / "typescript" / "node_modules")
    for name in TYPESCRIPT:
        shutil.copy(CLIENTS / "typescript" / name, made)
    for block in SHELL:
        if not INSTALL.match(block):
            ran([shutil.which("bash") or "bash", "-euc", block], made, environment)
    return made


def ran(words: list[str | Path], folder: Path, environment: Environment) -> str:
    """What a program prints. Fails with what it says when it fails."""
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def check(session: dict[str, Any], clip: Path) -> None:
    """What every program does and prints."""
    assert session["version"] == 1
    assert session["awaiting_file"] == [session["video_id"]]
    assert session["sent"] == clip.stat().st_size
    assert session["status"] == "done"
    assert session["created_at"].startswith("20")
    assert session["frames"] == list(range(len(session["frames"])))
    assert len(session["frames"]) > 2, "more than a page"
    assert [state["label"] for state in session["states"]] == ["Table 7"]
    assert (session["missing"], session["conflict"]) == ("site_not_found", "video_finished")


def test_every_command_of_the_page_is_run_or_installs_what_is_pinned() -> None:
    installs = [block for block in SHELL if INSTALL.match(block)]
    assert len(SHELL) - len(installs) == 4
    pinned = (CLIENTS / "requirements.in").read_text() + (CLIENTS / "typescript" / "package.json").read_text()
    for name, version in re.findall(r"([\w-]+)(?:==|@)([\d.]+)", "".join(installs)):
        assert re.search(rf'{name}(==|": "~?){re.escape(version)}', pinned), f"{name} {version} is not what is tested"


def test_openapi_generator_says_nothing_of_our_documents(folder: Path, tmp_path: Path) -> None:
    for name in ("api", "ingest"):
        shutil.copy(folder / f"{name}.json", tmp_path)
        assert openapi_generator(tmp_path / f"{name}.json", f"tablewatch_{name}") == []


def test_the_python_of_the_page(folder: Path, environment: Environment) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert re.fullmatch(r"site_\w+ 0 None\n", ran([BIN / "python", "-c", program], folder, environment))


@pytest.mark.parametrize("program", ["with_openapi_python_client.py", "with_openapi_generator.py"])
def test_a_session_in_python(program: str, folder: Path, environment: Environment, demo_files: Path) -> None:
    clip = demo_files / "clip.mp4"
    words: list[str | Path] = [BIN / "python", CLIENTS / "python" / program, environment["API"], clip]
    session = json.loads(ran(words, folder, environment | {"PYTHONPATH": str(folder)}))
    check(session, clip)
    assert session.get("sent_in_pieces", session["sent"]) == clip.stat().st_size


def test_a_session_in_typescript(folder: Path, environment: Environment, demo_files: Path) -> None:
    (shown,) = re.findall(r"```ts\n(.*?)```", PAGE, re.DOTALL)
    (folder / "shown.ts").write_text(shown)
    said([TYPESCRIPT_BIN / "tsc", "--project", "tsconfig.json"], folder)
    node, clip = shutil.which("node") or "node", demo_files / "clip.mp4"
    ran([node, "out/shown.js"], folder, environment)
    check(json.loads(ran([node, "out/session.js", environment["API"], clip], folder, environment)), clip)
