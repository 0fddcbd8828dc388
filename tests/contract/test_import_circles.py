"""No import circle of files or of folders, imports for type checking included.

import-linter holds the layers between the rooms (pyproject.toml); this test holds what it does not see inside of them.
"""

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
LIBRARIES = (
    *("tablewatch_schemas", "chassis", "dependencies", "objects", "folding", "events", "inference"),
    *("lines", "progress", "ratelimit", "credentials", "outbound", "sandbox", "tracks", "webserver"),
)
SERVICES = ("ingest", "extractor", "cropper", "classifier_gateway", "hazard", "api")
PACKAGES = (*LIBRARIES, *SERVICES, "tablewatch_cli", "bench", "stack", "restaurant", "fakecamera")

Edges = Mapping[str, Iterable[str]]


@cache
def import_graph() -> grimp.ImportGraph:
    for folder in (ROOT, ROOT / "deploy/local", ROOT / "deploy/demo"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def circles(edges: Edges) -> set[frozenset[str]]:
    """The strongly connected parts of more than one node."""
    reach = {node: reachable(node, edges) for node in edges}
    parts = {frozenset({node, *(other for other in reach[node] if node in reach[other])}) for node in edges}
    return {part for part in parts if len(part) > 1}


def reachable(start: str, edges: Edges) -> set[str]:
    """Every node that a path leads to from `start`."""
    found: set[str] = set()
    pending = [start]
    while pending:
        new = set(edges[pending.pop()]) - found
        found |= new
        pending += new
    return found


def file_edges() -> Edges:
    graph = import_graph()
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def folder_edges(package: str) -> Edges:
    """Imports between the files and folders that stand directly in a package."""
    graph = import_graph()
    owner = {
        module: child for child in graph.find_children(package) for module in (child, *graph.find_descendants(child))
    }
    edges: dict[str, set[str]] = {child: set() for child in owner.values()}
    for module, child in owner.items():
        imported = {owner.get(other) for other in graph.find_modules_directly_imported_by(module)}
        edges[child] |= {other for other in imported if other not in (None, child)}  # type: ignore[misc]
    return edges


def test_no_file_imports_itself_by_way_of_others() -> None:
    assert circles(file_edges()) == set()


def test_no_folder_imports_itself_by_way_of_others() -> None:
    graph = import_graph()
    found = {circle for package in graph.modules for circle in circles(folder_edges(package))}
    assert found == set()


def test_the_packages_are_those_of_the_repository() -> None:
    """A new library or service must be in the list."""
    folders = {path.parent.name for room in ("libs", "services") for path in ROOT.glob(f"{room}/*/src/*/__init__.py")}
    assert folders == {*LIBRARIES, *SERVICES} - {"tablewatch_schemas"}


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({"a": ["b"], "b": ["c"], "c": []}, set()),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}, {frozenset("abc")}),
    ],
)
def test_a_circle_is_found(edges: Edges, expected: set[frozenset[str]]) -> None:
    assert circles(edges) == expected
