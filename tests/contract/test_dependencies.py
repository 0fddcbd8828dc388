"""Every service checks what its wiring uses: the store, the database, the broker, the directory of uploads."""

import ast
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
MAINS = sorted((REPO / "services").glob("*/src/*/__main__.py"))
USES = {
    "store": {"open_objects", "open_multipart", "LocalObjects", "S3Objects"},
    "database": {"connect", "migrate", "open_database", "database_url"},
    "uploads": {"uploads_root"},
}
ALWAYS = {"KafkaBroker", "KafkaProducer", "AIOKafkaConsumer"}


def names(tree: ast.AST) -> set[str]:
    """Every name and attribute in it."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return found | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_all_services_are_looked_at() -> None:
    assert len(MAINS) == 6


@pytest.mark.parametrize("main", MAINS, ids=lambda path: path.parent.name)
def test_what_the_wiring_uses_is_checked(main: Path) -> None:
    tree = ast.parse(main.read_text())
    (build,) = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef) and node.name == "build"]
    calls = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "watch_dependencies"
    ]  # fmt: skip
    assert len(calls) == 1, "once, for all roles"
    checked = {keyword.arg for keyword in calls[0].keywords}
    used = names(tree)
    assert used & ALWAYS, "every service uses the broker, which is always checked"
    assert checked == {dependency for dependency, marks in USES.items() if used & marks}
    assert calls[0] in set(ast.walk(build))
    first_wait = min((node.lineno for node in ast.walk(build) if isinstance(node, ast.Await)), default=0)
    waits_for_directory = "mkdir" in ast.unparse(build) and first_wait < calls[0].lineno
    assert calls[0].lineno < first_wait or waits_for_directory, "before anything that waits for a dependency"
