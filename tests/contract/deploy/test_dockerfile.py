"""deploy/Dockerfile read, not built: what a stage takes is there, and every workspace member gets in.

`make images` builds and starts them.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
SERVICES = sorted(path.parent.name for path in REPO.glob("services/*/pyproject.toml"))
DEBIAN = {
    "awk",
    "basename",
    "cut",
    "echo",
    "for",
    "do",
    "done",
    "grep",
    "groupadd",
    "ln",
    "mkdir",
    "chown",
    "printf",
    "rm",
}
DEBIAN |= {"tr", "useradd"}  # of packages that every Debian image has, and of the shell
PROGRAMS = {"python": {"python", "pip"}, "node": {"node", "npm", "npx"}}
"""What the published base images add to Debian's."""
COPIED = {"/usr/local/bin/node": {"node"}, "/usr/local/lib/node_modules": {"npm"}}
"""Programs that come with a folder of another stage."""
INSTALLED = {"uv": "^uv=="}
"""Programs that a stage installs, and the words of the command by which one sees it."""


@dataclass(slots=True)
class Stage:
    """One FROM with its instructions, continuation lines joined."""

    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        """What follows each instruction of a kind."""
        return [rest for found, rest in self.instructions if found == keyword]


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Keyword and rest of each instruction."""
    code = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ")
    for line in filter(str.strip, code.splitlines()):
        keyword, rest = line.split(maxsplit=1)
        yield keyword, " ".join(rest.split())


def read(text: str) -> dict[str, Stage]:
    """The stages by name."""
    stages: dict[str, Stage] = {}
    last: Stage | None = None
    for keyword, rest in instructions(text):
        if keyword == "FROM":
            base, _, name = rest.split()
            last = stages[name] = Stage(name, base)
        elif last is not None:
            last.instructions.append((keyword, rest))
    return stages


DOCKERFILE = (REPO / "deploy" / "Dockerfile").read_text()
STAGES = read(DOCKERFILE)
each_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=list(STAGES))


def lineage(stage: Stage) -> list[Stage]:
    """A stage and what it is made from, down to a published image."""
    base = stage.base.replace("${SERVICE}", "api")
    return [stage, *lineage(STAGES[base])] if base in STAGES else [stage]


def commands(shell: str) -> set[str]:
    """The programs that a shell command calls."""
    plain = re.sub(r"'[^']*'", "''", shell)
    inner: list[str] = re.findall(r"\$\(([^()]*(?:\([^()]*\))?[^()]*)\)", plain)
    parts = re.split(r"&&|\|\||[|;]|\bdo\b", re.sub(r"\$\([^()]*(?:\([^()]*\))?[^()]*\)", "X", plain))
    words = [re.sub(r"^\s*([A-Z_]+=\S*\s+)*", "", part).split() for part in parts]
    return {found[0] for found in words if found}.union(*map(commands, inner))


def available(stage: Stage) -> set[str]:
    """The programs that a stage has: of its published image, copied, installed."""
    family = lineage(stage)
    published = family[-1].base.rsplit("/", 1)[1].split(":")[0]
    copied = [COPIED[word] for each in family for rest in each.all("COPY") for word in rest.split() if word in COPIED]
    runs = " ".join(rest for each in family for rest in each.all("RUN"))
    installed = {name for name, words in INSTALLED.items() if words in runs and "pip install" in runs}
    return DEBIAN.union(PROGRAMS[published], installed, *copied)


@each_stage
def test_every_command_of_a_stage_is_in_it(stage: Stage) -> None:
    asked = set().union(*(commands(rest) for rest in stage.all("RUN")))
    assert asked <= available(stage)


def test_the_check_of_commands_would_find_what_once_was_missing() -> None:
    """`with-models` ran the models' setup, which calls npm, where no npm was."""
    base = Stage("x", "${MIRROR}/python:3.11-slim-bookworm")
    assert "npm" not in available(base)
    assert commands("npm ci && X=1 uv pip install $(for a in b; do gcc $a; done) | tr - _") >= {
        "npm",
        "uv",
        "gcc",
        "tr",
    }
    assert available(STAGES["models"]) >= {"npm", "node", "uv"}
    assert not available(STAGES["service"]) & {"npm", "node", "uv"}


@each_stage
def test_a_stage_is_made_from_an_earlier_one_or_from_a_published_image_with_a_tag(stage: Stage) -> None:
    earlier = list(STAGES)[: list(STAGES).index(stage.name)]
    if "${SERVICE}" in stage.base:
        assert {stage.base.replace("${SERVICE}", service) for service in SERVICES} <= set(earlier)
    elif stage.base not in earlier:
        assert re.fullmatch(r"\$\{MIRROR\}/(python|node):[0-9.]+-[a-z-]+", stage.base)


def test_there_is_one_address_for_both_base_images() -> None:
    before = DOCKERFILE[: DOCKERFILE.index("\nFROM ")]
    assert "ARG MIRROR=docker.io/library" in before.splitlines()
    assert not re.search(r"--from=\S*[:/]", DOCKERFILE), "an image that MIRROR does not reach"


def copies(stage: Stage) -> list[tuple[str | None, list[str]]]:
    """What a stage copies: from which stage (None: the build context), and the sources."""
    found = []
    for rest in stage.all("COPY"):
        words = rest.split()
        origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        found.append((origin, words[:-1]))
    return found


@each_stage
def test_every_source_of_a_copy_is_there(stage: Stage) -> None:
    for origin, sources in copies(stage):
        if origin is not None:
            assert origin in list(STAGES)[: list(STAGES).index(stage.name)]
            continue
        for source in sources:
            for service in SERVICES if "${SERVICE}" in source else [""]:
                path = source.replace("${SERVICE}", service)
                assert (REPO / path).exists(), path
                assert not ignored(path), f"{path} is left out by .dockerignore"


def ignored(path: str) -> bool:
    """What .dockerignore does with a path of the build context: the last line that fits decides."""
    out = False
    for line in (REPO / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        parents = [path, *map(str, Path(path).parents)]
        fits = any(
            fnmatch(each, pattern) or (line.startswith("**/") and fnmatch(Path(each).name, pattern)) for each in parents
        )
        out = not line.startswith("!") if line and not line.startswith("#") and fits else out
    return out


@pytest.mark.parametrize(
    "path", [".env", ".git/config", ".local/secrets.json", "web/node_modules/x", "libs/x/__pycache__/y.pyc"]
)
def test_secrets_and_rubbish_stay_out_of_the_build(path: str) -> None:
    assert ignored(path)


def test_every_member_of_the_workspace_gets_into_the_images() -> None:
    """All but the command line, which is for people's machines."""
    sources = [word for _, words in copies(STAGES["packages-service"]) for word in words]
    patterns = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]["members"]
    members = [path.parent for pattern in patterns for path in REPO.glob(f"{pattern}/pyproject.toml")]
    taken = {REPO / word.replace("${SERVICE}", service) for word in sources for service in SERVICES}
    assert {member.name for member in members if not taken & {member, *member.parents}} == {"cli"}
    assert {path for origin, words in copies(STAGES["service"]) if origin == "packages-service" for path in words} == {
        "/app/.venv",
        "/app/schemas",
        "/app/libs",
        "/app/services",
    }


def test_the_stage_of_the_models_has_what_inference_needs() -> None:
    """It copies this one library, so the library must not need another one of ours."""
    project = tomllib.loads((REPO / "libs/inference/pyproject.toml").read_text())["project"]
    assert [name for name in project["dependencies"] if name.startswith("tablewatch-")] == []
    assert [words for origin, words in copies(STAGES["models"]) if origin is None] == [["libs/inference"]]


@pytest.mark.parametrize("name", ["final", "topics"])
def test_what_runs_is_not_root(name: str) -> None:
    family = lineage(STAGES[name])
    assert next(each.all("USER") for each in family if each.all("USER")) == ["tablewatch"]
    assert [rest for rest in STAGES[name].all("ENTRYPOINT") if rest.startswith("[")], (
        "exec form, so that signals arrive"
    )


def test_the_image_says_how_it_is_checked_and_what_it_keeps() -> None:
    final = STAGES["final"]
    (health,) = final.all("HEALTHCHECK")
    assert "/livez" in health
    assert "OPS_PORT" in health, "the port is a setting"
    assert final.all("VOLUME") == ["/data"]
    assert final.all("LABEL")


@pytest.mark.parametrize("name", ["service", "topics", "with-models", "with-page"])
def test_what_installs_does_not_run(name: str) -> None:
    """uv, hatchling, npm and onnx stay in the stages that need them."""
    assert {each.name for each in lineage(STAGES[name])}.isdisjoint({"installer", "models", "node", "page"})
    assert "runtime" in {each.name for each in lineage(STAGES[name])}


def test_there_is_an_image_for_each_service() -> None:
    assert sorted(name.removeprefix("image-") for name in STAGES if name.startswith("image-")) == SERVICES
