"""Private parts of a library (Faust, aiokafka, minio) are touched in one file each; import-linter cannot see that."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBS = Path(__file__).parents[2] / "libs"
PATCHES = {"aiokafka_patches.py", "faust_patches.py", "minio_patches.py"}
MODULES = sorted(
    path
    for room in ("folding", "objects", "progress")
    for path in LIBS.glob(f"{room}/src/**/*.py")
    if path.name not in PATCHES
)


def private_accesses(source: str) -> Iterator[str]:
    """`line: expression` of each attribute with a leading underscore on something else than self or cls."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if not own:
                yield f"{node.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "delattr", "hasattr"):
            name = node.args[1]
            if not isinstance(name, ast.Constant) or str(name.value).startswith("_"):
                yield f"{node.lineno}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_module_touches_no_private_part_of_another_object(path: Path) -> None:
    assert list(private_accesses(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    ["app.consumer._committed_offset[tp]", "self._app._thread", "setattr(consumer, '_getmany', f)", "x._a = 1"],
)
def test_the_check_finds_one(source: str) -> None:
    assert list(private_accesses(source))


@pytest.mark.parametrize("source", ["self._app.consumer", "cls._made", "module.__name__", "getattr(e, 'code', 0)"])
def test_the_check_lets_pass_what_is_ours_or_public(source: str) -> None:
    assert not list(private_accesses(source))
