#!/usr/bin/env python3
"""Installs what the local stack and the tests need, once: Python packages, Kafka, web page, models.

Standard library only, run by the machine's own Python. Every step remembers a hash of what it was made from in
.local/stamps and is skipped while that is unchanged. With --generators it brings what the tests of generated clients
need too: three generators, each pinned by hashes.

usage: bootstrap.py [--generators] [--force]
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
LOCAL = REPO / ".local"
VENV = REPO / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"
LOCK = REPO / "requirements.lock"
MEMBERS = ("schemas", "libs/*", "services/*", "cli")
JARS = LOCAL / "kafka-jars"
MODELS = LOCAL / "models"
CLIENTS = REPO / "examples" / "clients"
GENERATORS = LOCAL / "generators"
OLDEST = (3, 11)
STILL_EVERY_S = 10.0


class BootstrapError(Exception):
    """Something that a person can put right; the text is the whole message."""


@dataclass(frozen=True)
class Step:
    """One thing to install. `inputs` are hashed; `outputs` must exist for the step to be skipped."""

    name: str
    run: Callable[[], None]
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    salt: str = ""
    after: tuple[str, ...] = field(default_factory=tuple)

    @property
    def stamp(self) -> Path:
        return LOCAL / "stamps" / self.name.replace(" ", "-").lower()

    def digest(self) -> str:
        total = hashlib.sha256(self.salt.encode())
        for path in self.inputs:
            total.update(str(path.relative_to(REPO)).encode() + path.read_bytes())
        return total.hexdigest()

    def done(self) -> bool:
        fresh = self.stamp.exists() and self.stamp.read_text() == self.digest()
        return fresh and all(path.exists() for path in self.outputs)


def steps() -> list[Step]:
    """All steps, those that others wait for first."""
    members = tuple(sorted(path for pattern in MEMBERS for path in REPO.glob(f"{pattern}/pyproject.toml")))
    local = REPO / "deploy" / "local"
    found = [
        Step("Python packages", python_packages, (LOCK,), (PYTHON, UV), salt=f"{sys.version} {REPO}"),
        Step("Workspace", lambda: workspace(members), members, (PYTHON,), str(REPO), ("Python packages",)),
        Step("Bytecode", bytecode, (LOCK,), (PYTHON,), f"{sys.version} {REPO}", ("Python packages",)),
        Step("Our bytecode", our_bytecode, tuple(our_sources()), (PYTHON,), str(REPO), ("Workspace",)),
        Step("Kafka", kafka, (local / "pom.xml", local / "jars.sha256"), (JARS,)),
    ]
    if os.environ.get("DEMO", "").lower() not in ("0", "no", "false"):
        story = tuple(sorted((REPO / "deploy" / "demo" / "restaurant").glob("*.py")))
        clip = (LOCAL / "demo" / "clip.mp4",)
        found.append(Step("Demo clip", demo_clip, story, clip, salt=str(REPO), after=("Python packages",)))
    if (REPO / "web" / "package-lock.json").exists():
        web = REPO / "web"
        locked = tuple(web / name for name in ("package.json", "package-lock.json", ".npmrc") if (web / name).exists())
        found.append(Step("Web packages", web_packages, locked, (web / "node_modules",)))
        page = (web / "dist" / "index.html",)
        found.append(Step("Web page", web_page, tuple(web_files()), page, after=("Web packages",)))
    source = tuple(sorted((REPO / "libs/inference/src/inference/models").rglob("*.py")))
    if any(path.name == "fetch.py" for path in source):
        found.append(Step("Models", models, source, (MODELS / "complete",), after=("Workspace",)))
    return found


def generator_steps() -> list[Step]:
    """What makes clients of our OpenAPI documents, apart from the product's packages, which it does not agree with."""
    python, typescript = (CLIENTS / "requirements.lock",), CLIENTS / "typescript"
    locked = tuple(typescript / name for name in ("package.json", "package-lock.json", ".npmrc"))
    pom = (CLIENTS / "pom.xml", CLIENTS / "jars.sha256")
    salt = f"{sys.version} {REPO}"
    return [
        Step("Generator in Python", python_generator, python, (GENERATORS / "venv",), salt, ("Python packages",)),
        Step("Generator in Java", java_generator, pom, (GENERATORS / "jars",)),
        Step("Generator of TypeScript", typescript_generator, locked, (typescript / "node_modules",)),
    ]


def python_packages() -> None:
    """A virtual environment with exactly the packages of requirements.lock, each checked by its hash."""
    if not PYTHON.exists() or _version(PYTHON) < OLDEST:
        shutil.rmtree(VENV, ignore_errors=True)
        _make_venv()
    if not UV.exists():
        _pip("install", "--require-hashes", "--no-deps", "-r", str(_uv_only()))
    install = ["pip", "install", "--python", str(PYTHON), "--require-hashes", "-r", str(LOCK)]
    try:
        _call([str(UV), *install], env=uv_environment())
    except BootstrapError as error:
        _print(f"uv could not ({str(error).splitlines()[-1]}); trying pip")
        _pip("install", "--require-hashes", "-r", str(LOCK))


def _make_venv() -> None:
    try:
        _call([sys.executable, "-m", "venv", str(VENV)])
    except BootstrapError:  # Debian's python3 without python3-venv has no ensurepip
        shutil.rmtree(VENV, ignore_errors=True)
        _call([sys.executable, "-m", "venv", "--without-pip", str(VENV)])


def _pip(*arguments: str) -> None:
    has_pip = subprocess.run([str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0
    command = [str(PYTHON), "-m", "pip"] if has_pip else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    _call([*command, "--disable-pip-version-check", *arguments])


def _uv_only() -> Path:
    """The part of the lock file that pins uv: pip installs that, and uv the rest, ten times faster."""
    lines, inside = [], False
    for line in LOCK.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            inside = line.startswith("uv==")
        if inside:
            lines.append(line)
    path = LOCAL / "uv.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def uv_environment() -> dict[str, str]:
    """The environment with pip's index, certificates and proxy for uv, which does not read pip's configuration."""
    given = pip_configuration()
    links = [word for word in given.get("find-links", "").split() if "://" in word or Path(word).is_dir()]
    settings = {
        "UV_DEFAULT_INDEX": given.get("index-url", ""),
        "UV_INDEX": given.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(links),
        "UV_INSECURE_HOST": given.get("trusted-host", ""),
        "SSL_CERT_FILE": given.get("cert", ""),
        "HTTPS_PROXY": given.get("proxy", ""),
        "HTTP_PROXY": given.get("proxy", ""),
        "UV_HTTP_TIMEOUT": given.get("timeout", given.get("default-timeout", "")),
        "UV_NO_PROGRESS": "1",
    }
    return {**{name: value for name, value in settings.items() if value}, **os.environ}


def pip_configuration() -> dict[str, str]:
    """pip's settings from its files and its environment variables, the latter winning."""
    shown = subprocess.run([str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found: dict[str, str] = {}
    for line in sorted(shown.stdout.splitlines(), key=lambda text: text.startswith(":env:")):
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in ("global", "install", ":env:"):
            found[option] = " ".join(str(ast.literal_eval(value)).split())
    return found


def workspace(members: Iterable[Path]) -> None:
    """Our own packages, as links to their sources."""
    links = [word for path in members for word in ("-e", str(path.parent))]
    options = ["--no-deps", "--no-build-isolation"]
    if UV.exists():
        _call([str(UV), "pip", "install", "--python", str(PYTHON), "--offline", *options, *links])
    else:
        _pip("install", *options, *links)


def our_sources() -> Iterable[Path]:
    """The Python files of the workspace."""
    return (path for pattern in MEMBERS for path in sorted(REPO.glob(f"{pattern}/**/*.py")))


def bytecode() -> None:
    """Packages compiled ahead: where Python may not write (PYTHONDONTWRITEBYTECODE, containers) every start would."""
    _compiled(VENV / "lib")


def our_bytecode() -> None:
    """Our own packages compiled ahead."""
    _compiled(*(path for pattern in MEMBERS for path in REPO.glob(pattern) if path.is_dir()))


def _compiled(*folders: Path) -> None:
    """Tests that packages carry are left out; files that are no Python 3 (templates) are left alone."""
    command = [str(PYTHON), "-m", "compileall", "-q", "-q", "-j", "0", "-x", "/tests?/", *map(str, folders)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def kafka() -> None:
    """Apache Kafka's jars by Maven, each compared with jars.sha256."""
    _jars(REPO / "deploy" / "local", JARS)


def _jars(folder: Path, target: Path, *options: str) -> None:
    """What pom.xml of the folder names, brought by Maven and compared with the jars.sha256 beside it."""
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fresh}", *options]
    _call(["mvn", "-q", "-B", "-f", str(folder / "pom.xml"), *goal])
    _check_jars(fresh, folder / "jars.sha256")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _check_jars(folder: Path, sums: Path) -> None:
    lines = sums.read_text().splitlines()
    wanted = {name: digest for digest, name in (line.split() for line in lines)}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.jar")}
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise BootstrapError(f"Maven brought other jars than {sums.relative_to(REPO)} names: {', '.join(wrong)}")


def python_generator() -> None:
    """openapi-python-client, and what the Python clients run on, in a virtual environment of their own."""
    venv = GENERATORS / "venv"
    shutil.rmtree(venv, ignore_errors=True)
    GENERATORS.mkdir(exist_ok=True)
    _call([str(UV), "venv", "--python", str(PYTHON), str(venv)], env=uv_environment())
    install = ["pip", "install", "--python", str(venv / "bin" / "python"), "--require-hashes"]
    _call([str(UV), *install, "-r", str(CLIENTS / "requirements.lock")], env=uv_environment())


def java_generator() -> None:
    """openapi-generator by Maven: one jar that holds all of it."""
    GENERATORS.mkdir(exist_ok=True)
    _jars(CLIENTS, GENERATORS / "jars", "-DexcludeTransitive=true")


def typescript_generator() -> None:
    """openapi-typescript, as locked."""
    _call(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=CLIENTS / "typescript")


def web_files() -> Iterable[Path]:
    """The sources of the web page: what its build reads."""
    web = REPO / "web"
    yield from (path for path in sorted(web.glob("*")) if path.suffix in {".json", ".ts", ".html"})
    for folder in ("src", "public"):
        yield from (path for path in sorted((web / folder).rglob("*")) if path.is_file())


def web_packages() -> None:
    """What the page is built with, as locked."""
    _call(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=REPO / "web")


def web_page() -> None:
    """The browser page, built."""
    _call(["npm", "run", "--silent", "build"], cwd=REPO / "web")


def models() -> None:
    """The recognition models, converted by our own code and checked by hash."""
    lines = _call([str(PYTHON), "-m", "inference.models", "--home", str(LOCAL)])
    for line in lines:
        if "WARNING" in line:  # one of two could not be had: the stack runs with the other
            _print(line)


def demo_clip() -> None:
    """The demo clip, rendered in the background (about 20 s); the stack waits for it."""
    quiet = subprocess.DEVNULL  # after a failure the stack makes the clip itself and reports it
    command = [str(PYTHON), str(REPO / "deploy" / "demo" / "make.py"), "--home", str(LOCAL)]
    subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)


def _call(command: list[str], *, cwd: Path = REPO, env: dict[str, str] | None = None) -> list[str]:
    """The lines of its output. Raises BootstrapError when it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except FileNotFoundError:
        raise BootstrapError(f"`{command[0]}` was not found; the README lists what the machine must have") from None
    if done.returncode:
        raise BootstrapError(f"`{' '.join(command[:6])} ...` failed:\n{_both_ends(done.stdout.splitlines())}")
    return done.stdout.splitlines()


def _both_ends(lines: list[str]) -> str:
    """npm prints the reason first, pip and Maven last."""
    return "\n".join(lines if len(lines) < 40 else [*lines[:12], "...", *lines[-20:]])


def _version(python: Path) -> tuple[int, ...]:
    code = "import sys; print(*sys.version_info[:2])"
    shown = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False).stdout
    return tuple(int(word) for word in shown.split())


BEGAN = time.monotonic()


def _print(text: str) -> None:
    sys.stdout.write(f"[{time.monotonic() - BEGAN:6.1f} s] {text}\n")
    sys.stdout.flush()


def perform(step: Step, finished: dict[str, Future[None]]) -> None:
    """Wait for the steps before it, run it, write its stamp; report progress every ten seconds."""
    for name in step.after:
        finished[name].result()
    began = time.monotonic()
    _print(f"{step.name}: {(step.run.__doc__ or 'Our own packages, as links.').splitlines()[0]}")
    ended = threading.Event()
    threading.Thread(target=_report_progress, args=(step.name, ended, began), daemon=True).start()
    try:
        step.run()
    except BootstrapError:
        _print(f"{step.name}: failed; the reason follows when the other steps have ended")
        raise
    finally:
        ended.set()
    step.stamp.parent.mkdir(parents=True, exist_ok=True)
    step.stamp.write_text(step.digest())
    _print(f"{step.name}: done in {time.monotonic() - began:.1f} s")


def _report_progress(name: str, ended: threading.Event, began: float) -> None:
    while not ended.wait(STILL_EVERY_S):
        _print(f"{name}: running for {time.monotonic() - began:.0f} s")


def install(*, force: bool, generators: bool = False) -> None:
    """Perform every step that is not up to date, side by side where they do not wait for each other."""
    wanted = steps() + (generator_steps() if generators else [])
    todo = [step for step in wanted if force or not step.done()]
    if not todo:
        return
    finished: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(max_workers=len(todo)) as pool:
        names = {step.name for step in todo}
        for step in todo:
            waiting = Step(**{**step.__dict__, "after": tuple(name for name in step.after if name in names)})
            finished[step.name] = pool.submit(perform, waiting, finished)
    for future in finished.values():
        future.result()


def newer_python() -> None:
    """Restart with a Python that is new enough. Raises BootstrapError when there is none."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in (13, 12, 11, 14):
        found = shutil.which(f"python3.{minor}")
        if found:
            os.execv(found, [found, *sys.argv])  # noqa: S606
    raise BootstrapError(f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}")


def main() -> int:
    """Install everything; one at a time per working copy."""
    try:
        newer_python()
        LOCAL.mkdir(exist_ok=True)
        with (LOCAL / "bootstrap.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            install(force="--force" in sys.argv, generators="--generators" in sys.argv)
    except (BootstrapError, OSError) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
