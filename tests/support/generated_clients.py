"""Clients of our OpenAPI documents, as three generators make them; each is pinned and lies under .local."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CLIENTS = REPO / "examples" / "clients"
GENERATORS = REPO / ".local" / "generators"
BIN = GENERATORS / "venv" / "bin"
TYPESCRIPT_BIN = CLIENTS / "typescript" / "node_modules" / ".bin"
# What openapi-generator says whatever the document is: of 3.1, of an empty one too, of application/problem+json, and of
# a parameter with a name that Python has taken (its own name is var_from then)
ALWAYS_SAID = re.compile(
    r"OpenAPI 3\.1 support is still in beta|Failed to get the schema name: null"
    r"|No application/json content media type found in response|From \(reserved word\) cannot be used as model name"
)


def bring_generators() -> None:
    """Install the generators; quick when they are there."""
    subprocess.run([sys.executable, REPO / "deploy" / "local" / "bootstrap.py", "--generators"], check=True)


def said(words: list[str | Path], folder: Path) -> str:
    """What a command prints. Fails with that when the command does."""
    done = subprocess.run(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}"
    return done.stdout


def openapi_python_client(document: Path, package: str) -> None:
    """The package beside the document. Fails on a warning: what it cannot read it leaves out."""
    config = CLIENTS / "openapi-python-client.yaml"
    options = ["--fail-on-warning", "--meta", "none", "--config", config, "--output-path", package]
    # It formats what it wrote with the ruff of its own environment
    words = [
        "env",
        f"PATH={BIN}:/usr/bin:/bin",
        BIN / "openapi-python-client",
        "generate",
        "--path",
        document,
        *options,
    ]
    said(words, document.parent)


def openapi_generator(document: Path, package: str) -> list[str]:
    """The package beside the document; what was said that is not said of every document."""
    java = shutil.which("java") or "java"
    (jar,) = (GENERATORS / "jars").glob("openapi-generator-cli-*.jar")
    options = [f"--additional-properties=packageName={package},generateSourceCodeOnly=true"]
    words = [java, "-jar", jar, "generate", "-g", "python", "-i", document, "-o", ".", *options]
    lines = said([*words, "--global-property", "apiTests=false,modelTests=false"], document.parent).splitlines()
    return [line for line in lines if re.search(r" (WARN|ERROR) ", line) and not ALWAYS_SAID.search(line)]


def openapi_typescript(document: Path, types: str) -> None:
    """A file of types beside the document."""
    options = ["--default-non-nullable=false", "-o", types]  # what has a default may be left out of a request
    said([TYPESCRIPT_BIN / "openapi-typescript", document, *options], document.parent)
