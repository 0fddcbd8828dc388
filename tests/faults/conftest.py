"""One stack for all faults, and what an undisturbed run of the demo gives on it."""

from tests.e2e.conftest import client, demo_files, layout, place, stack

__all__ = ["client", "demo_files", "layout", "place", "stack"]
