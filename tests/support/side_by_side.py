"""Which tests share a pytest worker, by `--dist loadgroup`: those of a group, and else those of a file."""

from importlib import import_module
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ON_THE_SHARED_STACK = pytest.mark.xdist_group("faults on the shared stack")
PROCESSES_OF_CAMERAS = pytest.mark.xdist_group("processes of cameras")
"""They read every camera of their broker: two beside each other would capture and report each other's."""


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """In the place of xdist's own `loadgroup`, which does nothing with pytest 9.2.

    That puts groups into the ids of tests, which cannot be changed any more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0])


def group_of(path: str) -> str:
    """Of the tests in a file, by the marks of its module."""
    module = import_module(path.removesuffix(".py").replace("/", "."))
    marks: Any = getattr(module, "pytestmark", [])
    marked = [
        str(each.args[0]) for each in (marks if isinstance(marks, list) else [marks]) if each.name == "xdist_group"
    ]
    return marked[0] if marked else path
